import { ipText } from './codec/address.ts';
import { reachOf } from './codec/reach.ts';

/** Hosts whose word counts, the latest of each; and how many must agree. */
const MAX_VOTES = 32;
const QUORUM = 2;

/** What our own address looks like from outside: peers tell it (`yourip`, BEP 10), and it is what most of them say. */
export class ExternalAddress {
  private readonly votes = new Map<string, string>();
  private readonly agreed = new Map<4 | 6, string>();

  /** `host` says that it sees us at `ip`, 4 or 16 bytes. */
  vote(host: string, ip: Uint8Array): void {
    const text = reachOf(ip) === 'none' ? null : ipText(ip);
    if (!text) return;
    this.votes.delete(host);
    this.votes.set(host, text);
    const [oldest] = this.votes.keys();
    if (this.votes.size > MAX_VOTES && oldest !== undefined) this.votes.delete(oldest);
    const family = ip.length === 4 ? 4 : 6;
    const before = this.agreed.get(family);
    const isMore = this.count(text) >= QUORUM && (before === undefined || this.count(text) > this.count(before));
    if (isMore) this.agreed.set(family, text);
  }

  /** As an IP literal; null while too few agree. */
  of(family: 4 | 6): string | null {
    return this.agreed.get(family) ?? null;
  }

  private count(text: string): number {
    let count = 0;
    for (const vote of this.votes.values()) if (vote === text) count += 1;
    return count;
  }
}
