import type { Outbox } from './effects.ts';
import { note } from './journal.ts';
import type { Peer } from './peer.ts';
import { shownAddress } from './rtc-address.ts';
import { hostOf } from './swarm.ts';
import type { Swarm } from './swarm.ts';

/** Payload that no one asked for, bytes beyond what was, until a peer is dropped for it. */
const MAX_UNASKED = 32 << 20;

/** What becomes of peers that break the protocol or send what is wrong. */
export class Conduct {
  private readonly unasked = new Map<Peer, number>();

  constructor(
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly swarm: Swarm,
    private readonly out: Outbox,
    private readonly close: (peer: Peer, reason: string, now: number) => void,
  ) {}

  /** Payload of it was thrown away unread; too much of that is an attack or a broken peer. */
  discarded(peer: Peer, length: number, now: number): void {
    const bytes = (this.unasked.get(peer) ?? 0) + length;
    this.unasked.set(peer, bytes);
    if (bytes > MAX_UNASKED + peer.down.total) this.breach(peer, 'it sent too much that was not asked for', now);
  }

  /** It broke the protocol; the third time its address is banned for it. */
  breach(peer: Peer, reason: string, now: number): void {
    if (this.swarm.breached(hostOf(peer.address))) this.ban(peer.address, reason, now);
    else this.close(peer, reason, now);
  }

  /** Bans whoever is or was at that address, on all its connections. */
  ban(address: string, reason: string, now: number): void {
    const host = hostOf(address);
    this.swarm.ban(host);
    this.out(note('peer-banned', shownAddress(host), reason));
    for (const peer of [...this.peers.values()]) if (hostOf(peer.address) === host) this.close(peer, `banned: ${reason}`, now);
  }

  gone(peer: Peer): void {
    this.unasked.delete(peer);
  }
}
