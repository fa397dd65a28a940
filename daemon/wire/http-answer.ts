/** What the headers of an answer say of its body. */

/** Why a body is not what was asked for; null where it is. `total` is the length of the whole file. */
export type Judge = (answer: Answer) => string | null;

/** As node:http tells it: names in lower case. */
export interface Answer {
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A wait longer than this is as good as for ever, seconds. */
const LONGEST_WAIT = 7 * 86_400;

/** The bytes `[from, from + length)` of a file of `total` bytes, and nothing else: 206 with that range, or 200 where it is all of it. */
export function isRange(from: number, length: number, total: number): Judge {
  return answer => {
    const wrong = bodyProblem(answer, length);
    if (answer.statusCode === 200) {
      if (length !== total) return 'it sends whole files, not parts of them';
      return wrong ?? (header(answer, 'content-length') === '' ? 'it does not say how long the file is' : null);
    }
    const range = parseContentRange(header(answer, 'content-range'));
    if (range === null) return 'it does not say which part it sends';
    if (range.total !== null && range.total !== total) return 'its file has another length';
    if (range.first !== from || range.last !== from + length - 1) return 'it sends another part than was asked for';
    return wrong;
  };
}

/** A body of that length, whole. */
export function isWhole(length: number): Judge {
  return answer => (answer.statusCode === 200 ? bodyProblem(answer, length) : 'it does not send what was asked for');
}

function bodyProblem(answer: Answer, length: number): string | null {
  const encoding = header(answer, 'content-encoding').toLowerCase();
  if (encoding !== '' && encoding !== 'identity') return 'an encoding that was not asked for';
  const announced = header(answer, 'content-length');
  return announced === '' || announced === String(length) ? null : 'what it sends has another length';
}

/** `bytes 0-499/1234` (RFC 9110, 14.4); a total of `*` is null. Null where it is anything else. */
export function parseContentRange(value: string): { first: number; last: number; total: number | null } | null {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(?:(\d{1,16})|\*)$/i.exec(value.trim());
  if (match === null) return null;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === undefined ? null : Number(match[3]);
  return first <= last && (total === null || last < total) ? { first, last, total } : null;
}

/**
 * Seconds until it may be asked again, null where it does not say: a number or a date (RFC 9110, 10.2.3), or with a 503
 * a body that is a number (BEP 17). `wall` is in ms since 1970.
 */
export function retryAfter(answer: Answer, body: string, wall: number): number | null {
  const value = header(answer, 'retry-after').trim();
  const text = value === '' && answer.statusCode === 503 ? body.trim() : value;
  if (/^\d+$/.test(text)) return Math.min(LONGEST_WAIT, Number(text));
  const date = value === '' ? NaN : Date.parse(value);
  return Number.isNaN(date) ? null : Math.min(LONGEST_WAIT, Math.max(0, Math.ceil((date - wall) / 1000)));
}

function header({ headers }: Answer, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
