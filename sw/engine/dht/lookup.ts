import type { NodeInfo } from '../codec/krpc.ts';
import { subnetOf } from '../codec/address.ts';
import { compareDistance } from '../model/node-id.ts';
import type { NodeId } from '../model/node-id.ts';
import { K } from './table.ts';

/** Questions in flight, slow ones not counted. */
const ALPHA = 4;
/** Nodes that are kept in mind: those farther away are let go. */
const MAX_CANDIDATES = 64;
/** Questions in all: a network of liars that names ever nearer nodes comes to an end here. */
const MAX_ASKED = 100;

export interface Candidate extends NodeInfo {
  /** `slow`: it may answer yet, but nobody waits for it. */
  state: 'new' | 'asked' | 'slow' | 'answered' | 'failed';
  /** What it wants to see with an announce. */
  token: Uint8Array | null;
}

/**
 * Walks towards the nodes nearest to a target (BEP 5): asks the nearest ones known, four at a time, until the eight nearest
 * have answered.
 */
export class Lookup {
  private readonly candidates: Candidate[] = [];
  private readonly seen = new Set<string>();
  private inFlight = 0;
  private asked = 0;

  constructor(
    readonly target: NodeId,
    private readonly ownId: NodeId,
  ) {}

  get isDone(): boolean {
    return this.inFlight === 0 && this.nextNew() === null;
  }

  add(nodes: readonly NodeInfo[]): void {
    for (const { id, host, port } of nodes) {
      const subnet = subnetOf(host);
      if (this.seen.has(subnet) || compareDistance(this.target, id, this.ownId) === 0) continue;
      const index = this.placeOf(id);
      if (index >= MAX_CANDIDATES) continue;
      this.seen.add(subnet);
      this.candidates.splice(index, 0, { id, host, port, state: 'new', token: null });
      if (this.candidates.length > MAX_CANDIDATES) this.dropFarthest();
    }
  }

  /** The next to be asked, which counts as asked from now on; null where none is, or not now. */
  next(): Candidate | null {
    if (this.inFlight >= ALPHA) return null;
    const candidate = this.nextNew();
    if (!candidate) return null;
    candidate.state = 'asked';
    this.inFlight += 1;
    this.asked += 1;
    return candidate;
  }

  answered(candidate: Candidate, token: Uint8Array | null, nodes: readonly NodeInfo[]): void {
    this.settle(candidate);
    candidate.state = 'answered';
    candidate.token = token;
    this.add(nodes);
  }

  slow(candidate: Candidate): void {
    this.settle(candidate);
    candidate.state = 'slow';
  }

  failed(candidate: Candidate): void {
    this.settle(candidate);
    candidate.state = 'failed';
  }

  /** Those that answered, nearest first. */
  nearest(): Candidate[] {
    return this.candidates.filter(({ state }) => state === 'answered');
  }

  private settle(candidate: Candidate): void {
    if (candidate.state === 'asked') this.inFlight -= 1;
  }

  /** The nearest that was not asked, among the eight nearest of which nothing bad is known. */
  private nextNew(): Candidate | null {
    if (this.asked >= MAX_ASKED) return null;
    let rank = 0;
    for (const candidate of this.candidates) {
      if (candidate.state === 'new') return candidate;
      if (candidate.state !== 'failed' && candidate.state !== 'slow' && ++rank >= K) return null;
    }
    return null;
  }

  private placeOf(id: NodeId): number {
    let low = 0;
    let high = this.candidates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareDistance(this.target, this.candidates[middle]!.id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The farthest of those that nobody waits for. */
  private dropFarthest(): void {
    const index = this.candidates.findLastIndex(({ state }) => state !== 'asked');
    const [dropped] = this.candidates.splice(index, 1);
    if (dropped) this.seen.delete(subnetOf(dropped.host));
  }
}
