/** What this browser remembers between two lives of its worker, in IndexedDB: how it is paired, and the last list. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Log } from '../engine/ports.ts';
import type { Pairing } from './daemon-channel.ts';

interface Schema extends DBSchema {
  kept: { key: string; value: unknown };
}

const NAME = 'starling';
const VERSION = 1;
const PAIRING = 'pairing';
const EVER_CONNECTED = 'everConnected';
const ROWS = 'rows';
const WISHES = 'wishes';

/** What cannot be read or kept is as if it were not there: the browser may refuse storage altogether. */
export class BrowserMemory {
  private readonly db: Promise<IDBPDatabase<Schema>>;
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
    this.db = openDB<Schema>(NAME, VERSION, {
      upgrade: db => {
        db.createObjectStore('kept');
      },
    });
  }

  async pairing(): Promise<Pairing | null> {
    const value = await this.read(PAIRING);
    return isPairing(value) ? value : null;
  }

  keepPairing({ token, installId, port }: Pairing): void {
    this.keep(PAIRING, { token, installId, port });
  }

  async everConnected(): Promise<boolean> {
    return (await this.read(EVER_CONNECTED)) === true;
  }

  keepEverConnected(): void {
    this.keep(EVER_CONNECTED, true);
  }

  /** The last list that was kept, as it was given. */
  async rows<Row>(): Promise<readonly Row[]> {
    const value = await this.read(ROWS);
    return Array.isArray(value) ? (value as readonly Row[]) : [];
  }

  keepRows(rows: readonly unknown[]): void {
    this.keep(ROWS, rows);
  }

  /** Torrents of this browser that are to move to the helper, and where to. */
  async wishes(): Promise<readonly (readonly [id: string, root: string])[]> {
    const value = await this.read(WISHES);
    return Array.isArray(value) ? value.filter(isWish) : [];
  }

  keepWishes(wishes: readonly (readonly [id: string, root: string])[]): void {
    this.keep(WISHES, wishes);
  }

  private async read(key: string): Promise<unknown> {
    try {
      return await (await this.db).get('kept', key);
    } catch (error) {
      this.log('warn', `What this browser remembers could not be read: ${String(error)}`);
      return undefined;
    }
  }

  private keep(key: string, value: unknown): void {
    this.db
      .then(db => db.put('kept', value, key))
      .catch((error: unknown) => this.log('warn', `This browser could not remember its ${key}: ${String(error)}`));
  }
}

function isWish(value: unknown): value is readonly [id: string, root: string] {
  return Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string');
}

function isPairing(value: unknown): value is Pairing {
  if (typeof value !== 'object' || value === null) return false;
  const { token, installId, port } = value as Partial<Record<keyof Pairing, unknown>>;
  return typeof token === 'string' && typeof installId === 'string' && typeof port === 'number';
}
