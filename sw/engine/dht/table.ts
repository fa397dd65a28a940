import type { NodeInfo } from '../codec/krpc.ts';
import { ipBytes, subnetOf } from '../codec/address.ts';
import { sameBytes } from '../model/ids.ts';
import { compareDistance, isIdOfAddress, sharedBits } from '../model/node-id.ts';
import type { NodeId } from '../model/node-id.ts';

/** Nodes a bucket (BEP 5's k), and those that wait for a place in it. */
export const K = 8;
const MAX_WAITING = 8;
const MAX_BUCKETS = 160;
/** Ms after which a node that was not heard of is questionable, and a bucket is to be refreshed. */
const STALE = 15 * 60_000;
/** Questions in a row that a node left open until its place is free for another. */
const MAX_FAILURES = 2;

export interface TableNode extends NodeInfo {
  /** Its id fits its address (BEP 42). */
  readonly verified: boolean;
  /** Monotonic ms of its last answer, or of its last question after it had ever answered. */
  heardAt: number;
  failures: number;
}

interface Bucket {
  readonly nodes: TableNode[];
  /** The latest last; all of these have answered once. */
  readonly waiting: TableNode[];
  /** Monotonic ms. */
  changedAt: number;
}

/**
 * The nodes that we know: bucket i holds those that share exactly i leading bits with our id, the last bucket all that
 * share more, so that only what is near us is ever split. One node an address: nobody can fill it with many ids.
 */
export class RoutingTable {
  private buckets: Bucket[] = [];
  private readonly byHost = new Map<string, TableNode>();

  constructor(
    readonly ownId: NodeId,
    now: number,
  ) {
    this.buckets.push({ nodes: [], waiting: [], changedAt: now });
  }

  get size(): number {
    let size = 0;
    for (const { nodes } of this.buckets) size += nodes.length;
    return size;
  }

  /** The node at this address, whatever its id. */
  at(host: string, port: number): TableNode | null {
    const node = this.byHost.get(subnetOf(host));
    return node?.host === host && node.port === port ? node : null;
  }

  /** Whether a node with this id and address would be taken, were it to answer. */
  wants(id: NodeId, host: string): boolean {
    if (this.byHost.has(subnetOf(host)) || sameBytes(id, this.ownId)) return false;
    const bucket = this.bucketOf(id);
    return bucket.nodes.length < K || this.isLast(bucket) || bucket.nodes.some(isBad) || bucket.waiting.length < MAX_WAITING;
  }

  /** It asked us something, which keeps it fresh if it has ever answered. */
  asked(id: NodeId, host: string, port: number, now: number): void {
    const node = this.at(host, port);
    if (node && sameBytes(node.id, id)) node.heardAt = now;
  }

  /**
   * It answered. Returns a node of the same bucket that should be pinged, as its place may be free for this one; null
   * where there is none.
   */
  answered(id: NodeId, host: string, port: number, now: number): TableNode | null {
    if (sameBytes(id, this.ownId)) return null;
    const known = this.byHost.get(subnetOf(host));
    const isSame = known?.host === host && known.port === port;
    if (known && isSame && sameBytes(known.id, id)) {
      known.heardAt = now;
      known.failures = 0;
      this.bucketOf(id).changedAt = now;
      return null;
    }
    if (known) {
      // The same node under a new id; or another one behind the same address, which has to wait until the first is gone.
      if (!isSame && !isBad(known)) return null;
      this.remove(known);
    }
    const ip = ipBytes(host);
    if (!ip) return null;
    return this.insert({ id, host, port, verified: isIdOfAddress(id, ip), heardAt: now, failures: 0 }, now);
  }

  /** It left a question open. */
  failed(host: string, port: number): void {
    const node = this.at(host, port);
    if (!node) return;
    node.failures += 1;
    const bucket = this.bucketOf(node.id);
    if (bucket.waiting.includes(node)) this.remove(node);
    if (!isBad(node) || !bucket.nodes.includes(node)) return;
    const next = bucket.waiting.pop();
    if (!next) return;
    this.remove(node);
    bucket.nodes.push(next);
  }

  /** The nodes nearest to a target, nearest first; those that fail are left out. */
  nearest(target: NodeId, count: number): TableNode[] {
    const found: TableNode[] = [];
    const take = (bucket: Bucket | undefined): void => {
      for (const node of bucket?.nodes ?? []) if (!isBad(node)) found.push(node);
    };
    const index = Math.min(sharedBits(target, this.ownId), this.buckets.length - 1);
    // All that is nearer to us than to the target's bucket is equally far from the target as far as buckets tell.
    take(this.buckets[index]);
    if (found.length < count) for (let at = index + 1; at < this.buckets.length; at++) take(this.buckets[at]);
    for (let at = index - 1; at >= 0 && found.length < count; at--) take(this.buckets[at]);
    return found.sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, count);
  }

  /** How many leading bits a bucket that nothing was heard of for 15 min shares with our id; null where there is none. */
  stale(now: number): number | null {
    const index = this.buckets.findIndex(bucket => bucket.nodes.length > 0 && now - bucket.changedAt > STALE);
    if (index < 0) return null;
    this.buckets[index]!.changedAt = now;
    return index;
  }

  /** All that do not fail, for the next start. */
  all(): TableNode[] {
    return this.buckets.flatMap(bucket => bucket.nodes.filter(node => !isBad(node)));
  }

  private insert(node: TableNode, now: number): TableNode | null {
    const bucket = this.bucketOf(node.id);
    if (bucket.nodes.length < K) {
      bucket.nodes.push(node);
      bucket.changedAt = now;
      this.byHost.set(subnetOf(node.host), node);
      return null;
    }
    if (this.isLast(bucket) && this.buckets.length < MAX_BUCKETS) {
      this.split();
      return this.insert(node, now);
    }
    const worst = bucket.nodes.find(isBad) ?? (node.verified ? bucket.nodes.find(other => !other.verified) : undefined);
    if (worst) {
      this.remove(worst);
      return this.insert(node, now);
    }
    if (bucket.waiting.length >= MAX_WAITING) this.remove(bucket.waiting[0]!);
    bucket.waiting.push(node);
    this.byHost.set(subnetOf(node.host), node);
    const questionable = bucket.nodes.filter(other => now - other.heardAt > STALE);
    return questionable.sort((a, b) => a.heardAt - b.heardAt)[0] ?? null;
  }

  private split(): void {
    const depth = this.buckets.length - 1;
    const last = this.buckets.pop()!;
    const here: Bucket = { nodes: [], waiting: [], changedAt: last.changedAt };
    const deeper: Bucket = { nodes: [], waiting: [], changedAt: last.changedAt };
    const side = (node: TableNode): Bucket => (sharedBits(node.id, this.ownId) > depth ? deeper : here);
    for (const node of last.nodes) side(node).nodes.push(node);
    for (const node of last.waiting) side(node).waiting.push(node);
    this.buckets.push(here, deeper);
  }

  private remove(node: TableNode): void {
    const bucket = this.bucketOf(node.id);
    for (const list of [bucket.nodes, bucket.waiting]) {
      const index = list.indexOf(node);
      if (index >= 0) list.splice(index, 1);
    }
    this.byHost.delete(subnetOf(node.host));
  }

  private bucketOf(id: NodeId): Bucket {
    return this.buckets[Math.min(sharedBits(id, this.ownId), this.buckets.length - 1)]!;
  }

  private isLast(bucket: Bucket): boolean {
    return bucket === this.buckets.at(-1);
  }
}

function isBad(node: TableNode): boolean {
  return node.failures >= MAX_FAILURES;
}
