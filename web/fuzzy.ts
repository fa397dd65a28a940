/** Finding things by some letters of their names, in parts short enough that tens of thousands hold up no frame. */
import { go, snapshot, type SnapshotKey } from 'fuzzysort';

/** How many are looked at, at least, before whoever waits may have a turn; and for how long, ms. */
const PART = 500;
const TURN_MS = 8;
/** Of what fuzzysort calls a match: 1 is exact. Below this it is letters that happen to be there. */
const LEAST = 0.2;
/** The same of other words for a thing: what they only happen to hold nobody meant. */
const LEAST_OTHER = 0.5;

export interface Found<T> {
  readonly item: T;
  readonly score: number;
  /** The name, in pieces; every other one, from the second on, is what was looked for. */
  readonly pieces: readonly string[];
}

interface Placed<T> {
  readonly item: T;
  readonly at: number;
}

interface Part<T> {
  readonly names: SnapshotKey<Placed<T>>;
  readonly others: SnapshotKey<Placed<T>> | null;
}

/** Things with names, made ready as they are first looked through. */
export class Fuzzy<T> {
  private readonly parts: Part<T>[] = [];

  constructor(
    private readonly items: readonly T[],
    private readonly nameOf: (item: T) => string,
    /** Other words for it, which count for less. */
    private readonly alsoOf?: (item: T) => string,
  ) {}

  /** The best of them, the best first, and those that are as good in their order; null where `signal` aborted it. */
  async find(text: string, most: number, signal: AbortSignal): Promise<readonly Found<T>[] | null> {
    let best: (Found<T> & Placed<T>)[] = [];
    let began = performance.now();
    for (let from = 0; from < this.items.length; from += PART) {
      const part = (this.parts[from / PART] ??= this.prepare(from));
      const found = this.among(part, text, most);
      if (found.length > 0) best = [...best, ...found].sort((a, b) => b.score - a.score || a.at - b.at).slice(0, most);
      if (performance.now() - began < TURN_MS) continue;
      await turn();
      if (signal.aborted) return null;
      began = performance.now();
    }
    return signal.aborted ? null : best;
  }

  private among({ names, others }: Part<T>, text: string, most: number): readonly (Found<T> & Placed<T>)[] {
    const named = go(text, names, { limit: most, threshold: LEAST }).map(({ obj, score, target, indexes }) => ({
      ...obj,
      score,
      pieces: piecesOf(target, indexes),
    }));
    if (others === null) return named;
    const known = new Set(named.map(({ at }) => at));
    const meant = go(text, others, { limit: most, threshold: LEAST_OTHER })
      .filter(({ obj }) => !known.has(obj.at))
      .map(({ obj, score }) => ({ ...obj, score: score / 2, pieces: [this.nameOf(obj.item)] }));
    return [...named, ...meant];
  }

  private prepare(from: number): Part<T> {
    const placed = this.items.slice(from, from + PART).map((item, at) => ({ item, at: from + at }));
    const { alsoOf } = this;
    return {
      names: snapshot(placed, { key: ({ item }) => this.nameOf(item) }),
      others: alsoOf === undefined ? null : snapshot(placed, { key: ({ item }) => alsoOf(item) }),
    };
  }
}

function piecesOf(name: string, indexes: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  const matched = [...indexes].sort((a, b) => a - b);
  let end = 0;
  for (let first = 0; first < matched.length;) {
    const start = matched[first] ?? 0;
    let next = first + 1;
    while (matched[next] === start + next - first) next++;
    pieces.push(name.slice(end, start), name.slice(start, start + next - first));
    end = start + next - first;
    first = next;
  }
  return [...pieces, name.slice(end)];
}

/** What waits to be drawn, or typed, comes first. */
function turn(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
