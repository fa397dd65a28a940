import type { Candidate, Unchoked } from './choker.ts';
import type { Peer } from './peer.ts';
import type { Torrent } from './torrent.ts';

type Torrents = () => Iterable<Torrent>;

/** What the choker chooses among: the open connections of all running torrents. */
export class Candidates {
  constructor(
    private readonly torrents: Torrents,
    private readonly now: () => number,
  ) {}

  all(): Candidate[] {
    const candidates: Candidate[] = [];
    for (const torrent of this.torrents()) {
      if (torrent.phase !== 'running') continue;
      for (const peer of torrent.peers.values()) if (peer.stage === 'open') candidates.push(this.of(torrent, peer));
    }
    return candidates;
  }

  of(torrent: Torrent, peer: Peer): Candidate {
    return {
      peer,
      seeding: torrent.content?.isComplete ?? false,
      setChoking: choking => {
        const now = this.now();
        if (torrent.phase !== 'running' || peer.stage !== 'open' || peer.amChoking === choking) return;
        peer.setChoking(choking, now);
        if (choking) torrent.content?.uploader.choked(peer, now);
      },
    };
  }

  get unchoked(): Unchoked {
    const count = { all: 0, rtc: 0 };
    for (const torrent of this.torrents()) {
      for (const peer of torrent.peers.values()) {
        if (peer.stage !== 'open' || peer.amChoking) continue;
        count.all += 1;
        if (peer.transport === 'webrtc') count.rtc += 1;
      }
    }
    return count;
  }
}
