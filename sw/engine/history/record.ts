/** What a history leaves to the next engine: bencoded, the slots of its rings as float32. Of what cannot be read nothing is taken. */
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode } from '../codec/bencode.ts';
import type { BValue } from '../codec/bencode.ts';
import type { HourKind, RateLimits } from '../limits.ts';
import { MAX_MARKS, MAX_TEXT } from './marks.ts';
import type { Mark } from './marks.ts';
import { DAYS_KEPT } from './sums.ts';
import type { Sum, Totals } from './sums.ts';

export interface HistoryRecord {
  /** In the order of the spans, the shortest first. */
  readonly rings: readonly { readonly last: number; readonly bytes: Uint8Array }[];
  readonly totals: Totals;
  readonly marks: readonly Mark[];
  readonly limits: RateLimits & { readonly mode: HourKind };
}

export const HISTORY_KEY = 'history';

const VERSION = 1;
const LIMITS = { maxDepth: 5, maxTokens: 5_000 };
const MAX_RINGS = 3;
const KINDS: readonly Mark['kind'][] = ['limits', 'helper', 'asleep', 'clock', 'tracker', 'full'];
const MODES: readonly HourKind[] = ['usual', 'slow', 'paused'];
const text = new TextEncoder();

export function encodeHistory({ rings, totals, marks, limits }: HistoryRecord): Uint8Array {
  return encode({
    version: VERSION,
    rings: rings.map(({ last, bytes }) => [last, bytes]),
    session: encodeSum(totals.session),
    ever: encodeSum(totals.ever),
    days: totals.days.map(({ day, down, up }) => [day, down, up]),
    marks: marks.map(encodeMark),
    limits: [limits.down, limits.up, MODES.indexOf(limits.mode)],
  });
}

/** Null where the bytes are no such record, as a whole. */
export function decodeHistory(bytes: Uint8Array): HistoryRecord | null {
  try {
    const dict = asDict(decode(bytes, LIMITS).value);
    if (asInt(dictGet(dict, 'version')) !== VERSION) return null;
    const [down, up, mode] = numbers(dictGet(dict, 'limits'), 3);
    return {
      rings: items(dictGet(dict, 'rings'), MAX_RINGS).map(item => {
        const [last, slots] = items(item, 2);
        const found = asBytes(slots);
        const newest = asInt(last);
        if (found === null || newest === null || newest < -1) throw new Misfit();
        return { last: newest, bytes: found };
      }),
      totals: {
        session: decodeSum(dictGet(dict, 'session')),
        ever: decodeSum(dictGet(dict, 'ever')),
        days: items(dictGet(dict, 'days'), DAYS_KEPT + 1).map(item => {
          const [day, came, went] = numbers(item, 3);
          return { day, down: came, up: went };
        }),
      },
      marks: items(dictGet(dict, 'marks'), MAX_MARKS).map(decodeMark),
      limits: { down, up, mode: modeOf(mode) },
    };
  } catch {
    return null;
  }
}

function modeOf(index: number): HourKind {
  const mode = MODES[index];
  if (mode === undefined) throw new Misfit();
  return mode;
}

function encodeSum({ since, down, up }: Sum): BValue {
  return [since, down, up];
}

function decodeSum(value: BValue | undefined): Sum {
  const [since, down, up] = numbers(value, 3);
  return { since, down, up };
}

function encodeMark(mark: Mark): BValue {
  const { kind, at } = mark;
  const row = (a: number, b: number, c: number, words: string): BValue => [KINDS.indexOf(kind), at, a, b, c, text.encode(words)];
  switch (kind) {
    case 'limits':
      return row(mark.down, mark.up, MODES.indexOf(mark.mode), '');
    case 'helper':
      return row(Number(mark.isThere), 0, 0, '');
    case 'asleep':
    case 'clock':
      return row(mark.ms, 0, 0, '');
    case 'tracker':
      return row(Number(mark.isThere), 0, 0, mark.host);
    case 'full':
      return row(0, 0, 0, mark.name);
    default:
      return mark satisfies never;
  }
}

function decodeMark(value: BValue): Mark {
  const row = items(value, 6);
  const [index, at, a, b, c] = numbers(row.slice(0, 5), 5);
  const words = asText(row[5]);
  const kind = KINDS[index];
  if (kind === undefined || words === null || words.length > MAX_TEXT) throw new Misfit();
  switch (kind) {
    case 'limits':
      return { at, kind, down: a, up: b, mode: modeOf(c) };
    case 'helper':
      return { at, kind, isThere: a === 1 };
    case 'asleep':
    case 'clock':
      return { at, kind, ms: a };
    case 'tracker':
      return { at, kind, host: words, isThere: a === 1 };
    case 'full':
      return { at, kind, name: words };
    default:
      return kind satisfies never;
  }
}

/** It is not what it should be. */
class Misfit extends Error {}

function items(value: BValue | undefined, most: number): readonly BValue[] {
  const list = asList(value);
  if (!list || list.length > most) throw new Misfit();
  return list;
}

type Numbers<N extends 3 | 5> = N extends 3
  ? readonly [number, number, number]
  : readonly [number, number, number, number, number];

/** So many, none below 0. */
function numbers<N extends 3 | 5>(value: BValue | undefined, count: N): Numbers<N> {
  const all = items(value, count).map(asInt);
  if (all.length !== count || all.some(number => number === null || number < 0)) throw new Misfit();
  return all as unknown as Numbers<N>;
}
