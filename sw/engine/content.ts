import { Assembly } from './assembly.ts';
import type { Budget } from './budget.ts';
import { Downloader } from './download.ts';
import type { Ids, Outbox } from './effects.ts';
import type { TorrentOptions } from './options.ts';
import type { Peer } from './peer.ts';
import { Partials } from './partials.ts';
import { Parts } from './parts.ts';
import { Picker } from './picker.ts';
import { levelOf, piecePriorities } from './priorities.ts';
import type { FilePriorities, Priority } from './priorities.ts';
import { whole } from './rates.ts';
import { Suggestions } from './suggestions.ts';
import { Readers } from './readers.ts';
import { SuperSeed } from './super-seed.ts';
import { Storage } from './storage.ts';
import { Uploader } from './upload.ts';
import { Urgent } from './urgent.ts';
import { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { fromHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';
import { HashExchange } from './hash-exchange.ts';
import { LeafGiver } from './leaf-giver.ts';
import type { PieceHashes } from './piece-hashes.ts';
import type { Deletion } from './roots.ts';
import type { ProgressRecord } from './resume.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Ms that what a check could read counts as read: what cannot be read after that is something new. */
const VOUCHED_FOR = 300_000;

/** What a person chose. */
export interface Choice {
  readonly priorities: FilePriorities;
  readonly options: Pick<TorrentOptions, 'sequential' | 'firstLast' | 'superSeeding'>;
}

/** What a torrent needs of the session to go to work on its content. */
export interface ContentContext {
  readonly id: InfoHash;
  readonly where: Whereabouts;
  readonly peers: ReadonlyMap<number, Peer>;
  readonly budget: Budget;
  readonly ids: Ids;
  readonly out: Outbox;
  readonly random: () => number;
  readonly settings: () => { readonly preallocate: boolean };
}

/** A torrent whose files are known and have a place: what is wanted of them, what is here, and the machines at work. */
export class Content {
  readonly layout: Layout;
  readonly picker: Picker;
  readonly storage: Storage;
  readonly assembly: Assembly;
  readonly downloader: Downloader;
  /** What is wanted by a time, and whom it is for. */
  readonly urgent: Urgent;
  readonly readers: Readers;
  readonly uploader: Uploader;
  private readonly suggestions: Suggestions;
  readonly exchange: HashExchange;
  /** Of the limits on rates. */
  readonly share = whole();
  readonly leaves: LeafGiver;
  /** A picker's priority by index of the file; pads are not wanted. */
  private levels: FilePriorities = new Uint8Array(0);
  /** Verified bytes of each file. */
  readonly fileDone: Float64Array;
  /** Bytes of the wanted files, and how many of them are verified. */
  wantedSize = 0;
  wantedDone = 0;
  /** Pieces that may be on disk though no record vouches for them. */
  readonly maybe: Set<number>;

  /** While it is to be seeded so, and everything is here. */
  private superSeed: SuperSeed | null = null;

  /** There is something to look at: pieces may be on disk whose hashes are known only now, or may not be there any more. */
  unchecked = false;
  /** Pieces that are said to be here and could not be read for a peer. */
  readonly suspects = new Set<number>();
  /** Those of them that a check could read since, and when it last did. */
  private readonly vouched = new Set<number>();
  private vouchedAt = 0;

  private readonly out: Outbox;
  private readonly random: () => number;

  constructor(
    private readonly hashes: PieceHashes,
    private choice: Choice,
    saved: ProgressRecord | null,
    context: ContentContext,
  ) {
    this.layout = hashes.layout;
    this.out = context.out;
    this.random = context.random;
    const durable = saved ? Bitfield.parse(saved.have, this.layout.pieceCount) : null;
    const stats = Array.from({ length: this.layout.files.length + 1 }, (_, index) => saved?.stats[index] ?? null);
    const parts = new Parts(this.layout, context.id, file => this.isWanted(file), saved?.parts ?? []);
    this.maybe = new Set(saved?.maybe.filter(piece => piece < this.layout.pieceCount && !durable?.get(piece)));
    this.picker = new Picker(this.layout.pieceCount, context.random);
    const { peers, budget, ids, out, where, settings } = context;
    const kept = durable ? { durable, stats } : null;
    const allocates = (file: number): boolean => settings().preallocate && this.isWanted(file) && !this.isWhole(file);
    this.storage = new Storage(this.layout, parts, where, ids, out, allocates, kept);
    const partials = new Partials(this.layout, piece => this.storage.places(piece), saved?.partials ?? []);
    this.assembly = new Assembly(hashes, fromHex(context.id), this.picker, this.storage, partials, peers, budget, ids, out);
    this.urgent = new Urgent(this.picker, this.assembly, this.share);
    this.downloader = new Downloader(this.assembly, this.picker, peers, this.share, this.urgent, out);
    this.readers = new Readers(this.layout, this.storage, this.assembly, this.urgent, () => this.picker.isSequential, out);
    this.suggestions = new Suggestions(this.layout, this.downloader.have, peers);
    this.uploader = new Uploader(this.layout, this.downloader.have, this.storage, ids, out, (...reading) => {
      if (!this.superSeeding) this.suggestions.read(...reading);
    });
    this.exchange = new HashExchange(hashes);
    this.leaves = new LeafGiver(hashes, this.downloader.have, this.storage, this.exchange, context.out);
    this.fileDone = new Float64Array(this.layout.files.length);
    for (const piece of this.downloader.have.ones()) {
      this.picker.have(piece);
      this.count(piece, 1);
    }
    for (let piece = 0; piece < this.layout.pieceCount; piece++) this.hold(piece);
    for (const peer of context.peers.values()) this.welcome(peer);
    this.choose(choice);
  }

  /** What the peer said of its pieces before their number was known. False where it does not fit the torrent. */
  welcome(peer: Peer): boolean {
    const { bits, all, haves } = peer.early;
    const count = this.layout.pieceCount;
    const has = all ? Bitfield.full(count) : bits ? Bitfield.parse(bits, count) : new Bitfield(count);
    peer.early = { bits: null, all: false, haves: [] };
    peer.has = has ?? new Bitfield(count);
    for (const piece of haves) if (piece < count) peer.has.set(piece);
    this.picker.addPeer(peer.has);
    return has !== null && haves.every(piece => piece < count);
  }

  /** The peer has left: before its pieces are forgotten. */
  gone(peer: Peer, now: number): void {
    this.downloader.gone(peer, now);
    this.uploader.gone(peer);
    this.exchange.gone(peer);
    this.superSeeding?.gone(peer);
    this.picker.removePeer(peer.has);
  }

  /**
   * Other options. True where peers are to be told anew what there is: what they were told of our pieces cannot be taken back,
   * only begun again.
   */
  rearrange(options: Choice['options']): boolean {
    const { priorities, options: before } = this.choice;
    if (options.sequential !== before.sequential || options.firstLast !== before.firstLast) this.choose({ priorities, options });
    const superSeed = this.superSeeding;
    this.choice = { priorities, options };
    return this.superSeeding !== superSeed;
  }

  /** What is wanted from now on, and in which order. */
  choose(choice: Choice): void {
    const { priorities, options } = choice;
    this.choice = { priorities, options };
    this.levels = Uint8Array.from(this.layout.files, (file, index) => (file.pad ? 0 : levelOf(priorities, index)));
    this.wantedSize = 0;
    this.wantedDone = 0;
    this.layout.files.forEach(({ length }, index) => {
      if (!this.isWanted(index)) return;
      this.wantedSize += length;
      this.wantedDone += this.fileDone[index] ?? 0;
    });
    this.exchange.seek(file => this.isWanted(file));
    this.storage.parts.unsettle();
    this.readers.stop(file => !this.isWanted(file));
    this.picker.setSequential(options.sequential);
    piecePriorities(this.layout, this.levels, options.firstLast).forEach((level, piece) =>
      this.picker.setPriority(piece, level as Priority),
    );
  }

  isWanted(file: number): boolean {
    return (this.levels[file] ?? 0) > 0;
  }

  /** Whether all of it is verified and in its place. */
  isWhole(file: number): boolean {
    const isAside = this.storage.parts.bytesByFile(this.downloader.have).has(file);
    return !isAside && this.fileDone[file] === this.layout.files[file]?.length;
  }

  /** Once a second while it runs. */
  tick(peers: Iterable<Peer>, now: number): void {
    this.exchange.tick(peers, now);
    const { active } = this.downloader;
    if (active.changed) this.storage.recordSoon(now);
    active.changed = false;
    this.moveParts();
    if (this.superSeeding) this.superSeeding.tick(now);
    else this.suggestions.tick(now);
    this.storage.trim(file => this.readers.isIn(file));
    this.readers.tick(now);
    this.downloader.tick(now);
  }

  /** Deletes what we made or filled, but for what is `left`. */
  deleteFiles(left: (index: number) => boolean, deletion: Deletion): void {
    const aside = this.storage.parts.bytesByFile(this.downloader.have);
    for (const index of this.ours()) {
      const { place, length } = this.storage.entry(index);
      const trash = !aside.has(index) && this.fileDone[index] === length && deletion.hasTrash(place.root);
      if (!left(index)) this.out({ do: 'deleteFile', ...place, size: length, trash });
    }
  }

  /** The files, the parts file among them, of which there may be something on disk. */
  present(): Set<number> {
    const { storage } = this;
    const present = new Set(this.ours());
    for (const piece of this.maybe) for (const { file } of storage.places(piece)) if (file >= 0) present.add(file);
    const { index, isEmpty } = storage.parts;
    if (!isEmpty || storage.made.has(index) || storage.stats[index]) present.add(index);
    return present;
  }

  /** What we made or filled. A file that only has the name of one of ours is somebody else's. */
  *ours(): Generator<number> {
    const { storage } = this;
    const aside = storage.parts.bytesByFile(this.downloader.have);
    for (const [index, { length }] of this.layout.files.entries()) {
      const inside = (this.fileDone[index] ?? 0) - (aside.get(index) ?? 0);
      const isEmpty = length === 0 && this.isWanted(index);
      if (storage.made.has(index) || storage.stats[index] !== null || inside > 0 || isEmpty) yield index;
    }
  }

  /** Bytes on the disk that are taken and hold nothing yet. */
  get empty(): number {
    let bytes = 0;
    for (const index of this.storage.allocated) {
      if (this.isWanted(index)) bytes += (this.layout.files[index]?.length ?? 0) - (this.fileDone[index] ?? 0);
    }
    return bytes;
  }

  /** Whether nothing is under way, and all that is on disk is recorded. */
  get isSettled(): boolean {
    const { storage } = this;
    return storage.idle && !storage.parts.isCopying && this.assembly.active.size === 0 && !this.assembly.isParking;
  }

  /** What wanted files get without any peer: those that are empty, and what was aside. */
  fillIn(): void {
    this.moveParts();
    this.layout.files.forEach((file, index) => {
      if (file.length === 0 && this.isWanted(index)) this.storage.file(index);
    });
  }

  /** A piece was verified and is on disk. */
  gained(piece: number): void {
    this.count(piece, 1);
    this.maybe.delete(piece);
    this.urgent.gained(piece);
    this.readers.gained(piece);
    if (this.storage.parts.has(piece)) this.storage.parts.unsettle();
  }

  /** Moves what is aside of files that are wanted by now. */
  moveParts(): void {
    const { storage } = this;
    for (const move of storage.parts.next(this.downloader.have)) {
      const from = { file: storage.file(storage.parts.index), offset: move.from, length: move.length };
      this.out({ do: 'copy', move, from, to: storage.file(move.file) });
    }
  }

  /** It is not there after all. */
  lost(piece: number): void {
    if (!this.downloader.have.clear(piece)) return;
    this.storage.lose(piece);
    this.picker.lose(piece);
    this.hold(piece);
    this.count(piece, -1);
  }

  /** It was read, and is not as it should be. */
  refuted(piece: number): void {
    this.lost(piece);
    this.maybe.delete(piece);
    this.release(piece);
  }

  /** It could not be read: to come again, and to be looked at again should it not have by then. */
  unread(piece: number): void {
    this.doubtful(piece);
    this.release(piece);
  }

  /** A check could read what a peer could not be sent. */
  vouch(piece: number, now: number): void {
    if (!this.suspects.has(piece)) return;
    this.vouched.add(piece);
    this.vouchedAt = now;
  }

  /** These could not be read for a peer: they are to be looked at. False where that was just done, and found nothing. */
  suspect(pieces: readonly number[], now: number): boolean {
    if (now - this.vouchedAt > VOUCHED_FOR) this.vouched.clear();
    if (pieces.some(piece => this.vouched.has(piece))) {
      this.vouched.clear();
      return false;
    }
    for (const piece of pieces) if (this.downloader.have.get(piece)) this.suspects.add(piece);
    this.unchecked ||= this.suspects.size > 0;
    return true;
  }

  /** The store was at it when it was to be laid aside, and may have written it: that is looked at before it is fetched. */
  unsure(piece: number): void {
    this.maybe.add(piece);
    this.unchecked = true;
  }

  /** It may be there, but its hash is not known. */
  doubtful(piece: number): void {
    this.lost(piece);
    this.maybe.add(piece);
  }

  /** Nothing of what is on disk is believed until it was read again. */
  doubtAll(): void {
    for (let piece = 0; piece < this.layout.pieceCount; piece++) this.doubtful(piece);
  }

  /** The hashes of the pieces of the files with this root, in hex, are known now. */
  learned(root: string): void {
    for (const file of this.hashes.filesOf(root)) {
      const span = this.layout.piecesOf(file);
      if (!span) continue;
      for (let piece = span.first; piece <= span.last; piece++) {
        if (this.maybe.has(piece)) this.unchecked = true;
        else this.release(piece);
      }
    }
  }

  /** A piece that could not be told right from wrong is not fetched. */
  private hold(piece: number): void {
    if (!this.hashes.isKnown(piece)) this.picker.take(piece);
  }

  private release(piece: number): void {
    if (this.hashes.isKnown(piece) && !this.downloader.active.get(piece)) this.picker.putBack(piece);
  }

  /** Found on disk as it should be, by hashing. Durable once flushed. */
  found(piece: number, now: number): void {
    if (!this.downloader.have.set(piece)) return;
    this.picker.have(piece);
    this.storage.wrote(piece, 0, now);
    this.gained(piece);
  }

  /** The store went away: what was not durable yet is in doubt. */
  detach(): void {
    for (const piece of this.downloader.active.all()) this.maybe.add(piece.index);
    for (const piece of this.assembly.aside()) this.maybe.add(piece);
    this.readers.stop();
    this.assembly.detach();
    this.doubt();
    this.uploader.stop();
    this.leaves.stop();
  }

  /** What is written and not flushed may not be there: to be verified before it is believed. */
  doubt(): void {
    this.storage.closeAll();
    for (const piece of this.storage.detach()) {
      this.maybe.add(piece);
      this.lost(piece);
    }
  }

  /** The torrent stops by itself, for good where it `isOver`: what is being written may yet arrive on disk. */
  rest(now: number, isOver = false): void {
    this.readers.stop();
    this.assembly.rest(isOver);
    this.uploader.stop();
    this.leaves.stop();
    this.storage.recordSoon(now);
  }

  /** How whoever comes now is seeded, if not as usual. */
  get superSeeding(): SuperSeed | null {
    if (!this.choice.options.superSeeding || !this.downloader.have.isFull) this.superSeed = null;
    else this.superSeed ??= new SuperSeed(this.layout, piece => this.picker.availability(piece), this.random);
    return this.superSeed;
  }

  get isComplete(): boolean {
    return this.picker.wantedLeft === 0;
  }

  private count(piece: number, sign: 1 | -1): void {
    for (const { file, length } of this.layout.spans(piece)) {
      if (file < 0) continue;
      this.fileDone[file] = (this.fileDone[file] ?? 0) + sign * length;
      if (this.isWanted(file)) this.wantedDone += sign * length;
    }
  }
}
