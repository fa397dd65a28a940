/**
 * StateStore of the browser by itself: the records are in IndexedDB. Writes that come while one is being flushed leave together, in one
 * transaction, each key with its newest value.
 */
import { openDB, type DBSchema } from 'idb';
import type { StateStore } from '../../engine/ports.ts';

export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** As many as the host keeps, see docs/LIMITS.md. Bytes. */
export const RECORD_LIMITS = {
  valueBytes: 16 << 20,
  records: 40_000,
  totalBytes: 1 << 30,
  /** What may wait behind the write that is under way. */
  queueBytes: 64 << 20,
};

/** Where they are kept. What it rejects with is the browser's. */
export interface RecordKeeper {
  load(): Promise<readonly StateRecord[]>;
  read(key: string): Promise<Uint8Array | null>;
  /** Resolves when all of them are on the disk; else none is. A value of null deletes. */
  write(writes: ReadonlyMap<string, Uint8Array | null>): Promise<void>;
}

interface Schema extends DBSchema {
  records: { key: string; value: Uint8Array };
}

const VERSION = 1;

/** `gone` is told why nothing is kept there any more: a newer version of the app needs it, or the browser took it away. */
export async function openRecords(name: string, gone: (problem: string) => void): Promise<RecordKeeper> {
  const db = await openDB<Schema>(name, VERSION, {
    upgrade: made => {
      made.createObjectStore('records');
    },
    // Somebody wants to delete it, or has a newer version of it: who waits for us waits for ever.
    blocking: () => {
      db.close();
      gone('The storage of this app was cleared, or a newer version of it is open.');
    },
    terminated: () => gone('The browser has closed the storage of this app.'),
  });
  return {
    load: async () => {
      const { store } = db.transaction('records');
      const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return keys.flatMap((key, at) => (values[at] instanceof Uint8Array ? [{ key, value: values[at] }] : []));
    },
    read: async key => (await db.get('records', key)) ?? null,
    write: async writes => {
      const transaction = db.transaction('records', 'readwrite', { durability: 'strict' });
      const all = [...writes].map(([key, value]) =>
        value === null ? transaction.store.delete(key) : transaction.store.put(value, key),
      );
      await Promise.all([...all, transaction.done]);
    },
  };
}

interface Batch {
  readonly writes: Map<string, Uint8Array | null>;
  readonly done: ((problem: string) => void)[];
}

export class SessionRecords implements StateStore {
  private next: Batch | null = null;
  private queued = 0;
  private isWriting = false;
  /** What will be there once everything accepted is written, bytes by key. */
  private readonly lengths = new Map<string, number>();
  private total = 0;
  private problem = '';

  constructor(
    private readonly keeper: Promise<RecordKeeper>,
    private readonly limits = RECORD_LIMITS,
  ) {
    keeper.catch((error: unknown) => this.gone(problemOf(error)));
  }

  /** Once, and first. @throws {Error} with a sentence for people */
  async load(): Promise<readonly StateRecord[]> {
    try {
      const records = await (await this.keeper).load();
      for (const { key, value } of records) this.count(key, value.length);
      return records;
    } catch (error) {
      throw new Error(this.problem || problemOf(error), { cause: error });
    }
  }

  /** Nothing is kept any more. */
  gone(problem: string): void {
    this.problem ||= problem;
  }

  write(writes: readonly { readonly key: string; readonly value: Uint8Array | null }[], done: (problem: string) => void): void {
    const size = writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    const problem = this.problem || this.refusal(writes, size);
    if (problem !== '') return queueMicrotask(() => done(problem));
    this.next ??= { writes: new Map(), done: [] };
    for (const { key, value } of writes) {
      this.count(key, value?.length ?? null);
      this.next.writes.set(key, value);
    }
    this.queued += size;
    this.next.done.push(done);
    if (!this.isWriting) void this.flush();
  }

  /** Resolves when all that was written so far is kept, or was refused. */
  settled(): Promise<void> {
    return new Promise(resolve => this.write([], () => resolve()));
  }

  read(key: string, done: (problem: string, value: Uint8Array | null) => void): void {
    if (this.problem !== '') return queueMicrotask(() => done(this.problem, null));
    this.keeper
      .then(keeper => keeper.read(key))
      .then(
        value => done('', value),
        (error: unknown) => done(problemOf(error), null),
      );
  }

  private refusal(writes: readonly { readonly key: string; readonly value: Uint8Array | null }[], size: number): string {
    const { valueBytes, records, totalBytes, queueBytes } = this.limits;
    if (this.queued + size > queueBytes) return 'The browser is too slow to keep what is written.';
    let count = this.lengths.size;
    let total = this.total;
    for (const { key, value } of writes) {
      if (value === null) continue;
      if (value.length > valueBytes) return 'It is too long to be kept.';
      const before = this.lengths.get(key);
      if (before === undefined) count += 1;
      total += value.length - (before ?? 0);
    }
    if (count > records && count > this.lengths.size) return `It would be more than ${records} records.`;
    return total > totalBytes && total > this.total ? 'There are too many records. Remove some torrents.' : '';
  }

  private async flush(): Promise<void> {
    this.isWriting = true;
    for (let batch = this.next; batch !== null; batch = this.next) {
      this.next = null;
      this.queued = 0;
      const problem = await this.keep(batch);
      for (const done of batch.done) done(problem);
    }
    this.isWriting = false;
  }

  private async keep({ writes }: Batch): Promise<string> {
    try {
      await (await this.keeper).write(writes);
      return '';
    } catch (error) {
      return this.problem || problemOf(error);
    }
  }

  /** `length`: null where it is not there. */
  private count(key: string, length: number | null): void {
    this.total += (length ?? 0) - (this.lengths.get(key) ?? 0);
    if (length === null) this.lengths.delete(key);
    else this.lengths.set(key, length);
  }
}

/** What the browser says of its database, for people. */
export function problemOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  switch (name) {
    case 'QuotaExceededError':
      return 'The storage of this browser is full.';
    case 'VersionError':
      return 'A newer version of the app was used here. Reload this page.';
    case 'SecurityError':
    case 'InvalidStateError':
    case 'NotAllowedError':
      return 'This browser keeps no data for the app. A private window, or its settings, may be why.';
    default:
      return `This browser could not keep or give back the app's data (${name || 'error'}: ${message}).`;
  }
}
