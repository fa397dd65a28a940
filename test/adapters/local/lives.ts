/** A store of the browser over a disk and a database that outlive it, as they outlive a worker. */
import 'fake-indexeddb/auto';
import type { FilePlace } from '../../../sw/engine/events.ts';
import { LocalStore, type LocalStoreOptions } from '../../../sw/adapters/local/store.ts';
import { Disk } from '../../fakes/folder.ts';

export const ROOT = 'browser';
let made = 0;

export class Lives {
  disk = new Disk();
  readonly database = `store ${++made}`;
  readonly lost: FilePlace[] = [];
  wall = 1_700_000_000_000;
  readonly log: string[] = [];
  private timers = new Set<NodeJS.Timeout>();
  private life = 0;
  store!: LocalStore;

  static async begin(options: Partial<LocalStoreOptions> = {}): Promise<Lives> {
    const lives = new Lives();
    await lives.open(options);
    return lives;
  }

  async open(options: Partial<LocalStoreOptions> = {}): Promise<void> {
    const life = ++this.life;
    this.store = await LocalStore.open({
      folder: this.disk.root,
      database: this.database,
      root: ROOT,
      log: (_, text) => this.log.push(text),
      wall: () => ++this.wall,
      after: (ms, run) => {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          if (life === this.life) run();
        }, ms);
        this.timers.add(timer);
      },
      estimate: () => Promise.resolve({ usage: this.disk.used, quota: 1 << 30 }),
      lost: files => this.lost.push(...files),
      ...options,
    });
  }

  /** The worker is ended, wherever it was, and another one starts. */
  async kill(options: Partial<LocalStoreOptions> = {}): Promise<void> {
    this.end();
    this.disk = this.disk.again();
    await this.open(options);
  }

  end(): void {
    this.life += 1;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
