import type { ConnectionLimits } from './connection-limits.ts';
import type { Peer } from './peer.ts';
import { shownAddress } from './rtc-address.ts';
import { hostOf } from './swarm.ts';
import type { Swarm } from './swarm.ts';
import { subnetOf } from './codec/address.ts';

/** Whom a person wants no connection with: for one torrent, and for all. */
export class Barring {
  /** By {@link subnetOf}. */
  private here: ReadonlySet<string> = new Set();

  constructor(
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly swarm: Pick<Swarm, 'review'>,
    private readonly limits: Pick<ConnectionLimits, 'banned'>,
    private readonly close: (peer: Peer, reason: string, now: number) => void,
  ) {}

  has(host: string): boolean {
    const subnet = subnetOf(host);
    return this.here.has(subnet) || this.limits.banned.has(subnet);
  }

  /** The list of the torrent is this one from now on; null: it stays, and that for all is another. Who is there goes. */
  set(hosts: readonly string[] | null, now: number): void {
    if (hosts) this.here = new Set(hosts.map(subnetOf));
    this.swarm.review();
    for (const peer of [...this.peers.values()]) {
      if (this.has(hostOf(shownAddress(peer.address)))) this.close(peer, 'its address is banned', now);
    }
  }
}
