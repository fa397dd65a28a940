import type { Span } from './events.ts';
import { refusal } from './errors.ts';
import type { Loop } from './loop.ts';
import { infoOf, learnInfo } from './recall.ts';
import type { Registry } from './registry.ts';
import { encodeProgressRecord, encodeTorrentRecord } from './resume.ts';
import type { Torrent } from './torrent.ts';
import { torrentFile } from './codec/torrent-file.ts';
import { Bitfield } from './model/bitfield.ts';

/** The records of a torrent, as one engine of ours gives them to another. */
export interface TorrentRecords {
  readonly torrent: Uint8Array;
  /** Null where its files are not known. */
  readonly info: Uint8Array | null;
  readonly progress: Uint8Array | null;
}

/** What there is of a torrent here. */
export interface Gift {
  readonly records: TorrentRecords;
  /** Pieces that are here, verified once, or not looked at since something happened to them. */
  readonly has: Bitfield;
  /** What the store is called that has them. */
  readonly from: string;
}

/** What this store is called, where it has given something. */
const NAME_KEY = 'giver';

/** Lets another engine of ours have torrents of this one: it holds them still, says what there is of them, and where. */
export class Giving {
  /** What our store is called, for those who wait for what it has; null until it has given something. */
  name: string | null = null;
  private isNaming = false;

  constructor(
    private readonly torrents: Registry<Torrent>,
    private readonly loop: Loop,
    private readonly newName: () => string,
  ) {}

  /** The records of the engine before. */
  begin(records: ReadonlyMap<string, Uint8Array>): void {
    const name = records.get(NAME_KEY);
    if (name) this.name = new TextDecoder().decode(name);
  }

  ids(): Iterable<string> {
    return [...this.torrents.values()].map(({ id }) => id);
  }

  /** Nothing is done with it from now on; or again what it would do by itself. */
  hold(id: string, isHeld: boolean): void {
    const torrent = this.torrents.get(id);
    if (!torrent || torrent.isHeld === isHeld) return;
    this.loop.event(torrent, () => torrent.turn.review(() => (torrent.isHeld = isHeld)));
  }

  /**
   * What there is of one that is held; null where that takes another moment. Throws a Refusal where it cannot be
   * given.
   */
  gift(id: string): Gift | null {
    const torrent = this.torrents.get(id);
    if (!torrent?.started || torrent.leaving) return null;
    if (torrent.recorder.isTooLong) {
      throw refusal('list-too-long');
    }
    const { name } = this;
    if (name === null) this.takeName();
    if (name === null || torrent.substance.isLost || !isStill(torrent)) return null;
    if (!torrent.isKnown) return { records: recordsOf(torrent), has: new Bitfield(0), from: name };
    this.loop.event(torrent, now => torrent.work.recall.need(now));
    const { content } = torrent;
    if (!content?.isSettled) return null;
    // Who takes them compares them anyway.
    const has = content.downloader.have.clone();
    for (const piece of content.maybe) has.set(piece);
    return { records: recordsOf(torrent), has, from: name };
  }

  /** The list of its files was there and is not any more: what is here of it says nothing until that is known again. */
  isLost(id: string): boolean {
    return this.torrents.get(id)?.substance.isLost === true;
  }

  /** Another engine of ours knows the list of files that was lost here. */
  learn(id: string, info: Uint8Array): void {
    const torrent = this.torrents.get(id);
    if (torrent?.substance.isLost) this.loop.event(torrent, () => learnInfo(torrent, info));
  }

  /** Its .torrent file; null while what it consists of is not known, or is being read: ask again in a moment. Of v1 torrents alone. */
  torrentFile(id: string): Uint8Array<ArrayBuffer> | null {
    const torrent = this.torrents.get(id);
    if (!torrent) return null;
    this.loop.event(torrent, now => torrent.work.recall.need(now));
    const { meta, announcer, pieceHashes } = torrent;
    return meta && pieceHashes?.layers.size === 0 ? torrentFile(meta.info, announcer.urls) : null;
  }

  /** Where a part of a piece lies, in files that are open for it; null where it is not there, or not just now. */
  spans(id: string, piece: number, offset: number, length: number): readonly Span[] | null {
    const torrent = this.torrents.get(id);
    if (!torrent || !isStill(torrent)) return null;
    let spans: readonly Span[] | null = null;
    this.loop.event(torrent, now => {
      torrent.work.recall.need(now);
      torrent.content?.storage.trim();
      const { content } = torrent;
      if (content?.downloader.have.get(piece) || content?.maybe.has(piece))
        spans = content.storage.blockSpans(piece, offset, length);
    });
    return spans;
  }

  /** Others write it down, so that it is on our disk before they hear it. */
  private takeName(): void {
    if (this.isNaming) return;
    this.isNaming = true;
    const name = this.newName();
    this.loop.keep(NAME_KEY, new TextEncoder().encode(name), problem => {
      this.isNaming = false;
      if (problem === '') this.name = name;
    });
  }
}

/** Nobody is at its files. */
function isStill({ phase, isHeld }: Torrent): boolean {
  return isHeld && (phase === 'queued' || phase === 'paused' || phase === 'failed');
}

function recordsOf(torrent: Torrent): TorrentRecords {
  const { recorder, content } = torrent;
  return {
    torrent: encodeTorrentRecord(recorder.torrentRecord()),
    info: infoOf(torrent),
    progress: content ? encodeProgressRecord(recorder.progressOf(content)) : null,
  };
}
