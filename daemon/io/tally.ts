/** What happens too often to be logged one by one: counted, by kind and reason, and told in one line a minute. */

export type Kind = 'connect' | 'close' | 'http' | 'guard' | 'door' | 'request' | 'commit' | 'send';
/** By kind, then by reason. Reasons are our own words, so there are only so many. */
export type Counts = Readonly<Partial<Record<Kind, Readonly<Record<string, number>>>>>;

export const TELL_EVERY = 60_000;

export class Tally {
  readonly #totals: Partial<Record<Kind, Record<string, number>>> = {};
  #recent: Partial<Record<Kind, Record<string, number>>> = {};
  readonly #tell: (recent: Counts) => void;
  #timer: NodeJS.Timeout | null = null;

  /** `tell` hears at most once a minute what was counted since, and nothing where that is nothing. */
  constructor(tell: (recent: Counts) => void) {
    this.#tell = tell;
  }

  get totals(): Counts {
    return this.#totals;
  }

  count(kind: Kind, reason: string, times = 1): void {
    add(this.#totals, kind, reason, times);
    add(this.#recent, kind, reason, times);
    this.#timer ??= setTimeout(() => this.#flush(), TELL_EVERY).unref();
  }

  #flush(): void {
    this.#timer = null;
    const recent = this.#recent;
    this.#recent = {};
    this.#tell(recent);
  }
}

function add(counts: Partial<Record<Kind, Record<string, number>>>, kind: Kind, reason: string, times: number): void {
  const reasons = (counts[kind] ??= {});
  reasons[reason] = (reasons[reason] ?? 0) + times;
}

/** The name of a value of one of the wire's tables, `REFUSED_BY_GUARD` as `refused by guard`. */
export function wordOf(table: Readonly<Record<string, number>>, value: number): string {
  const name = Object.entries(table).find(([, known]) => known === value)?.[0] ?? 'unknown';
  return name.toLowerCase().replaceAll('_', ' ');
}
