/**
 * What may stand in a log. Nobody is to log a secret or a name in the first place; this is what holds where one comes along
 * all the same, in the text of an error or from another process. A log is sent to strangers by whoever asks for help.
 */

/** A token, a ticket, a secret, a digest of one, an info-hash, a tracker's passkey: all are as long and look alike. */
const SECRET = /[A-Za-z0-9_-]{32,}={0,2}/g;
/** Addresses hold passkeys, magnet links info-hashes, and both say what somebody downloads. */
const URL = /\b(?:magnet:|(?:https?|wss?|udp|file):\/\/)[^\s"'()<>]+/gi;
/** As the system's errors have them; up to the last quote, as names hold quotes too. */
const QUOTED_PATH = /(['"])(?:[A-Za-z]:)?[\\/].*\1/gs;
/** In a text that was cut, the last quote may be that before a name. */
const CUT_PATH = /(['"])(?:[A-Za-z]:)?[\\/].*/s;
/** Of peers, trackers and routers; and the one that the world knows this computer by. */
const ADDRESS =
  /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:(?:[0-9a-f]{0,4}:){3,7}|(?:[0-9a-f]{1,4}:){1,2}:|::)[0-9a-f]{0,4}(?:\.\d{1,3}){0,3}(?![\w:])/gi;
/** As look-ups and certificates that fail name them. */
const HOST = /\b((?:getaddrinfo|query\w*) [A-Z_]+ |Host: |DNS:)[^\s,]+/g;
const PATH = /(?<![\w.:\]])(?:[A-Za-z]:)?(?:[\\/][^\s\\/'"():]+){2,}[\\/]?/g;
/** A place in one of our own programs, as stack traces have it. */
const PROGRAM = /(?:file:\/\/)?(?:[A-Za-z]:)?[\\/][^\s'"()]*[\\/]([\w-]+\.m?[jt]s:\d+(?::\d+)?)/g;
/** Would move a terminal's cursor, begin a line, or turn text around. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Fields that hold nothing else but what is hidden. */
const HIDDEN = new Set(['token', 'ticket', 'tickethash', 'secret', 'authorization', 'infohash', 'roots']);
/** Shown where the person asked for everything. */
const NAMES = new Set(['path', 'dest', 'name', 'components', 'address', 'host', 'hostname', 'file']);

export const MAX_TEXT = 512;
const MAX_STACK = 2048;
const MAX_FIELDS = 24;
const MAX_DEPTH = 3;

/** `isVerbose`: names and paths are shown; secrets never are. Control characters are spelled out, and what is long is cut. */
export function scrubText(text: string, isVerbose: boolean, limit: number = MAX_TEXT): string {
  // Cut first, so that the work is bounded too, and not within a secret.
  const isCut = text.length > 2 * limit;
  let clean = isCut ? text.slice(0, 2 * limit).replace(/[\w-]+$/, '') : text;
  clean = clean.replace(PROGRAM, '$1').replace(URL, '[url]');
  if (!isVerbose) {
    clean = clean.replace(isCut ? CUT_PATH : QUOTED_PATH, '$1[path]$1').replace(PATH, '[path]');
    clean = clean.replace(HOST, '$1[name]').replace(ADDRESS, '[address]');
  }
  clean = clean.replace(SECRET, '[secret]').replace(CONTROL, spelled);
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

/** The same for all that a value holds, to a depth. */
export function scrub(value: unknown, isVerbose: boolean, key = '', depth = 0): unknown {
  const name = key.toLowerCase();
  if (HIDDEN.has(name)) return '[secret]';
  if (!isVerbose && NAMES.has(name) && depth > 0) return '[name]';
  if (typeof value === 'string') return scrubText(value, isVerbose, key === 'stack' ? MAX_STACK : MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[more]';
  if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map(item => scrub(item, isVerbose, '', depth + 1));
  const fields = Object.entries(value).slice(0, MAX_FIELDS);
  return Object.fromEntries(
    fields.map(([field, held]) => [scrubText(field, isVerbose, 64), scrub(held, isVerbose, field, depth + 1)]),
  );
}

function spelled(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
