import { subnetOf } from '../codec/address.ts';

/** Voices that count, and how many of them have to agree. */
const MAX_VOTES = 8;
const ENOUGH = 5;

/** Our own address, from what others see of us (BEP 42): one voice a host, the last eight, and most of these agree. */
export class ExternalAddress {
  /** An IP literal; null while it is not known. */
  host: string | null = null;
  private readonly votes = new Map<string, string>();

  /** True where our address is another from now on. */
  vote(voter: string, host: string): boolean {
    const subnet = subnetOf(voter);
    this.votes.delete(subnet);
    this.votes.set(subnet, host);
    if (this.votes.size > MAX_VOTES) {
      const [oldest] = this.votes.keys();
      if (oldest !== undefined) this.votes.delete(oldest);
    }
    if (this.host === host) return false;
    let agreeing = 0;
    for (const vote of this.votes.values()) if (vote === host) agreeing += 1;
    if (agreeing < ENOUGH) return false;
    this.host = host;
    return true;
  }
}
