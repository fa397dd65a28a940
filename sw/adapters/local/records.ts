/**
 * What the store remembers, in IndexedDB. Writes are put together and leave in few transactions, in their order; what takes something
 * away that is not to be there any more goes in one of its own before them, so that a full disk cannot keep it.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

/** A file, by group and number: its path below the root, and when something happened to it that no segment tells, ms since 1970. */
export interface FileRecord {
  readonly path: string;
  readonly touched: number;
}

/** A piece that is not finished, by the number of its buffer. All numbers stand one after the other. */
export interface BufferRecord {
  readonly tag: Uint8Array;
  readonly length: number;
  /** Group and number of the file (0, 0 for zeros), offset, length. */
  readonly places: readonly number[];
  /** Whether what is there stands in its files; else in loose segments. */
  readonly isBacked: boolean;
  /** In its files: offset, length. In loose segments: segment, place in it, offset, length. */
  readonly there: readonly number[];
}

/** All segments of a group at some time, and what of its files lies in them. */
export interface FoldRecord {
  /** No segment with a number up to this is left out. */
  readonly upTo: number;
  /** Id, length, time, sum. */
  readonly segments: Float64Array;
  /** File, offset, length, id of the segment, place in it; by file and offset. */
  readonly extents: Float64Array;
}

/** Length, time and sum, then for each part, in the order in which they lie in it: file, offset, length. */
export type SegmentRecord = Float64Array;

interface Schema extends DBSchema {
  /**
   * `epoch`: how often a store was opened. `synced`: what a flush has to write. `sound/ID`, of a group: segments that were written until
   * then are on the disk for sure, ms since 1970.
   */
  meta: { key: string; value: number };
  /** By the first component of a path: the groups that have files below it. */
  tops: { key: string; value: readonly number[] };
  files: { key: [number, number]; value: FileRecord };
  segments: { key: [number, number]; value: SegmentRecord };
  folds: { key: number; value: FoldRecord };
  buffers: { key: number; value: BufferRecord };
}

type Store = 'meta' | 'tops' | 'files' | 'segments' | 'folds' | 'buffers';
const STORES: readonly Store[] = ['meta', 'tops', 'files', 'segments', 'folds', 'buffers'];
type Key = string | number | [number, number];
type Op = { readonly store: Store; readonly key: Key | IDBKeyRange; readonly value: Schema[Store]['value'] | null };

const VERSION = 1;
/** Ms that what is put waits for more: a transaction costs much the same whatever is in it. */
const SOON = 100;

