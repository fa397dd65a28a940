import type { Content } from './content.ts';
import type { Outbox } from './effects.ts';
import { levelOf } from './priorities.ts';
import type { FilePriorities } from './priorities.ts';
import { decodeProgressRecord, encodeProgressRecord } from './resume.ts';
import type { Deletion } from './roots.ts';
import type { ProgressRecord } from './resume.ts';
import type { Listing, Whereabouts } from './whereabouts.ts';
import { Bitfield } from './model/bitfield.ts';

type Files = Listing['files'];

/** No name of a file has it. */
const BETWEEN_NAMES = '/';
const BETWEEN_FILES = '\0';

/**
 * What is kept of the content of a torrent that does nothing: what is seen of it, what would be deleted with it, and how far
 * it is. Hashes, pieces and machines are not: those come back with the record of its files.
 */
export class AtRest implements Listing {
  readonly name: string;
  readonly pieceLength: number;
  readonly pieceCount: number;
  piecesDone: number;
  /** Bytes of the wanted files, and how many of them are verified. */
  wantedSize = 0;
  wantedDone = 0;
  /** Bytes on the disk that are taken and hold nothing yet. */
  readonly empty: number;
  /** The paths of all files in one string, as ten thousand arrays of strings are many times as long. Pads have none. */
  private readonly paths: string;
  private readonly lengths: Float64Array;
  private readonly pads: Bitfield;
  /** Verified bytes of each file. */
  private readonly done: Float64Array;
  /**
   * Files that we made in this run, all that are ours to delete, and all of which there may be something on disk; the parts
   * file is the last.
   */
  private readonly made: Bitfield;
  private readonly ours: Bitfield;
  private readonly there: Bitfield;
  private progress: Uint8Array;
  /** What was made of the names when they were last looked at, as long as nobody needs its memory. */
  private seen: WeakRef<Files> | null = null;

  constructor(name: string, content: Content, progress: ProgressRecord, priorities: FilePriorities) {
    const { layout, storage } = content;
    const { parts } = storage;
    this.name = name;
    this.pieceLength = layout.pieceLength;
    this.pieceCount = layout.pieceCount;
    this.piecesDone = content.downloader.have.count;
    this.paths = layout.files.map(({ path, pad }) => (pad ? '' : path.join(BETWEEN_NAMES))).join(BETWEEN_FILES);
    this.lengths = Float64Array.from(layout.files, ({ length }) => length);
    const pads = layout.files.flatMap(({ pad }, index) => (pad ? [index] : []));
    this.pads = bits(layout.files.length, pads);
    this.done = content.fileDone.slice();
    this.empty = content.empty;
    this.made = bits(layout.files.length + 1, storage.made);
    this.ours = bits(layout.files.length + 1, content.ours());
    if (storage.made.has(parts.index) || storage.stats[parts.index]) this.ours.set(parts.index);
    this.there = bits(layout.files.length + 1, content.present());
    this.progress = encodeProgressRecord(progress);
    this.choose(priorities);
  }

  get isComplete(): boolean {
    return this.wantedDone === this.wantedSize;
  }

  /** How far it is, as it is to be recorded. */
  get record(): Uint8Array {
    return this.progress;
  }

  /** How far it is. */
  get saved(): ProgressRecord | null {
    return decodeProgressRecord(this.progress);
  }

  /** As its layout has them; pads have no path. */
  get files(): Files {
    const seen = this.seen?.deref();
    if (seen) return seen;
    const files = this.paths.split(BETWEEN_FILES).map((path, index) => ({
      path: path.split(BETWEEN_NAMES),
      length: this.lengths[index] ?? 0,
      pad: this.pads.get(index),
    }));
    this.seen = new WeakRef(files);
    return files;
  }

  /** The files, the parts file among them, of which there may be something on disk. */
  present(): Set<number> {
    return new Set(this.there.ones());
  }

  doneOf(file: number): number {
    return this.done[file] ?? 0;
  }

  /** What is wanted from now on. */
  choose(priorities: FilePriorities): void {
    this.wantedSize = 0;
    this.wantedDone = 0;
    this.lengths.forEach((length, index) => {
      if (this.pads.get(index) || levelOf(priorities, index) === 0) return;
      this.wantedSize += length;
      this.wantedDone += this.doneOf(index);
    });
  }

  /** Nothing of what is on disk is believed until it was read again; to be recorded. */
  doubtAll(): void {
    const { saved } = this;
    this.piecesDone = 0;
    this.wantedDone = 0;
    this.done.fill(0);
    if (saved) {
      const maybe = Array.from({ length: this.pieceCount }, (_, piece) => piece);
      this.progress = encodeProgressRecord({ ...saved, have: new Uint8Array(saved.have.length), maybe });
    }
  }

  /** Deletes what we made or filled: all of that but what stays, or without a `deletion` what nobody sees. */
  deleteFiles(deletion: Deletion | null, where: Whereabouts, out: Outbox): void {
    const { files } = this;
    const partsSize = this.pieceCount * this.pieceLength;
    for (const index of this.ours.ones()) {
      const file = files[index];
      if (file && (!deletion || deletion.stays?.(index) === true)) continue;
      const place = where.of(index);
      const trash = file !== undefined && this.doneOf(index) === file.length && deletion?.hasTrash(place.root) === true;
      out({ do: 'deleteFile', ...place, size: file?.length ?? partsSize, trash });
    }
  }

  /** Hands over what no record has. */
  wake(content: Content): void {
    for (const index of this.made.ones()) content.storage.made.add(index);
  }
}

function bits(size: number, indexes: Iterable<number>): Bitfield {
  const field = new Bitfield(size);
  for (const index of indexes) field.set(index);
  return field;
}
