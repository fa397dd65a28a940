import type { PeerAddress } from '../codec/address.ts';
import type { InfoHash } from '../model/ids.ts';
import { CONNECTED, SEEKING, type Phase } from '../phase.ts';
import type { Dht, DhtStatus, Follower } from './dht.ts';

/** What is needed of a torrent here. */
interface Torrent {
  readonly id: InfoHash;
  readonly phase: Phase;
  readonly isPrivate: boolean;
  readonly content: { readonly isComplete: boolean } | null;
  readonly listenPort: number;
  readonly peers: { readonly size: number };
  readonly peerSet: { learn(peers: readonly PeerAddress[], source: 'dht', under: InfoHash, now: number, connect: boolean): void };
}

/** A torrent's part in the DHT, under one of its hashes. A private one has none: its peers are its trackers' business alone (BEP 27). */
export class DhtMember implements Follower {
  constructor(
    private readonly torrent: Torrent,
    private readonly dht: Dht,
    readonly id: InfoHash = torrent.id,
  ) {}

  get isComplete(): boolean {
    return this.torrent.content?.isComplete ?? false;
  }
  get connected(): number {
    return this.torrent.peers.size;
  }
  get listenPort(): number {
    return this.torrent.listenPort;
  }
  /** The port of our node that peers are told; 0: none. */
  get port(): number {
    return this.isPrivate ? 0 : this.dht.port;
  }
  /** Null for a private torrent. */
  get status(): DhtStatus | null {
    return this.isPrivate ? null : this.dht.status(this.id);
  }

  /** It looks for peers as soon as it wants some, and until it is to have no connections. */
  entered(phase: Phase, now: number): void {
    if (this.isPrivate || !SEEKING.has(phase)) this.dht.unfollow(this.id);
    else if (phase === 'fetching' || phase === 'running') this.dht.follow(this, now);
  }

  /** A peer says that it has a node there. */
  contact(host: string, port: number, now: number): void {
    if (!this.isPrivate) this.dht.contact(host, port, now);
  }

  foundPeers(peers: readonly PeerAddress[], now: number): void {
    this.torrent.peerSet.learn(peers, 'dht', this.id, now, CONNECTED.has(this.torrent.phase));
  }

  private get isPrivate(): boolean {
    return this.torrent.isPrivate;
  }
}