export class Records {
  /** By store and key. */
  private pending = new Map<string, Op>();
  private releases = new Map<string, Op>();
  private turn: Promise<unknown> = Promise.resolve();
  private isDue = false;

  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly after: (ms: number, run: () => void) => void,
  ) {}

  /** `gone` is told once nothing is kept there any more: the browser has closed it, or somebody wants it deleted or newer. */
  static async open(name: string, after: (ms: number, run: () => void) => void, gone: () => void): Promise<Records> {
    const db = await openDB<Schema>(name, VERSION, {
      upgrade: made => {
        for (const store of STORES) made.createObjectStore(store);
      },
      // Who waits for us waits for ever.
      blocking: () => {
        db.close();
        gone();
      },
      terminated: gone,
    });
    return new Records(db, after);
  }

  /** How often a store was opened with this database. */
  async epoch(): Promise<number> {
    return (await this.db.get('meta', 'epoch')) ?? 0;
  }

  /** Counts this opening, from `least` on; it is kept when this resolves. */
  async nextEpoch(least: number): Promise<number> {
    const transaction = this.db.transaction('meta', 'readwrite', { durability: 'strict' });
    const epoch = Math.max(((await transaction.store.get('epoch')) ?? 0) + 1, least);
    await transaction.store.put(epoch, 'epoch');
    await transaction.done;
    return epoch;
  }

  async tops(): Promise<Map<string, readonly number[]>> {
    const { store } = this.db.transaction('tops');
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return new Map(keys.map((key, at) => [key, values[at] ?? []]));
  }

  async buffers(): Promise<[number, BufferRecord][]> {
    const { store } = this.db.transaction('buffers');
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return keys.flatMap((key, at) => (values[at] ? [[key, values[at]]] : []));
  }

  /** All that there is of a group, files and segments in the order of their numbers. What waits to be written is not among it. */
  async group(
    group: number,
  ): Promise<{ files: [number, FileRecord][]; segments: [number, SegmentRecord][]; fold: FoldRecord | null; sound: number }> {
    const transaction = this.db.transaction(['files', 'segments', 'folds', 'meta']);
    const [files, segments] = [transaction.objectStore('files'), transaction.objectStore('segments')];
    const range = all(group);
    const [fileKeys, fileValues, segmentKeys, segmentValues, fold, sound] = await Promise.all([
      files.getAllKeys(range),
      files.getAll(range),
      segments.getAllKeys(range),
      segments.getAll(range),
      transaction.objectStore('folds').get(group),
      transaction.objectStore('meta').get(soundOf(group)),
    ]);
    return {
      files: fileKeys.flatMap(([, id], at) => (fileValues[at] ? [[id, fileValues[at]]] : [])),
      segments: segmentKeys.flatMap(([, id], at) => (segmentValues[at] ? [[id, segmentValues[at]]] : [])),
      fold: fold ?? null,
      sound: sound ?? 0,
    };
  }

  putTop(top: string, groups: readonly number[]): void {
    this.add({ store: 'tops', key: top, value: groups.length > 0 ? groups : null });
  }

  putFile(group: number, file: number, value: FileRecord): void {
    this.add({ store: 'files', key: [group, file], value });
  }

  putSegment(group: number, segment: number, value: SegmentRecord): void {
    this.add({ store: 'segments', key: [group, segment], value });
  }

  deleteSegment(group: number, segment: number): void {
    this.add({ store: 'segments', key: [group, segment], value: null });
  }

  putSound(group: number, value: number): void {
    this.add({ store: 'meta', key: soundOf(group), value });
  }

  /** Takes the place of all records of segments of the group up to that one. */
  fold(group: number, value: FoldRecord): void {
    const { upTo } = value;
    this.add({ store: 'folds', key: group, value });
    for (const [name, { store, key }] of this.pending) {
      if (store === 'segments' && Array.isArray(key) && key[0] === group && key[1] <= upTo) this.pending.delete(name);
    }
    this.add({ store: 'segments', key: IDBKeyRange.bound([group, 0], [group, upTo]), value: null }, `segments/${group}/fold`);
  }

  putBuffer(buffer: number, value: BufferRecord | null): void {
    this.add({ store: 'buffers', key: buffer, value });
  }

  releaseFile(group: number, file: number): void {
    this.release({ store: 'files', key: [group, file], value: null });
  }

  /** All of a group, once nothing belongs to it any more. */
  releaseGroup(group: number): void {
    for (const [name, { key }] of this.pending) if (Array.isArray(key) && key[0] === group) this.pending.delete(name);
    this.pending.delete(`segments/${group}/fold`);
    this.release({ store: 'folds', key: group, value: null });
    this.release({ store: 'meta', key: soundOf(group), value: null });
    this.release({ store: 'segments', key: all(group), value: null }, `segments/${group}`);
    this.release({ store: 'files', key: all(group), value: null }, `files/${group}`);
  }

  releaseTop(top: string): void {
    this.release({ store: 'tops', key: top, value: null });
  }

  /** Resolves once all that was put before is recorded; with `isStrict`, so that it stays through a loss of power. Throws what the browser throws. */
  flush(isStrict: boolean): Promise<void> {
    return this.inTurn(() => this.leave(isStrict));
  }

  /** Resolves once what was to be taken away is. */
  flushReleases(): Promise<void> {
    return this.inTurn(() => this.leaveReleases());
  }

  async close(): Promise<void> {
    await this.turn;
    this.db.close();
  }

  private add(op: Op, name = nameOf(op)): void {
    this.pending.set(name, op);
    this.soon();
  }

  private release(op: Op, name = nameOf(op)): void {
    this.pending.delete(nameOf(op));
    this.releases.set(name, op);
    this.soon();
  }

  private soon(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.after(SOON, () => {
      this.isDue = false;
      // What fails stays, and leaves with the next.
      this.flush(false).catch(() => undefined);
    });
  }

  private inTurn(run: () => Promise<void>): Promise<void> {
    const mine = this.turn.then(run);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async leave(isStrict: boolean): Promise<void> {
    await this.leaveReleases();
    const batch = this.pending;
    if (batch.size === 0 && !isStrict) return;
    this.pending = new Map();
    try {
      // An empty transaction is not flushed, and with it nothing that went before.
      const ops = [...batch.values()];
      if (isStrict) ops.push({ store: 'meta', key: 'synced', value: 0 });
      await this.transact(ops, isStrict);
    } catch (error) {
      for (const [name, op] of batch) if (!this.pending.has(name) && !this.isReleased(op)) this.pending.set(name, op);
      throw error;
    }
  }

  /** Whether it is of what is to be taken away. */
  private isReleased(op: Op): boolean {
    const { store, key } = op;
    return this.releases.has(nameOf(op)) || (Array.isArray(key) && this.releases.has(`${store}/${key[0]}`));
  }

  private async leaveReleases(): Promise<void> {
    const batch = this.releases;
    if (batch.size === 0) return;
    this.releases = new Map();
    try {
      await this.transact([...batch.values()], true);
    } catch (error) {
      for (const [name, op] of batch) if (!this.releases.has(name)) this.releases.set(name, op);
      throw error;
    }
  }

  private async transact(ops: readonly Op[], isStrict: boolean): Promise<void> {
    const transaction = this.db.transaction(STORES, 'readwrite', { durability: isStrict ? 'strict' : 'relaxed' });
    const done = transaction.done;
    try {
      // The last of them tells of all, as they are carried out in their order.
      for (const { store, key, value } of ops) {
        const target = transaction.objectStore(store);
        const asked = value === null ? target.delete(key) : target.put(value, key);
        asked.catch(() => undefined);
      }
    } catch (error) {
      transaction.abort();
      await done.catch(() => undefined);
      throw error;
    }
    await done;
  }
}

function nameOf({ store, key }: Op): string {
  return `${store}/${String(key)}`;
}

function soundOf(group: number): string {
  return `sound/${group}`;
}

/** Keys of all that a group has. */
function all(group: number): IDBKeyRange {
  return IDBKeyRange.bound([group], [group, []]);
}
