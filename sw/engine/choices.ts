/** What a person chooses for a torrent that is there already. */
import type { Content } from './content.ts';
import type { TorrentOptions } from './options.ts';
import type { Peer } from './peer.ts';
import type { PeerSet } from './peers.ts';
import type { Phase } from './phase.ts';
import type { FilePriorities } from './priorities.ts';
import type { Recorder } from './recorder.ts';
import type { SeedingLimit } from './seeding-limit.ts';
import type { Substance } from './substance.ts';
import type { Turn } from './turn.ts';
import type { Work } from './work.ts';

interface Chosen {
  readonly phase: Phase;
  options: TorrentOptions;
  doneAt: number;
  readonly substance: Substance;
  readonly content: Content | null;
  readonly peerSet: PeerSet;
  readonly recorder: Recorder;
  readonly turn: Turn;
  readonly limit: SeedingLimit;
  readonly work: Work;
  refresh(peer: Peer): void;
}

/** Sets what is given. */
export function setOptions(torrent: Chosen, options: Partial<TorrentOptions>, now: number): void {
  torrent.turn.review(() => (torrent.options = { ...torrent.options, ...options }));
  if ('stopRatio' in options || 'stopSeedingTime' in options) torrent.limit.anew();
  const isToldAnew = torrent.content?.rearrange(torrent.options) === true;
  if (isToldAnew) torrent.peerSet.closeAll(now, 'it is to be told anew what there is');
  torrent.recorder.writeTorrent();
}

export function prioritise(torrent: Chosen, priorities: FilePriorities, now: number): void {
  torrent.substance.choose(priorities);
  const { content, substance } = torrent;
  if (!content && !substance.atRest) return;
  content?.downloader.dropUnwanted(now);
  if (!substance.isComplete) torrent.doneAt = 0;
  torrent.turn.review();
  torrent.recorder.writeTorrent();
  if (torrent.phase !== 'running' || !content) return;
  content.fillIn();
  for (const peer of torrent.peerSet.all.values()) torrent.refresh(peer);
  torrent.work.finishIfComplete(now);
}
