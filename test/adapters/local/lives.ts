/** A store of the browser over a disk and a database that outlive it, as they outlive a worker. */
import 'fake-indexeddb/auto';
import type { FilePlace } from '../../../sw/engine/events.ts';
import type { BufferRecord } from '../../../sw/adapters/local/records.ts';
import { LocalStore, type LocalStoreOptions } from '../../../sw/adapters/local/store.ts';
import { type Damage, Disk } from '../../fakes/folder.ts';

export const ROOT = 'browser';
let made = 0;

/** Connections to the database that are open. One that is closed begins nothing any more, as that of a worker that was ended. */
const connections = new Set<IDBDatabase>();
const openDatabase = indexedDB.open.bind(indexedDB);
indexedDB.open = (...args: Parameters<IDBFactory['open']>) => {
  const request = openDatabase(...args);
  request.addEventListener('success', () => connections.add(request.result));
  return request;
};

export class Lives {
  disk = new Disk();
  readonly database = `store ${++made}`;
  readonly lost: FilePlace[] = [];
  wall = 1_700_000_000_000;
  /** By how much of that it was set, and did not pass. */
  set = 0;
  /** How often the store was told that its database is gone. */
  gone = 0;
  readonly log: string[] = [];
  /** Of the time that the store waits, the part that it is made to. */
  pace = 1;
  private readonly timers = new Set<NodeJS.Timeout>();
  private life = 0;
  store!: LocalStore;

  static async begin(options: Partial<LocalStoreOptions> = {}): Promise<Lives> {
    const lives = new Lives();
    await lives.open(options);
    return lives;
  }

  async open(options: Partial<LocalStoreOptions> = {}): Promise<void> {
    const life = ++this.life;
    this.disk.now = () => this.wall - this.set;
    this.store = await LocalStore.open({
      folder: this.disk.root,
      database: this.database,
      root: ROOT,
      room: () => Promise.resolve(this.disk.quota - this.disk.used),
      log: (_, text) => this.log.push(text),
      wall: () => ++this.wall,
      ticks: () => this.wall - this.set,
      after: (ms, run) => {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          if (life === this.life) run();
        }, ms * this.pace);
        this.timers.add(timer);
      },
      lost: files => this.lost.push(...files),
      gone: () => (this.gone += 1),
      ...options,
    });
  }

  /** The worker is ended, wherever it was, and another one starts. */
  async kill(options: Partial<LocalStoreOptions> = {}): Promise<void> {
    this.end();
    this.disk = this.disk.again();
    await this.open(options);
  }

  /** The power goes, and what the disk had not by then: records outlive it, as they are flushed. */
  async powerCut(within: number, choose: () => Damage): Promise<void> {
    this.end();
    this.disk = this.disk.powerCut(within, choose);
    await this.open();
  }

  /** Bytes of unfinished pieces that the next life would be told of. */
  async recorded(): Promise<number> {
    const connection = [...connections].find(({ name }) => name === this.database);
    const request = connection!.transaction('buffers').objectStore('buffers').getAll() as IDBRequest<BufferRecord[]>;
    await new Promise(resolve => request.addEventListener('success', resolve));
    let bytes = 0;
    for (const { isBacked, there } of request.result) {
      const size = isBacked ? 2 : 4;
      there.forEach((value, at) => (bytes += at % size === size - 1 ? value : 0));
    }
    return bytes;
  }

  end(): void {
    this.life += 1;
    for (const connection of connections) {
      if (connection.name !== this.database) continue;
      connection.close();
      connections.delete(connection);
    }
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
