/** Numbers as a person reads them. Formatters are made once: constructing one costs a hundred times a use of it. */

const LOCALE = 'en';
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0';
const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const threeFigures = new Intl.NumberFormat(LOCALE, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });

/** What cannot be a size, a rate or a count is told as none. */
function told(value: number): number {
  return value > 0 ? value : 0;
}

/** A count: `5,551`. */
export function formatCount(value: number): string {
  return whole.format(told(value));
}

const copies = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Whole copies and a part of one: `1.42 copies`. */
export function formatCopies(value: number): string {
  // Rounded down: a copy that lacks a piece is not whole.
  return `${copies.format(Math.floor(value * 100) / 100)} copies`;
}

/** Bytes in powers of 1000, with three figures from a megabyte up: `412 B`, `1.7 kB`, `5.82 GB`. */
export function formatBytes(bytes: number): string {
  let value = told(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const number =
    unit === 0 ? whole.format(value) : unit === 1 && value < 99.95 ? oneDigit.format(value) : threeFigures.format(value);
  return `${number}${NBSP}${SIZE_UNITS[unit]}`;
}

/** Bytes for a sentence, without idle zeros: `68 GB`, `1.2 GB`. */
export function formatAbout(bytes: number): string {
  return formatBytes(bytes)
    .replace(/(\.\d*?)0+(?=\D)/, '$1')
    .replace(/\.(?=\D)/, '');
}

/** Bytes for a sentence that are enough: rounded up. */
export function formatEnough(bytes: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, bytes))) - 2);
  return formatAbout(Math.ceil(bytes / step) * step);
}

/** Bytes a second, in MB/s from a tenth of one up, so that a column compares at a glance: `92.1 MB/s`, `40 kB/s`. */
export function formatRate(bytes: number): string {
  const rate = told(bytes);
  if (rate < 1000) return `${whole.format(rate)}${NBSP}B/s`;
  if (rate < 99_500) return `${whole.format(rate / 1000)}${NBSP}kB/s`;
  if (rate < 999_950_000) return `${oneDigit.format(rate / 1e6)}${NBSP}MB/s`;
  return `${twoDigits.format(rate / 1e9)}${NBSP}GB/s`;
}

/** A limit on a rate, without idle zeros: `500 kB/s`, `1.5 MB/s`. */
export function formatAboutRate(rate: number): string {
  return `${formatAbout(rate)}/s`;
}

/** Seconds, in the two largest units that say something: `18 s`, `12 min`, `1 h 34 min`, `3 d 4 h`. Empty if unknown. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  const total = Math.round(seconds);
  if (total < 60) return `${total}${NBSP}s`;
  const minutes = Math.round(total / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return withRest(hours, 'h', minutes % 60, 'min');
  const days = Math.floor(hours / 24);
  if (days < 1000) return withRest(days, 'd', hours % 24, 'h');
  return `over${NBSP}1000${NBSP}d`;
}

function withRest(value: number, unit: string, rest: number, restUnit: string): string {
  const head = `${value}${NBSP}${unit}`;
  return rest === 0 ? head : `${head}${NBSP}${rest}${NBSP}${restUnit}`;
}

/** `part` of `whole` from 0 to 1; 0 where there is nothing to have. */
export function fraction(part: number, total: number): number {
  return total > 0 && part > 0 ? Math.min(1, part / total) : 0;
}

/** A fraction from 0 to 1, rounded down, so that 100 % means everything: `70 %`. */
export function formatPercent(value: number): string {
  return `${Math.floor(value * 100 + 1e-9)}${NBSP}%`;
}

export function formatRatio(uploaded: number, received: number): string {
  return twoDigits.format(received > 0 ? told(uploaded) / received : 0);
}

/** A moment (ms since 1970) as seen from `now`: `today 14:02`, `yesterday 09:10`, `2 Nov 2026, 14:02`. */
export function formatMoment(time: number, now: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '';
  const today = new Date(now);
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  const hour = clock.format(date);
  if (date.toDateString() === today.toDateString()) return `today ${hour}`;
  if (date.toDateString() === yesterday.toDateString()) return `yesterday ${hour}`;
  return `${day.format(date).replace(/^(\w+) (\d+), /, '$2 $1 ')}, ${hour}`;
}

/** A piece length, which is a power of two: `16 KiB`, `1 MiB`. */
export function formatPieceLength(bytes: number): string {
  return bytes >= 1 << 20 ? `${whole.format(bytes / (1 << 20))}${NBSP}MiB` : `${whole.format(bytes / 1024)}${NBSP}KiB`;
}

/** `one` for 1, else `many`, after the number: `1 peer`, `38 peers`. */
export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** What nobody sees and what turns the writing of others around. What joins the parts of one sign stays. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A name that a stranger gave, as it is shown: its end is where it seems to be, and there is something to see. */
export function shownName(name: string): string {
  const seen = shownText(name);
  return seen.trim() === '' ? 'Without a name' : seen;
}

/** The same of any text of theirs, such as what a tracker answers. */
export function shownText(text: string): string {
  return text.replace(UNSEEN, sign => (/\s/.test(sign) ? ' ' : ''));
}
