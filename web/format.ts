/** Numbers as a person reads them, in the language of the texts. Formatters are made once: constructing one costs a hundred times a use of it. */
import { direction, language, words } from './words/words.ts';

/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0';
/** From a kilobyte up; there is no name for more. */
const SIZES = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;

/** How many digits: whole numbers, fixed places, or figures, where `about` leaves idle zeros away. */
const DIGITS = {
  whole: { maximumFractionDigits: 0 },
  one: { minimumFractionDigits: 1, maximumFractionDigits: 1 },
  two: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  three: { minimumSignificantDigits: 3, maximumSignificantDigits: 3 },
  aboutOne: { maximumFractionDigits: 1 },
  aboutThree: { maximumSignificantDigits: 3 },
} as const satisfies Record<string, Intl.NumberFormatOptions>;
type Digits = keyof typeof DIGITS;

/** As where the browser is from, in the language and the figures of the texts: `en-GB` where those are English. */
export const regional = ((): Intl.Locale => {
  const ours = new Intl.Locale(language);
  const { language: spoken, script } = ours.maximize();
  const { numberingSystem } = new Intl.NumberFormat(language).resolvedOptions();
  const theirs = typeof navigator === 'undefined' ? [] : navigator.languages.flatMap(localesOf);
  const found = theirs.find(locale => locale.maximize().language === spoken);
  return new Intl.Locale(found !== undefined && found.maximize().script === script ? found : ours, { numberingSystem });
})();

/** None for what is no tag of a language: browsers have been seen to give `en-US@posix`. */
function localesOf(tag: string): Intl.Locale[] {
  try {
    return [new Intl.Locale(tag)];
  } catch {
    return [];
  }
}

/** The short names of units are whole words in Arabic, for some of them; elsewhere the narrow ones stick to their numbers. */
const unitDisplay = regional.language === 'ar' ? 'narrow' : 'short';
const formatters = new Map<string, Intl.NumberFormat>();

