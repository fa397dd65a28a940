import type { PieceHashes } from './piece-hashes.ts';
import type { TorrentHashes } from './model/ids.ts';
import type { Content } from './content.ts';
import type { Outbox, RecordKind } from './effects.ts';
import type { TorrentOptions } from './options.ts';
import type { SeedingLimit } from './seeding-limit.ts';
import type { Substance } from './substance.ts';
import { encodeInfoRecord, encodeProgressRecord, encodeTorrentRecord } from './resume.ts';

import type { Leaving, ProgressRecord, TorrentRecord } from './resume.ts';

/** What of a torrent is recorded. */
export interface Recordable {
  readonly started: boolean;
  readonly hashes: TorrentHashes;
  readonly meta: { readonly info: Uint8Array } | null;
  readonly isKnown: boolean;
  readonly isPrivate: boolean;
  readonly pieceHashes: PieceHashes | null;
  readonly name: string;
  readonly announcer: { readonly urls: readonly (readonly string[])[] };
  readonly peerSet: { readonly named: readonly string[] };
  readonly webSeeds: { urls(kind: 'files' | 'pieces'): readonly string[] };
  readonly work: { readonly sources: { readonly urls: readonly string[] } };
  readonly comment: string;
  readonly addedAt: number;
  readonly isPaused: boolean;
  readonly substance: Pick<Substance, 'where' | 'priorities' | 'selectOnly' | 'atRest'>;
  readonly options: TorrentOptions;
  readonly turn: { readonly place: number };
  readonly limit: SeedingLimit;
  readonly transfer: { readonly awaited: string | null; readonly absent: ReadonlySet<number> | null };
  readonly leaving: Leaving | null;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly doneAt: number;
}

/** Ms after which a record that could not be written is written again. */
const WRITE_AGAIN = 5000;

const WRITE_SOON = 1000;

/** Bytes of a record of files and hashes beyond which none is made: what the host keeps as one value (16 MiB), less what frames the two. */
const MAX_INFO_RECORD = (16 << 20) - 1024;
/** What a layer takes there beside its hashes: its root, lengths and marks. */
const LAYER_FRAME = 64;

/** Keeps a torrent's records as it stands. That of its progress follows the flushes of its storage. */
export class Recorder {
  /** Why the last record could not be written; empty when it was. */
  unsaved = '';
  private againAt = Infinity;
  private infoAt = Infinity;
  /** That of its progress, where that of its storage does not see to it. */
  private progressAt = Infinity;
  /** Records of what the torrent is, and of what its files are, that are being written. */
  private readonly writing = { torrent: 0, info: 0 };
  /** Who waits for what the torrent is to be recorded as it stands. */
  private awaiting: ((problem: string) => void)[] = [];
  /** Whether the store has the record of its files, as they are known now. */
  isInfoKept = false;
  /** The record of its files would be longer than the host takes: it is not made, and after a restart they are fetched anew. */
  isTooLong = false;

  constructor(
    private readonly torrent: Recordable,
    private readonly out: Outbox,
  ) {}

  get isIdle(): boolean {
    return this.againAt === Infinity && this.infoAt === Infinity && this.progressAt === Infinity;
  }

  /** What the torrent is has been recorded as it stands, whatever becomes of the record of its files. */
  get isTorrentKept(): boolean {
    return this.againAt === Infinity && this.writing.torrent === 0;
  }

  /** That, and nothing of the record of its files is under way. */
  get isSettled(): boolean {
    return this.isTorrentKept && this.infoAt === Infinity && this.writing.info === 0;
  }

  /** Calls back once {@link isTorrentKept}, or with why that could not be; it is tried again then. */
  whenKept(done: (problem: string) => void): void {
    if (this.isTorrentKept) done('');
    else this.awaiting.push(done);
  }

  writeTorrent(): void {
    this.againAt = Infinity;
    if (!this.torrent.started) return;
    this.writing.torrent++;
    this.out({ do: 'record', kind: 'torrent', value: encodeTorrentRecord(this.torrentRecord()) });
  }

