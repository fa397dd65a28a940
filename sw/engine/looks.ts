/** What all torrents are told of their files that nobody asked them for. */
import type { FilePlace, FileProblem } from './events.ts';
import type { Loop } from './loop.ts';
import { refused } from './outcome.ts';
import type { Torrent } from './torrent.ts';

/** Bytes of these files are gone from the store: their torrents are to be looked at. */
export function lose(files: readonly FilePlace[], torrents: Iterable<Torrent>, loop: Loop): void {
  for (const torrent of torrents) {
    const { where } = torrent.substance;
    if (!files.some(({ root, path }) => where.owns(root, path[0] ?? ''))) continue;
    loop.event(torrent, () => {
      if (torrent.content) torrent.content.unchecked = true;
    });
  }
}

/** Folders were looked at: those that a disk has stopped may have a reason to go on. */
export function mendAll(torrents: Iterable<Torrent>, loop: Loop): void {
  for (const torrent of torrents) {
    if (torrent.phase === 'failed') loop.event(torrent, now => torrent.mending.looked(now));
  }
}

/** The store has no room for what that buffer is to hold: its piece, whosever it is, is to wait. */
export function refuse(buffer: number, problem: FileProblem, torrents: Iterable<Torrent>, loop: Loop): void {
  for (const torrent of torrents) {
    const piece = torrent.content?.downloader.active.ofBuffer(buffer);
    if (piece) loop.event(torrent, now => refused(torrent, piece, problem, now));
  }
}
