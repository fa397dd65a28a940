/**
 * The session state of daemon-stored torrents: opaque records under keys, a file each. A write is answered when it is
 * flushed; the generation before stays beside it and is used where the newest isn't whole. Requests that arrive while a
 * flush runs share the next one. What an older engine sends after a newer one came is refused by its epoch.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StateStatus, type StateWrite } from '../../wire/control.ts';
import { flushFolder, hasCode, makePrivateFolder, writeFlushed } from './durable.ts';
import { decodeRecord, encodeRecord, fileNameOf, type StoredRecord } from './state-file.ts';

const RECORD = /^[0-9a-f]{64}\.rec$/;
const PREVIOUS = '.prev';
const TEMPORARY = '.tmp';
const DAMAGED = '.damaged';
const PARALLEL_WRITES = 8;
/** The length of a record that isn't there. */
const ABSENT = -1;

export const STATE_LIMITS = {
  valueBytes: 16 << 20,
  records: 40_000,
  totalBytes: 1 << 30,
  /** Of one page of a load. */
  pageBytes: 8 << 20,
  /** Values up to this length stay in memory … */
  cachedValueBytes: 64 << 10,
  /** … as long as all of them together stay below this. */
  cacheBytes: 64 << 20,
};

export interface WriteResult {
  readonly status: StateStatus;
  readonly detail: string;
}

/** With the value of the record where it was read, null where there is none. */
export interface ReadResult extends WriteResult {
  readonly value: Uint8Array | null;
}

export interface Page {
  readonly records: readonly StoredRecord[];
  readonly last: boolean;
}

interface Entry {
  readonly length: number;
  /** Null where it is read from its file when asked for. */
  readonly value: Uint8Array | null;
}

interface Flush {
  readonly writes: Map<string, Uint8Array | null>;
  readonly done: ((result: WriteResult) => void)[];
}

const written: WriteResult = { status: StateStatus.OK, detail: '' };

export class StateStore {
  private readonly folder: string;
  private readonly limits: typeof STATE_LIMITS;
  private readonly complain: (text: string) => void;
  private readonly entries = new Map<string, Entry>();
  private cached = 0;
  /** What will be there once everything accepted is written: the limits are about that. */
  private readonly promised = { lengths: new Map<string, number>(), records: 0, bytes: 0 };
  private epoch = 0;
  private next: Flush | null = null;
  private flushing: Promise<void> = Promise.resolve();
  private keysInOrder: readonly string[] | null = null;

  /** Reads what is there. `complain` hears of every record that wasn't whole. */
  constructor(folder: string, complain: (text: string) => void, limits: Partial<typeof STATE_LIMITS> = {}) {
    this.folder = folder;
    this.complain = complain;
    this.limits = { ...STATE_LIMITS, ...limits };
    makePrivateFolder(folder);
    this.readAll();
  }

  get size(): number {
    return this.entries.size;
  }

  /** From here on only this epoch, or a newer one, may write. */
  fence(epoch: number): void {
    this.epoch = Math.max(this.epoch, epoch);
  }

  /** Resolves when all of the writes are flushed, or with why none was begun. The values aren't copied until then. */
  write(epoch: number, writes: readonly StateWrite[]): Promise<WriteResult> {
    if (epoch < this.epoch) return Promise.resolve(this.stale(epoch));
    const over = this.reserve(writes);
    if (over !== '') return Promise.resolve({ status: StateStatus.FULL, detail: over });
    return new Promise(resolve => {
      if (this.next === null) {
        const flush: Flush = { writes: new Map(), done: [] };
        this.next = flush;
        this.flushing = this.flushing.then(() => this.flush(flush));
      }
      for (const { key, value } of writes) this.next.writes.set(key, value);
      this.next.done.push(resolve);
    });
  }

