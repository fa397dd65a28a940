import { Heap } from './model/heap.ts';

/** What decides when an address is tried. */
export interface Candidate {
  readonly failures: number;
  /** Connections in a row that brought nothing either way. */
  readonly fruitless: number;
  readonly isSeed: boolean;
  /** Monotonic ms. */
  readonly nextTry: number;
  readonly busy: boolean;
  /** Counts its moves between the queues: a place in a queue from before the last one is void. */
  move: number;
}

/** A place in a queue. */
interface Place<Peer> {
  readonly peer: Peer;
  readonly move: number;
  readonly nextTry: number;
  readonly trials: number;
  /** Of the connection with it (BEP 40). */
  readonly rank: number;
}

/**
 * In which order the addresses of a swarm are tried. Those to try now stand in order of their trials so far and then of rank,
 * the others in order of when they may be tried: nothing is looked through.
 */
export class DialQueue<Peer extends Candidate> {
  private readonly ready = new Heap<Place<Peer>>(isBetter);
  private readonly readySeeds = new Heap<Place<Peer>>(isBetter);
  private readonly later = new Heap<Place<Peer>>((a, b) => a.nextTry < b.nextTry);

  /** `all`: those that are known, at most `limit`. `rank`: how well a connection with one ranks, higher first. */
  constructor(
    private readonly all: ReadonlyMap<string, Peer>,
    private readonly limit: number,
    private readonly rank: (peer: Peer) => number,
  ) {}

  /** It may be tried now. */
  pushReady(peer: Peer): void {
    this.push(peer, peer.isSeed ? this.readySeeds : this.ready);
  }

  /** It may be tried from its `nextTry` on. */
  pushLater(peer: Peer): void {
    this.push(peer, this.later);
  }

  /** It stands in no queue any more. */
  remove(peer: Peer): void {
    peer.move += 1;
  }

  /** The next to try now, which stays where it is; `noSeeds`: none that is known to have everything. */
  first(now: number, noSeeds: boolean): Peer | null {
    for (let place = top(this.later); place && place.nextTry <= now; place = top(this.later)) this.pushReady(place.peer);
    const [place, seed] = [top(this.ready), noSeeds ? undefined : top(this.readySeeds)];
    const best = place && seed ? (isBetter(place, seed) ? place : seed) : (place ?? seed);
    return best?.peer ?? null;
  }

  /** Everyone who is not busy anew, and without what is void. It takes all of them, and is for what happens seldom. */
  rebuild(): void {
    for (const queue of [this.ready, this.readySeeds, this.later]) queue.clear();
    for (const peer of this.all.values()) if (!peer.busy) this.pushLater(peer);
  }

  private push(peer: Peer, queue: Heap<Place<Peer>>): void {
    if (this.ready.size + this.readySeeds.size + this.later.size > 2 * this.limit) {
      this.rebuild();
      return;
    }
    peer.move += 1;
    const trials = peer.failures + peer.fruitless;
    queue.push({ peer, move: peer.move, nextTry: peer.nextTry, trials, rank: queue === this.later ? 0 : this.rank(peer) });
  }
}

/** Fewer trials in vain first, then the higher rank. */
function isBetter<Peer>(a: Place<Peer>, b: Place<Peer>): boolean {
  return a.trials === b.trials ? a.rank > b.rank : a.trials < b.trials;
}

/** The first place that is not void. */
function top<Peer extends Candidate>(queue: Heap<Place<Peer>>): Place<Peer> | undefined {
  for (let place = queue.peek(); place; place = queue.peek()) {
    if (place.move === place.peer.move) return place;
    queue.pop();
  }
  return undefined;
}
