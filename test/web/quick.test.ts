import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command, FromWorker } from '../../sw/api.ts';
import { MEMORY_LIMIT, QuickEngine } from '../../web/quick/engine.ts';
import { heldBytes } from '../../web/quick/held.ts';

/** A torrent as webtorrent gives it, of which nothing comes. */
class Torrent extends EventEmitter {
  readonly infoHash: string;
  readonly name = 'x';
  readonly wires = [];
  readonly announce = [];
  readonly pieceLength = 400_000_000;
  readonly length = 1_600_000_000;
  readonly files = Array.from({ length: 16 }, (_, at) => {
    const part = { path: `x/${at}`, length: 100_000_000, offset: at * 100_000_000, downloaded: 0, done: false };
    return { ...part, select: () => undefined };
  });
  isDestroyed = false;

  constructor(source: string) {
    super();
    this.infoHash = source;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

const added = vi.hoisted(() => [] as unknown[]) as Torrent[];
vi.mock('webtorrent/dist/webtorrent.min.js', () => ({
  default: class {
    add(source: string, { store: Store }: { store: new (length: number, options: object) => unknown }): Torrent {
      const torrent = new Torrent(source);
      const twice = added.some(({ infoHash, isDestroyed }) => infoHash === source && !isDestroyed);
      added.push(torrent);
      setTimeout(() => {
        if (twice) torrent.emit('error', new Error(`Cannot add duplicate torrent ${source}`));
        if (twice || source.startsWith('0')) return;
        torrent.emit('infoHash');
        new Store(torrent.pieceLength, { length: torrent.length });
        setTimeout(() => torrent.emit('ready'), 1);
      }, 1);
      return torrent;
    }
    on(): void {
      // It says nothing.
    }
  },
}));

describe('the memory that files take', () => {
  it('is that of the pieces that they have parts in, each counted once', () => {
    const sizes = [10, 0, 15, 30, 7];
    const held = (...wanted: number[]): number => heldBytes(sizes, 16, file => wanted.includes(file));
    expect([held(), held(0), held(1), held(2), held(0, 2), held(3), held(4), held(0, 4)]).toEqual([0, 16, 0, 32, 32, 46, 14, 30]);
    expect(held(0, 1, 2, 3, 4)).toBe(62);
  });
});

describe('the engine of a page', () => {
  const id = 'a'.repeat(40);
  let told: FromWorker[];
  let port: MessagePort;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    told = [];
    ({ port } = new QuickEngine().open());
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => told.push(data);
  });
  afterEach(() => {
    port.close();
    added.splice(0);
    vi.useRealTimers();
  });

  async function run(command: Command, ms = 10): Promise<Extract<FromWorker, { type: 'reply' }>> {
    const before = told.length;
    port.postMessage({ type: 'command', id: 1, command });
    for (let turn = 0; turn < 200; turn++) {
      await new Promise(resolve => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(ms);
      const reply = told.slice(before).find(message => message.type === 'reply');
      if (reply !== undefined) return reply;
    }
    return expect.unreachable('no reply');
  }
  const add = (uri: string, ms?: number) => run({ do: 'add', source: { kind: 'magnet', uri } }, ms);
  const start = (of: string, files: readonly number[]) =>
    run({
      do: 'start',
      id: of,
      priorities: Array.from({ length: 16 }, (_, at) => (files.includes(at) ? 'normal' : 'skip')),
      root: 'browser',
    });
  const free = (): number | undefined => told.findLast(message => message.type === 'delta')?.roots?.[0]?.free;

  it('counts whole pieces against what a page may hold, and gives all of it back', async () => {
    await add(id);
    await vi.advanceTimersByTimeAsync(10);
    const refused = await start(id, [3, 4]);
    expect(refused.error?.values['text']).toMatch(
      /This page holds 500.MB in memory, of which 500.MB are left, and what is chosen takes 800.MB/,
    );
    expect((await start(id, [0, 3])).error).toBeNull();
    expect(free()).toBe(MEMORY_LIMIT - 400_000_000);
    await run({ do: 'remove', ids: [id], withData: true });
    expect(free()).toBe(MEMORY_LIMIT);
  });

  it('forgets what could not be read in time, so that it can be added again', async () => {
    const unread = '0'.repeat(40);
    expect((await add(unread, 5_000)).error?.values['text']).toMatch(/could not be read as a torrent\. Check the link/);
    expect(added.map(({ isDestroyed }) => isDestroyed)).toEqual([true]);
    expect((await add(unread, 5_000)).error?.values['text']).toMatch(/could not be read as a torrent\. Check the link/);
  });

  it('keeps what was read in time', async () => {
    expect((await add(id)).added).toMatchObject({ id, already: false });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(added[0]?.isDestroyed).toBe(false);
    expect((await add(id)).added).toMatchObject({ id });
  });
});