  /** The records whose keys follow `after`, after all writes that were accepted before. */
  async load(after: string): Promise<Page> {
    await this.flushing;
    this.keysInOrder ??= [...this.entries.keys()].sort();
    const keys = this.keysInOrder;
    const records: StoredRecord[] = [];
    let bytes = 0;
    let at = firstAfter(keys, after);
    for (; at < keys.length; at++) {
      const key = keys[at]!;
      const entry = this.entries.get(key);
      if (entry === undefined) continue;
      if (records.length > 0 && bytes + entry.length > this.limits.pageBytes) break;
      const value = entry.value ?? (await this.readWhole(key));
      if (value === null) continue;
      bytes += value.length;
      records.push({ key, value });
    }
    return { records, last: at >= keys.length };
  }

  /** One record, after all writes that were accepted before; `value` is null where there is none. */
  async read(epoch: number, key: string): Promise<ReadResult> {
    if (epoch < this.epoch) return { ...this.stale(epoch), value: null };
    await this.flushing;
    const entry = this.entries.get(key);
    if (entry === undefined) return { ...written, value: null };
    const value = entry.value ?? (await this.readWhole(key));
    return value === null ? { status: StateStatus.FAILED, detail: 'the record is not whole', value } : { ...written, value };
  }

  /** Resolves when nothing waits to be flushed. */
  async settled(): Promise<void> {
    await this.flushing;
  }

  private stale(epoch: number): WriteResult {
    return { status: StateStatus.STALE_EPOCH, detail: `epoch ${epoch} was followed by ${this.epoch}` };
  }

  /** Counts the writes in, or says why they would not fit. */
  private reserve(writes: readonly StateWrite[]): string {
    const lengths = new Map<string, number>();
    for (const { key, value } of writes) {
      if (value !== null && value.length > this.limits.valueBytes)
        return `a record may be ${this.limits.valueBytes} bytes at most`;
      lengths.set(key, value === null ? ABSENT : value.length);
    }
    let { records, bytes } = this.promised;
    for (const [key, length] of lengths) {
      const before = this.promised.lengths.get(key) ?? ABSENT;
      records += Number(length !== ABSENT) - Number(before !== ABSENT);
      bytes += Math.max(length, 0) - Math.max(before, 0);
    }
    if (records > this.limits.records) return `no more than ${this.limits.records} records are kept`;
    if (bytes > this.limits.totalBytes) return `no more than ${this.limits.totalBytes} bytes are kept in all`;
    for (const [key, length] of lengths) this.promise(key, length);
    return '';
  }

  private promise(key: string, length: number): void {
    const { lengths } = this.promised;
    const before = lengths.get(key) ?? ABSENT;
    this.promised.records += Number(length !== ABSENT) - Number(before !== ABSENT);
    this.promised.bytes += Math.max(length, 0) - Math.max(before, 0);
    if (length === ABSENT) lengths.delete(key);
    else lengths.set(key, length);
  }

  private async flush(flush: Flush): Promise<void> {
    // What arrives from now on belongs to the next one.
    this.next = null;
    const result = await this.putAll(flush.writes).then(() => written, failure);
    if (result.status !== StateStatus.OK) this.takeBack(flush);
    for (const done of flush.done) done(result);
  }

  /** After a failed flush: counts what really is there, but for what is to be written again anyway. */
  private takeBack(flush: Flush): void {
    const next: Flush | null = this.next;
    for (const key of flush.writes.keys()) {
      if (next?.writes.has(key) !== true) this.promise(key, this.entries.get(key)?.length ?? ABSENT);
    }
  }

