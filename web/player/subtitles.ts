/** Subtitles of a film, as the browser's own player takes them: WebVTT. SubRip files are put into that. */
import { shownName } from '../format.ts';
import { stemOf } from '../films.ts';
import type { Part } from '../playing.ts';
import { language } from '../words/words.ts';

/** Bytes of a file of subtitles: those of a long film with two lines a second are a tenth of it. */
export const MAX_SUBTITLES = 4 << 20;

const TIMING = /^\s*((?:\d{1,3}:)?\d{1,2}:\d{2})[,.](\d{1,3})\s*-->\s*((?:\d{1,3}:)?\d{1,2}:\d{2})[,.](\d{1,3})/;

/** The text of a file: UTF-8 or UTF-16 where it says so, or is the first, else as Windows writes the languages of the West. */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** WebVTT stays as it is; null where the text is of neither kind, or has no line with a time. */
export function toWebVtt(text: string): string | null {
  const clean = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const lines = clean.split('\n');
  if (!lines.some(line => line.includes('-->'))) return null;
  if (/^WEBVTT(?:[ \t\n]|$)/.test(clean)) return clean;
  let cues = 0;
  const out = lines.map((line, at) => {
    const [, from, fromMs = '', to, toMs = ''] = TIMING.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      cues++;
      return `${padded(from)}.${fromMs.padEnd(3, '0')} --> ${padded(to)}.${toMs.padEnd(3, '0')}`;
    }
    // The numbers before the times are of no use, and an arrow in a text would end its cue.
    if (/^\s*\d+\s*$/.test(line) && TIMING.test(lines[at + 1] ?? '')) return '';
    return line.replaceAll('-->', '→').replace(/\{\\[^}]*\}/g, '');
  });
  return cues === 0 ? null : `WEBVTT\n\n${out.join('\n')}\n`;
}

/** Hours, minutes and seconds in two digits at least, as WebVTT wants them. */
function padded(time: string): string {
  return time
    .split(':')
    .map(part => part.padStart(2, '0'))
    .join(':');
}

/** A file of subtitles as WebVTT; null for what is none, and for what is too long to be some, which is not read. */
export async function subtitlesOf(blob: Blob): Promise<string | null> {
  return blob.size > MAX_SUBTITLES ? null : toWebVtt(decodeText(new Uint8Array(await blob.arrayBuffer())));
}

/** What a file of subtitles is called beside the film: its language where its name says so, else its name without what both share. */
export function titleOf({ name }: Part, film: string): string {
  const own = name.replace(/[.][^.]*$/, '');
  const rest = own.toLowerCase().startsWith(stemOf(film)) ? own.slice(stemOf(film).length).replace(/^[\s._-]+/, '') : own;
  const language = languageOf(own);
  if (language !== null) return language;
  return shownName(rest === '' ? name : rest);
}

const languages = new Intl.DisplayNames(language, { type: 'language', fallback: 'none' });

function languageOf(name: string): string | null {
  const [, tag] = /[._-]([a-z]{2,3}(?:-[a-z]{2,4})?)$/i.exec(name) ?? [];
  if (tag === undefined) return null;
  try {
    return languages.of(tag.toLowerCase()) ?? null;
  } catch {
    return null;
  }
}
