import { askEach } from './both-families.ts';
import type { TrackerAnswer } from './both-families.ts';
import { familyOf } from './codec/address.ts';
import type { Family } from './codec/address.ts';

/** Trackers that are remembered (beyond them those alone that are waited for); the one that was asked for longest ago goes first. */
const MAX_HOSTS = 1024;
/** Announces and scrapes that wait for a name. */
const MAX_WAITING = 4096;
/** Ms that the addresses of a name are taken for what they are. */
const ADDRESSES_LIFE = 5 * 60_000;
/** Ms that a family is left alone which fails where the other one works; doubled each time it goes on. */
const FIRST_REST = 5 * 60_000;
const LAST_REST = 2 * 3600_000;

const FAMILIES = [4, 6] as const;

/** Looks up a name, or an IP literal; `addresses` are IP literals that can be reached, none of them where there is a `problem`. */
export type Lookup = (
  host: string,
  port: number,
  done: (problem: string, addresses: readonly string[], now: number) => void,
) => void;

/** One of the ways to a tracker: its addresses of one family. */
export interface Way {
  readonly family: Family;
  readonly addresses: readonly string[];
}

interface Host {
  readonly ways: Map<Family, Way>;
  /** Monotonic ms until which the ways are known. */
  knownUntil: number;
  /** Who waits for them. */
  readonly asked: ((problem: string, now: number) => void)[];
  /** Monotonic ms until which a family is left alone, and how often it has failed in a row. */
  readonly rests: Map<Family, { readonly until: number; readonly failures: number }>;
}

/**
 * Where trackers are. One that has addresses of both families is asked over each (BEP 7), so that the peers of both learn of us.
 * A family without a route is not among the addresses; one that leads nowhere where the other answers is left alone for a while,
 * by all torrents, and nothing is said of it.
 */
export class TrackerHosts {
  private readonly hosts = new Map<string, Host>();
  private waiting = 0;

  constructor(private readonly lookup: Lookup) {}

  get isIdle(): boolean {
    return this.waiting === 0;
  }

  /** The network is gone. Nobody is told. */
  clear(): void {
    for (const host of this.hosts.values()) host.asked.length = 0;
    this.hosts.clear();
    this.waiting = 0;
  }

  /** Asks over each family, as {@link askEach} does; the answer calls it off. `host` is a name or an IP literal. */
  announce(
    host: string,
    port: number,
    now: number,
    ask: (way: Way, now: number, told: (answer: TrackerAnswer) => void) => () => void,
    done: (answer: TrackerAnswer, more: boolean) => void,
  ): () => void {
    let isOff = false;
    let cancel = (): void => undefined;
    this.find(host, port, now, (problem, ways, at) => {
      if (isOff) return;
      if (problem !== '') return done({ failure: problem, refused: false }, false);
      cancel = askEach(
        ways,
        (way, told) => ask(way, at, told),
        (answer, more, all) => {
          if (!more) this.learn(host, port, all, at);
          done(answer, more);
        },
      );
    });
    return () => {
      isOff = true;
      cancel();
    };
  }

  /** One way, for what needs no telling twice; null where there is none. */
  way(host: string, port: number, now: number, done: (way: Way | null, now: number) => void): void {
    this.find(host, port, now, (_problem, [way], at) => done(way ?? null, at));
  }

  /** `done` may be called before this returns. */
  private find(
    name: string,
    port: number,
    now: number,
    done: (problem: string, ways: readonly Way[], now: number) => void,
  ): void {
    const host = this.host(`${name} ${port}`);
    if (host.knownUntil > now) return done('', waysOf(host, now), now);
    if (this.waiting >= MAX_WAITING) return done('Too many announces at once.', [], now);
    this.waiting += 1;
    host.asked.push((problem, at) => done(problem, waysOf(host, at), at));
    if (host.asked.length > 1) return;
    this.lookup(name, port, (problem, addresses, at) => {
      host.ways.clear();
      for (const family of FAMILIES) {
        const its = addresses.filter(address => familyOf(address) === family);
        if (its.length > 0) host.ways.set(family, { family, addresses: its });
      }
      host.knownUntil = problem === '' ? at + ADDRESSES_LIFE : -Infinity;
      const asked = host.asked.splice(0);
      this.waiting -= asked.length;
      for (const tell of asked) tell(problem, at);
    });
  }

  private host(key: string): Host {
    const host = this.hosts.get(key) ?? { ways: new Map(), knownUntil: -Infinity, asked: [], rests: new Map() };
    this.hosts.delete(key);
    if (this.hosts.size >= MAX_HOSTS) {
      const oldest = [...this.hosts].find(([, { asked }]) => asked.length === 0);
      if (oldest) this.hosts.delete(oldest[0]);
    }
    this.hosts.set(key, host);
    return host;
  }

  /** What came of asking: a family that failed alone rests, and where all failed all are asked anew next time, wherever they are. */
  private learn(name: string, port: number, all: ReadonlyMap<Way, TrackerAnswer>, now: number): void {
    const host = this.hosts.get(`${name} ${port}`);
    if (!host) return;
    const works = [...all.values()].some(answer => 'peers' in answer);
    if (!works) {
      host.knownUntil = -Infinity;
      host.rests.clear();
      return;
    }
    for (const [{ family }, answer] of all) {
      const { until, failures } = host.rests.get(family) ?? { until: 0, failures: 0 };
      if ('peers' in answer) host.rests.delete(family);
      else if (until <= now) {
        host.rests.set(family, { until: now + Math.min(LAST_REST, FIRST_REST * 2 ** failures), failures: failures + 1 });
      }
    }
  }
}

/** Those that do not rest, or all where all do. */
function waysOf({ ways, rests }: Host, now: number): readonly Way[] {
  const all = [...ways.values()];
  const awake = all.filter(({ family }) => (rests.get(family)?.until ?? 0) <= now);
  return awake.length > 0 ? awake : all;
}
