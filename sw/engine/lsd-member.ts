import type { LocalDiscovery, LocalFollower, LsdStatus } from './lsd.ts';
import { CONNECTED, SEEKING, type Phase } from './phase.ts';
import type { PeerAddress } from './codec/address.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';

/** What is needed of a torrent here. */
interface Torrent {
  readonly id: InfoHash;
  readonly hashes: TorrentHashes;
  readonly phase: Phase;
  readonly isPrivate: boolean;
  readonly peerSet: { learn(peers: readonly PeerAddress[], source: 'lsd', under: InfoHash, now: number, connect: boolean): void };
}

/** A torrent's part in local discovery. A private one has none: its peers are its trackers' business alone (BEP 27). */
export class LsdMember implements LocalFollower {
  constructor(
    private readonly torrent: Torrent,
    private readonly lsd: LocalDiscovery,
  ) {}

  get id(): InfoHash {
    return this.torrent.id;
  }
  get hashes(): TorrentHashes {
    return this.torrent.hashes;
  }
  /** Null for a private torrent. */
  get status(): LsdStatus | null {
    return this.isPrivate ? null : this.lsd.status(this.id);
  }

  /** It is announced while it looks for peers. */
  entered(phase: Phase): void {
    if (this.isPrivate || !SEEKING.has(phase)) this.lsd.unfollow(this.id);
    else this.lsd.follow(this);
  }

  foundPeers(peers: readonly PeerAddress[], under: InfoHash, now: number): void {
    this.torrent.peerSet.learn(peers, 'lsd', under, now, CONNECTED.has(this.torrent.phase));
  }

  private get isPrivate(): boolean {
    return this.torrent.isPrivate;
  }
}