  private async putAll(writes: ReadonlyMap<string, Uint8Array | null>): Promise<void> {
    const suffix = `.${randomBytes(4).toString('hex')}${TEMPORARY}`;
    const queue = [...writes];
    const prepared: (readonly [string, Uint8Array | null])[] = [];
    const prepare = async (): Promise<void> => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
        const [key, value] = item;
        if (value !== null) await writeFlushed(this.pathOf(key) + suffix, encodeRecord({ key, value }));
        prepared.push(item);
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: PARALLEL_WRITES }, prepare));
    const failed = lanes.find(lane => lane.status === 'rejected');
    if (failed !== undefined) {
      for (const [key] of prepared) await unlink(this.pathOf(key) + suffix).catch(() => undefined);
      throw failed.reason;
    }
    for (const [key, value] of prepared) {
      const path = this.pathOf(key);
      if (value === null) {
        // The older generation first: else it would stand for the record after a crash in between.
        await removeIfThere(path + PREVIOUS);
        await removeIfThere(path);
      } else {
        if (this.entries.has(key)) await rename(path, path + PREVIOUS).catch(ignoreMissing);
        await rename(path + suffix, path);
      }
      this.remember(key, value);
    }
    await flushFolder(this.folder);
  }

  private remember(key: string, value: Uint8Array | null): void {
    const before = this.entries.get(key);
    if (before !== undefined && before.value !== null) this.cached -= before.length;
    if ((before === undefined) !== (value === null)) this.keysInOrder = null;
    if (value === null) {
      this.entries.delete(key);
      return;
    }
    const fits = value.length <= this.limits.cachedValueBytes && this.cached + value.length <= this.limits.cacheBytes;
    // A copy: the value is a view of a whole message or file.
    this.entries.set(key, { length: value.length, value: fits ? Uint8Array.from(value) : null });
    if (fits) this.cached += value.length;
  }

  private readAll(): void {
    const names = readdirSync(this.folder);
    for (const name of names) {
      if (name.endsWith(TEMPORARY)) rmSync(join(this.folder, name), { recursive: true, force: true });
    }
    const stems = names.map(name => (name.endsWith(PREVIOUS) ? name.slice(0, -PREVIOUS.length) : name));
    for (const name of new Set(stems.filter(stem => RECORD.test(stem)))) {
      const record = this.wholeRecord(name) ?? this.olderRecord(name);
      if (record === null) {
        this.complain(`the state record ${name} is not whole and has no older copy; it is left out, and put aside`);
        this.putAside(name);
        this.putAside(name + PREVIOUS);
        continue;
      }
      this.promise(record.key, record.value.length);
      this.remember(record.key, record.value);
    }
  }

  /** The generation before, moved to the place of the newest, so that the next write can't push it out. */
  private olderRecord(name: string): StoredRecord | null {
    const record = this.wholeRecord(name, PREVIOUS);
    if (record === null) return null;
    this.putAside(name);
    renameSync(join(this.folder, name + PREVIOUS), join(this.folder, name));
    this.complain(`the state record ${record.key} was not whole; its older copy is used`);
    return record;
  }

  /** What stands in the place of a record, whatever it is, is in its way no more, and not lost. */
  private putAside(name: string): void {
    const path = join(this.folder, name);
    if (existsSync(path)) renameSync(path, `${path}.${randomBytes(4).toString('hex')}${DAMAGED}`);
  }

  private wholeRecord(name: string, suffix = ''): StoredRecord | null {
    try {
      const record = decodeRecord(readFileSync(join(this.folder, name + suffix)));
      return record !== null && fileNameOf(record.key) === name ? record : null;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'EISDIR', 'EACCES', 'EPERM', 'EIO', 'ELOOP')) return null;
      throw error;
    }
  }

  private async readWhole(key: string): Promise<Uint8Array | null> {
    const path = this.pathOf(key);
    for (const candidate of [path, path + PREVIOUS]) {
      const file = await readFile(candidate).catch(() => null);
      const record = file === null ? null : decodeRecord(file);
      if (record !== null && record.key === key) return record.value;
    }
    this.complain(`the state record ${key} can't be read; it is left out`);
    return null;
  }

  private pathOf(key: string): string {
    return join(this.folder, fileNameOf(key));
  }
}

function firstAfter(keys: readonly string[], after: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function failure(error: unknown): WriteResult {
  const status = hasCode(error, 'ENOSPC', 'EDQUOT') ? StateStatus.FULL : StateStatus.FAILED;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return { status, detail: status === StateStatus.FULL ? 'the disk that holds the home folder is full' : code };
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing);
}