/** `unit`: one that ECMA-402 names; empty for none. */
function inUnit(value: number, digits: Digits, unit: string): string {
  const key = `${unit} ${digits}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat(regional, {
      ...DIGITS[digits],
      ...(unit === '' ? {} : { style: 'unit', unit, unitDisplay }),
    });
    formatters.set(key, formatter);
  }
  const text = formatter.format(value).replaceAll(' ', NBSP);
  return unit === '' ? text : isolated(text);
}

/** A unit that ECMA-402 names, as it stands behind a number: `kB/s`. */
export function nameOfUnit(unit: string): string {
  const parts = new Intl.NumberFormat(regional, { style: 'unit', unit, unitDisplay }).formatToParts(1);
  return parts.find(({ type }) => type === 'unit')?.value ?? unit;
}

const clock = new Intl.DateTimeFormat(regional, { timeStyle: 'short' });
const day = new Intl.DateTimeFormat(regional, { dateStyle: 'medium' });

/** What cannot be a size, a rate or a count is told as none. */
export function told(value: number): number {
  return value > 0 ? value : 0;
}

/** A count: `5,551`. */
export function formatCount(value: number): string {
  return inUnit(told(value), 'whole', '');
}

/** Whole copies and a part of one: `1.42 copies`. */
export function formatCopies(value: number): string {
  // Rounded down: a copy that lacks a piece is not whole.
  return words.units.copies({ value: inUnit(Math.floor(value * 100) / 100, 'two', '') });
}

/** Bytes in powers of 1000, with three figures from a megabyte up: `412 B`, `1.7 kB`, `5.82 GB`. */
export function formatBytes(bytes: number): string {
  return scaled(told(bytes), 'one', 'three', '');
}

/** Bytes for a sentence, without idle zeros: `68 GB`, `1.2 GB`. */
export function formatAbout(bytes: number): string {
  return scaled(told(bytes), 'aboutOne', 'aboutThree', '');
}

function scaled(bytes: number, few: Digits, many: Digits, per: '' | '-per-second'): string {
  if (bytes < 999.5) {
    const value = inUnit(bytes, 'whole', '');
    return isolated(per === '' ? words.units.bytes({ value }) : words.units.bytesPerSecond({ value }));
  }
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < SIZES.length - 1) {
    value /= 1000;
    unit++;
  }
  return inUnit(value, unit === 0 && value < 99.95 ? few : many, `${SIZES[unit]}${per}`);
}

/** Bytes for a sentence that are enough: rounded up. */
export function formatEnough(bytes: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, bytes))) - 2);
  return formatAbout(Math.ceil(bytes / step) * step);
}

const soon = new Intl.DateTimeFormat(regional, { hour: 'numeric', minute: '2-digit' });
const thisWeek = new Intl.DateTimeFormat(regional, { weekday: 'long', hour: 'numeric', minute: '2-digit' });

/** A moment of the next week, ms since 1970: `23:00`, with its day where that is more than a day away. */
export function formatUntil(at: number, now: number): string {
  return isolated((at - now < 86_400_000 ? soon : thisWeek).format(at).replaceAll(' ', NBSP));
}

/** Bytes a second, in MB/s from a tenth of one up, so that a column compares at a glance: `92.1 MB/s`, `40 kB/s`. */
export function formatRate(bytes: number): string {
  const rate = told(bytes);
  if (rate < 1000) return isolated(words.units.bytesPerSecond({ value: inUnit(rate, 'whole', '') }));
  if (rate < 99_500) return inUnit(rate / 1000, 'whole', 'kilobyte-per-second');
  if (rate < 999_950_000) return inUnit(rate / 1e6, 'one', 'megabyte-per-second');
  return inUnit(rate / 1e9, 'two', 'gigabyte-per-second');
}

/** A limit on a rate, without idle zeros: `500 kB/s`, `1.5 MB/s`. */
export function formatAboutRate(rate: number): string {
  return scaled(told(rate), 'aboutOne', 'aboutThree', '-per-second');
}

/** Seconds, in the two largest units that say something: `18 s`, `12 min`, `1 h 34 min`, `3 d 4 h`. Empty if unknown. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  return isolated(durationOf(Math.round(seconds)));
}

function durationOf(total: number): string {
  const { units } = words;
  if (total < 60) return units.seconds({ value: formatCount(total) });
  const minutes = Math.round(total / 60);
  if (minutes < 60) return units.minutes({ value: formatCount(minutes) });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return minutes % 60 === 0
      ? units.hours({ value: formatCount(hours) })
      : units.hoursAndMinutes({ hours: formatCount(hours), minutes: formatCount(minutes % 60) });
  }
  const days = Math.floor(hours / 24);
  if (days >= 1000) return units.overDays({ value: '1000' });
  return hours % 24 === 0
    ? units.days({ value: formatCount(days) })
    : units.daysAndHours({ days: formatCount(days), hours: formatCount(hours % 24) });
}

/** Seconds that are measured, to a tenth: `12.3 s`. */
export function formatSeconds(seconds: number): string {
  return isolated(words.units.seconds({ value: inUnit(told(seconds), 'one', '') }));
}

/** How long it is since, in seconds: `3 min ago`. */
export function formatAgo(seconds: number): string {
  return seconds < 5 ? words.units.justNow() : words.units.ago({ duration: formatDuration(seconds) });
}

/** `part` of `whole` from 0 to 1; 0 where there is nothing to have. */
export function fraction(part: number, total: number): number {
  return total > 0 && part > 0 ? Math.min(1, part / total) : 0;
}

/** A fraction from 0 to 1, rounded down, so that 100 % means everything: `70 %`. */
export function formatPercent(value: number): string {
  return isolated(words.units.percent({ value: formatCount(Math.floor(value * 100 + 1e-9)) }));
}

/** How many times as much something is: `2.4`. */
export function formatTimes(value: number): string {
  return inUnit(value, value < 10 ? 'one' : 'whole', '');
}

export function formatRatio(uploaded: number, received: number): string {
  return inUnit(received > 0 ? told(uploaded) / received : 0, 'two', '');
}

/** A moment (ms since 1970) as seen from `now`: `today 2:02 PM`, `Nov 2, 2026, 2:02 PM`. */
export function formatMoment(at: number, now: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  const today = new Date(now);
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  const time = clock.format(date).replaceAll(' ', NBSP);
  if (date.toDateString() === today.toDateString()) return words.units.today({ time });
  if (date.toDateString() === yesterday.toDateString()) return words.units.yesterday({ time });
  return words.units.onDay({ day: day.format(date), time });
}

/** A piece length, which is a power of two: `16 KiB`, `1 MiB`. */
export function formatPieceLength(bytes: number): string {
  const isLarge = bytes >= 1 << 20;
  const value = inUnit(bytes / (isLarge ? 1 << 20 : 1024), 'whole', '');
  return isolated(isLarge ? words.units.mebibytes({ value }) : words.units.kibibytes({ value }));
}

/** Several things in a row, as the language has it: `a, b, c`. */
export function formatList(parts: readonly string[]): string {
  return lists.format(parts);
}

/** Several names in a sentence: `a, b and c`. */
export function formatNames(names: readonly string[]): string {
  return conjunctions.format(names);
}

// Those of type `unit` run into one another in Chinese and Japanese.
const lists = new Intl.ListFormat(language, { type: 'conjunction', style: 'narrow' });
const conjunctions = new Intl.ListFormat(language, { type: 'conjunction' });

/** Sentences that follow each other; empty ones are left out. */
export function joinSentences(...sentences: readonly string[]): string {
  const said = sentences.filter(sentence => sentence !== '');
  return said.length === 0 ? '' : said.reduce((first, next) => words.units.sentences({ first, next }));
}

/** What nobody sees and what turns the writing of others around. What joins the parts of one sign stays. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A name that a stranger gave, as it is shown: its end is where it seems to be, and there is something to see. */
export function shownName(name: string): string {
  const seen = shownText(name);
  return seen.trim() === '' ? words.units.noName() : seen;
}

/** The same of any text of theirs, such as what a tracker answers. */
export function shownText(text: string): string {
  return text.replace(UNSEEN, sign => (/\s/.test(sign) ? ' ' : ''));
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** What stands within a sentence and turns nothing around it: a name, a number with its unit. Nothing is added where all runs one way. */
export function isolated(text: string): string {
  return direction === 'rtl' || RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
