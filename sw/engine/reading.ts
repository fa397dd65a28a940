import { type Refusal, refusal } from './errors.ts';
import type { Loop } from './loop.ts';
import type { Phase } from './phase.ts';
import type { Ports } from './ports.ts';
import { shownFiles } from './priorities.ts';
import type { Registry } from './registry.ts';
import { sharesThere } from './there.ts';
import type { Torrent } from './torrent.ts';

/** Files that may be asked for at a time: the number of one that was opened longest ago is forgotten beyond it. */
const MAX_SERVED = 256;

/** An open file that may be read by its number. */
export interface OpenFile {
  readonly file: number;
  /** Bytes. */
  readonly size: number;
  readonly path: readonly string[];
}

/** The way of whoever reads a file over HTTP to the torrent that it is of. */
export class Reading {
  /** Whose file a number is. */
  private readonly served = new Map<number, Torrent>();

  constructor(
    private readonly ports: Pick<Ports, 'readers' | 'clock'>,
    private readonly loop: Loop,
    private readonly torrents: Registry<Torrent>,
  ) {
    ports.readers.hear((...place) => this.wanted(...place));
  }

  /**
   * Opens one of the files shown of a torrent, to be read while it comes. Throws a Refusal where that cannot be: with the
   * code `checking` or `loading` where it can in a moment.
   */
  open(id: string, shown: number): OpenFile {
    const torrent = this.torrents.get(id);
    if (!torrent) throw refusal('no-such-torrent');
    const { phase } = torrent;
    const rests = isAtRest(torrent);
    if (phase !== 'running' && !rests) throw unreadable(phase);
    if (rests) this.loop.event(torrent, now => torrent.work.recall.need(now));
    if (torrent.substance.atRest) throw unreadable('loading');
    const { content } = torrent;
    const index = content ? shownFiles(content.layout.files)[shown] : undefined;
    if (!content || index === undefined) throw refusal('no-such-file');
    if (!content.isWanted(index)) throw refusal('not-chosen');
    if (rests && !content.isWhole(index)) throw unreadable(phase);
    let file = 0;
    this.loop.event(torrent, () => (file = content.storage.file(index, !content.isWhole(index))));
    this.served.delete(file);
    this.served.set(file, torrent);
    for (const oldest of this.served.keys()) if (this.served.size > MAX_SERVED) this.served.delete(oldest);
    const { length, place } = content.storage.entry(index);
    return { file, size: length, path: place.path };
  }

  /** What of one of the files shown is there and right: the share of each of so many equal parts, in hundredths. Null: not known. */
  there(id: string, shown: number, cells: number): readonly number[] | null {
    const content = this.torrents.get(id)?.content;
    const index = content ? shownFiles(content.layout.files)[shown] : undefined;
    if (!content || index === undefined) return null;
    const { downloader, storage } = content;
    const has = (piece: number): boolean => downloader.have.get(piece) && !storage.parts.holds(piece, index);
    return sharesThere(content.layout, index, has, cells);
  }

  /** The store is gone, and every open file with it. */
  detach(): void {
    this.served.clear();
  }

  private wanted(stream: number, file: number, offset: number, length: number): void {
    const torrent = this.served.get(file);
    if (!torrent) return this.ports.readers.readable(stream, 0, 0);
    this.loop.event(torrent, now => {
      const { content, phase } = torrent;
      if (length === 0) return content?.readers.gone(stream, now);
      const index = content?.storage.fileIndex(file);
      const isFetched = phase === 'running';
      const isThere = isFetched || (isAtRest(torrent) && index !== undefined && content?.isWhole(index) === true);
      if (!content || index === undefined || !isThere || !content.isWanted(index)) {
        torrent.out({ do: 'readable', stream, offset: 0, length: 0 });
        return;
      }
      // It counts as used just now.
      content.storage.file(index, !content.isWhole(index));
      if (!isFetched) torrent.work.recall.need(now);
      if (content.readers.want(stream, index, offset, offset + length, now) && isFetched) content.downloader.makeWay(now);
      for (const peer of torrent.peers.values()) torrent.refresh(peer);
    });
  }
}

/** What rests by itself or waits for its turn can be read as far as it is there. */
function isAtRest({ phase, substance }: Torrent): boolean {
  return (phase === 'paused' || phase === 'queued') && !substance.where.isPending;
}

function unreadable(phase: Phase): Refusal {
  switch (phase) {
    case 'waiting':
    case 'checking':
      return refusal('checking');
    case 'loading':
      return refusal('loading');
    case 'moving':
      return refusal('moving');
    case 'queued':
      return refusal('queued');
    case 'failed':
      return refusal('failed');
    case 'paused':
      return refusal('paused');
    case 'fetching':
    case 'ready':
    case 'running':
    case 'removed':
      return refusal('no-files-yet');
    default:
      return phase satisfies never;
  }
}
