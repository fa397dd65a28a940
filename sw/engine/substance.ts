import { AtRest } from './at-rest.ts';
import { Content } from './content.ts';
import type { ContentContext } from './content.ts';
import type { OwnPiece } from './kept.ts';
import type { TorrentOptions } from './options.ts';
import { PieceHashes } from './piece-hashes.ts';
import { skipping } from './priorities.ts';
import type { FilePriorities } from './priorities.ts';
import type { Deletion } from './roots.ts';
import type { InfoRecord, ProgressRecord, TorrentRecord } from './resume.ts';
import type { Listing } from './whereabouts.ts';
import { Whereabouts } from './whereabouts.ts';
import { leftOut } from './codec/magnet.ts';
import type { FileRange } from './codec/magnet.ts';
import type { Metainfo } from './codec/metainfo.ts';

/**
 * What a torrent consists of: nothing that is known at first of a magnet, then its files and their hashes, and what is at
 * work on them as soon as they have a place.
 */
export class Substance {
  meta: Metainfo | null = null;
  pieceHashes: PieceHashes | null = null;
  content: Content | null = null;
  readonly where: Whereabouts;
  /** What is kept of the content while it rests. */
  atRest: AtRest | null = null;
  /** Peers may come from its trackers alone (BEP 27). */
  isPrivate = false;
  /** The record of its files was there and could not be read: they are to be learnt anew. */
  isLost = false;
  /** Of its files; what `selectOnly` leaves out is skipped, until a person chose. */
  priorities: FilePriorities = new Uint8Array(0);
  /** The files that its magnet named (BEP 53). */
  selectOnly: readonly FileRange[] | null = null;

  constructor(
    private readonly torrent: {
      readonly options: TorrentOptions;
      readonly announcer: { readonly urls: readonly (readonly string[])[] };
    },
    private saved: ProgressRecord | null,
    private readonly context: Omit<ContentContext, 'where'>,
  ) {
    this.where = new Whereabouts(context.id, () => this.meta?.layout ?? this.atRest);
  }

  get root(): string {
    return this.where.naming.root;
  }

  /** Whether its files are known. */
  get isKnown(): boolean {
    return this.meta !== null || this.atRest !== null;
  }
  /** All that is wanted of it is here. */
  get isComplete(): boolean {
    return (this.content ?? this.atRest)?.isComplete ?? false;
  }
  get files(): Listing['files'] {
    return (this.meta?.layout ?? this.atRest)?.files ?? [];
  }

  /** Bytes that its files will yet take of the disk, those among them that are to come from elsewhere. */
  get lacking(): number {
    const held = this.content ?? this.atRest;
    return (held ? held.wantedSize - held.wantedDone - held.empty : 0) + this.pendingBytes;
  }
  /** Bytes of the files that are not where they are to be. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const index of this.where.pending()) bytes += this.content?.storage.stats[index]?.size ?? 0;
    return bytes;
  }

  /** Before its start: these files alone, whether they are known yet or not. */
  select(ranges: readonly FileRange[]): void {
    this.selectOnly = ranges;
    if (this.meta) this.priorities = skipping(leftOut(ranges, this.meta.layout.files));
  }

  /** What is wanted of it from now on. */
  choose(priorities: FilePriorities): void {
    this.priorities = priorities;
    this.content?.choose({ priorities, options: this.torrent.options });
    this.atRest?.choose(priorities);
  }

  /** `priorities` is null where nothing was chosen. */
  place(root: string, priorities: FilePriorities | null): void {
    this.where.place(root);
    if (priorities) this.priorities = priorities;
    this.makeContent();
  }

  /** Its files, which were not known. */
  learn(meta: Metainfo): void {
    this.hold(meta);
    // Where its record of them was lost, what was chosen stands.
    if (this.priorities.length === 0) this.priorities = skipping(leftOut(this.selectOnly, meta.layout.files));
    this.makeContent();
  }

  /** What was recorded of it; `meta` is null where its files are not known. */
  restore(record: TorrentRecord, meta: Metainfo | null, layers: InfoRecord['layers']): void {
    this.where.restore(record, record.strays);
    this.priorities = record.priorities;
    this.selectOnly = record.selectOnly;
    this.isPrivate = record.isPrivate;
    if (meta) this.hold(meta, layers);
    this.makeContent();
  }

  /** Lets go of all that its records can give back. */
  letGo(progress: ProgressRecord): void {
    const { content, meta } = this;
    if (!content || !meta) return;
    content.storage.closeAll();
    this.atRest = new AtRest(meta.name, content, progress, this.priorities);
    this.meta = null;
    this.pieceHashes = null;
    this.content = null;
  }

  /** What it had let go of is there again. */
  comeBack({ meta, layers }: { readonly meta: Metainfo; readonly layers: InfoRecord['layers'] }): void {
    const { atRest } = this;
    if (!atRest) return;
    this.atRest = null;
    this.saved = atRest.saved;
    this.hold(meta, layers);
    this.makeContent();
    if (this.content) atRest.wake(this.content);
  }

  /** What it had let go of cannot be had back. How far it is stands for when its files are known again. */
  lose(): void {
    this.saved = this.atRest?.saved ?? this.saved;
    this.atRest = null;
    this.isLost = true;
  }

  /** Buffers that outlived an engine or a connection; those that are not to be gone on with (`mayUse`) are dropped. */
  adopt(kept: readonly OwnPiece[], mayUse: boolean, now: number): void {
    const assembly = mayUse ? this.content?.assembly : null;
    for (const { piece, kept: buffer } of kept) {
      if (assembly) assembly.adopt(piece, buffer, now);
      else this.context.out({ do: 'drop', buffer: buffer.buffer });
    }
  }

  /** With a `deletion` all that we made or filled, but for what stays and what is `elsewhere` just now; without one what nobody sees. */
  deleteFiles(deletion: Deletion | null, elsewhere: (index: number) => boolean): void {
    const { content, atRest, where } = this;
    if (deletion) content?.deleteFiles(index => elsewhere(index) || deletion.stays?.(index) === true, deletion);
    if (content && !elsewhere(content.storage.parts.index)) content.storage.deleteParts();
    atRest?.deleteFiles(deletion, where, this.context.out);
  }

  private hold(meta: Metainfo, layers: InfoRecord['layers'] = new Map()): void {
    this.isPrivate = meta.isPrivate;
    this.isLost = false;
    this.meta = { ...meta, trackers: this.torrent.announcer.urls };
    this.pieceHashes = new PieceHashes(meta);
    for (const [root, layer] of layers) this.pieceHashes.learn(root, layer);
    this.where.fit(meta.layout);
  }

  private makeContent(): void {
    if (this.content || !this.pieceHashes || this.root === '') return;
    const { priorities, where } = this;
    const choice = { priorities, options: this.torrent.options };
    this.content = new Content(this.pieceHashes, choice, this.saved, { ...this.context, where });
    this.saved = null;
  }
}
