import { introduceOurselves } from './extended.ts';
import type { Peer } from './peer.ts';
import type { WireTarget } from './wire-target.ts';
import { encodeMessage } from './codec/peer-wire.ts';

/** What all the open peers of a torrent are told of it when it changes. */
export class Telling {
  /** What they were last told of us wanting nothing more. */
  private toldComplete = false;

  constructor(
    private readonly peers: ReadonlyMap<number, Peer>,
    private readonly torrent: WireTarget,
  ) {}

  /** Once a second: whether we want anything more. */
  tick(now: number): void {
    const isComplete = this.torrent.content?.isComplete ?? false;
    if (isComplete === this.toldComplete) return;
    this.toldComplete = isComplete;
    this.introduce(now);
  }

  /** What we are, once more. */
  introduce(now: number): void {
    for (const peer of this.peers.values()) if (peer.stage === 'open') introduceOurselves(peer, this.torrent, now);
  }

  have(piece: number, now: number): void {
    const have = encodeMessage({ type: 'have', piece });
    for (const peer of this.peers.values()) if (peer.stage === 'open' && !peer.has.get(piece)) peer.send(have, now);
  }

  /** What we have, to those that connected before the files were known. */
  haveAll(now: number): void {
    const { content } = this.torrent;
    if (!content) return;
    const pieces = [...content.downloader.have.ones()];
    for (const peer of this.peers.values()) {
      if (peer.stage !== 'open') continue;
      for (const piece of pieces) peer.send(encodeMessage({ type: 'have', piece }), now);
    }
  }
}