  /** What it is, and what was chosen for it. */
  torrentRecord(): TorrentRecord {
    const { hashes, name, announcer, peerSet, webSeeds, work, comment, addedAt, isPaused, substance, options, turn, limit } =
      this.torrent;
    return {
      hashes,
      name,
      trackers: announcer.urls,
      peers: peerSet.named,
      webSeeds: webSeeds.urls('files'),
      httpSeeds: webSeeds.urls('pieces'),
      isPrivate: this.torrent.isPrivate,
      sources: this.torrent.isKnown ? [] : work.sources.urls,
      comment,
      addedAt,
      ...substance.where.naming,
      strays: substance.where.strays,
      paused: isPaused,
      priorities: substance.priorities,
      selectOnly: substance.selectOnly,
      options,
      place: turn.place,
      stopped: limit.stopped,
      seedsOn: limit.isExempt,
      awaited: this.torrent.transfer.awaited,
      absent: this.torrent.transfer.absent,
      leaving: this.torrent.leaving,
    };
  }

  writeInfo(): void {
    this.infoAt = Infinity;
    const { started, meta, pieceHashes } = this.torrent;
    if (!started || !meta || !pieceHashes) return;
    const { layers } = pieceHashes;
    let size = meta.info.length;
    for (const layer of layers.values()) size += layer.length + LAYER_FRAME;
    this.isTooLong = size > MAX_INFO_RECORD;
    if (this.isTooLong) {
      this.isInfoKept = false;
      return;
    }
    this.writing.info++;
    this.out({ do: 'record', kind: 'info', value: encodeInfoRecord({ info: meta.info, layers }) });
  }

  /** Soon, where more of it may follow. */
  writeInfoSoon(now: number): void {
    this.infoAt = Math.min(this.infoAt, now + WRITE_SOON);
  }

  /** Soon, where more of that may follow. */
  writeSoon(now: number): void {
    this.againAt = Math.min(this.againAt, now + WRITE_SOON);
  }

  writeProgress(content: Content): void {
    this.writeEncoded(encodeProgressRecord(this.progressOf(content)));
  }

  /** Of one that is at rest. */
  writeEncoded(value: Uint8Array): void {
    this.out({ do: 'record', kind: 'progress', value });
  }

  private writeProgressAgain(content: Content | null, now: number): void {
    this.progressAt = Infinity;
    const { atRest } = this.torrent.substance;
    if (atRest) this.writeEncoded(atRest.record);
    else content?.storage.recordSoon(now);
  }

  /** How far it is, and how far it may be. */
  progressOf(content: Content): ProgressRecord {
    const maybe = new Set(content.maybe);
    for (const piece of content.downloader.active.all()) maybe.add(piece.index);
    for (const piece of content.storage.undurable()) maybe.add(piece);
    const { uploaded, downloaded, doneAt, limit } = this.torrent;
    for (const piece of content.assembly.aside()) maybe.add(piece);
    const { durable, stats } = content.storage;
    const { partials } = content.assembly;
    const isNeeded = (piece: number) => content.downloader.have.get(piece) || maybe.has(piece) || partials.has(piece);
    const parts = content.storage.parts.record(isNeeded);
    const have = durable.toBytes();
    return {
      have,
      maybe: [...maybe],
      stats,
      parts,
      partials: partials.record(),
      uploaded,
      downloaded,
      doneAt,
      seeded: limit.seeded,
    };
  }

  /** They are gone with the torrent. */
  erase(): void {
    this.writing.torrent++;
    this.writing.info++;
    this.out({ do: 'record', kind: 'torrent', value: null });
    this.out({ do: 'record', kind: 'info', value: null });
    this.out({ do: 'record', kind: 'progress', value: null });
  }

  recorded(kind: RecordKind, problem: string, content: Content | null, now: number): void {
    this.unsaved = problem;
    if (kind === 'torrent') {
      this.writing.torrent--;
      if (problem !== '') this.againAt = now + WRITE_AGAIN;
      if (problem !== '' || this.isTorrentKept) for (const done of this.awaiting.splice(0)) done(problem);
    } else if (kind === 'info') {
      this.writing.info--;
      this.isInfoKept = problem === '' && !this.isTooLong;
      if (problem !== '') this.infoAt = now + WRITE_AGAIN;
    } else if (content?.storage.stage === 'recording') {
      if (problem === '') content.storage.recorded();
      else content.storage.notRecorded(now);
    } else if (problem !== '') this.progressAt = now + WRITE_AGAIN;
  }

  tick(content: Content | null, now: number): void {
    if (now >= this.progressAt) this.writeProgressAgain(content, now);
    if (content?.storage.flush(now)) this.writeProgress(content);
    if (now >= this.againAt) this.writeTorrent();
    if (now >= this.infoAt) this.writeInfo();
  }
}
