/** Pieces that are not finished when the worker is ended. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Span } from '../../../sw/engine/events.ts';
import { BACKED } from '../../../sw/adapters/local/buffers.ts';
import { WASTE } from '../../../sw/adapters/local/keeping.ts';
import { commit, open, park, pattern, readFile, sha1, sync } from './asking.ts';
import { Lives } from './lives.ts';

const BLOCK = 16_384;
const LOOSE = '0/';
let lives: Lives;

afterEach(async () => {
  await lives.store.close();
  lives.end();
});

const loose = (): [string, Uint8Array][] => [...lives.disk.files()].filter(([path]) => path.startsWith(LOOSE));
const looseBytes = (): number => loose().reduce((sum, [, { length }]) => sum + length, 0);
const spansOf = (bytes: Uint8Array): Span[] => [{ file: 1, offset: 0, length: bytes.length }];
const blockOf = (bytes: Uint8Array, block: number): Uint8Array => bytes.subarray(block * BLOCK, (block + 1) * BLOCK);

/** Waits until a next life would be told of so many bytes. */
async function keptBytes(bytes: number): Promise<void> {
  await expect.poll(() => lives.recorded(), { interval: 20 }).toBe(bytes);
}

describe('what came of a piece', () => {
  it('is there after the worker was ended, and goes into the piece with what comes then', async () => {
    lives = await Lives.begin();
    const bytes = pattern(4 * BLOCK, 1);
    const tag = Uint8Array.of(1, 2, 3);
    await open(lives.store, 1, ['a']);
    lives.store.begin(7, bytes.length, tag, spansOf(bytes), []);
    expect(lives.store.land(7, 0, blockOf(bytes, 0))).toBe('landed');
    expect(lives.store.land(7, 2 * BLOCK, blockOf(bytes, 2))).toBe('landed');
    await keptBytes(2 * BLOCK);
    expect(await readFile(lives.store, ['a'])).toHaveLength(0);
    await lives.kill();
    const ranges = [0, 2].map(block => ({ offset: block * BLOCK, length: BLOCK }));
    expect(lives.store.kept).toEqual([{ buffer: 7, tag, length: bytes.length, state: 'open', ranges }]);
    const done = commit(lives.store, 7, [sha1(bytes)]);
    expect(lives.store.land(7, 0, blockOf(bytes, 0))).toBe('earlier');
    for (const block of [1, 3]) expect(lives.store.land(7, block * BLOCK, blockOf(bytes, block))).toBe('landed');
    expect((await done).status).toBe('ok');
    expect(await readFile(lives.store, ['a'])).toEqual(bytes);
    await expect.poll(loose).toEqual([]);
    await lives.kill();
    expect(lives.store.kept).toEqual([]);
    expect(await readFile(lives.store, ['a'])).toEqual(bytes);
  });

  it('is kept anew, once most of what was kept is of no use', async () => {
    lives = new Lives();
    lives.pace = 0.05;
    await lives.open();
    const bytes = pattern(BACKED, 2);
    await open(lives.store, 1, ['a']);
    const half = bytes.subarray(0, BACKED / 2);
    // One that lasts, beside others that come and go.
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    for (let other = 2; other < 10; other++) {
      lives.store.land(1, (other - 2) * BLOCK, blockOf(bytes, other - 2));
      lives.store.begin(other, bytes.length, Uint8Array.of(other), spansOf(bytes), []);
      lives.store.land(other, 0, half);
      await keptBytes(half.length + (other - 1) * BLOCK);
      lives.store.drop(other);
      await keptBytes((other - 1) * BLOCK);
    }
    expect(looseBytes()).toBeLessThanOrEqual(WASTE + half.length);
    await lives.kill();
    expect(lives.store.kept.map(({ ranges }) => ranges)).toEqual([[{ offset: 0, length: 8 * BLOCK }]]);
    const done = commit(lives.store, 1, [sha1(bytes)]);
    lives.store.land(1, 0, bytes);
    expect((await done).status).toBe('ok');
  });

  it('is not told of where its bytes are gone, but told to be wrong, and comes again', async () => {
    lives = await Lives.begin();
    const bytes = pattern(2 * BLOCK, 3);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    lives.store.land(1, 0, blockOf(bytes, 0));
    await keptBytes(BLOCK);
    const before = lives.disk.again();
    before.root.entries.delete('0');
    lives.disk = before;
    await lives.kill();
    const first = commit(lives.store, 1, [sha1(bytes)]);
    lives.store.land(1, BLOCK, blockOf(bytes, 1));
    expect((await first).status).toBe('mismatch');
    lives.store.reset(1, [{ offset: 0, length: bytes.length }]);
    const second = commit(lives.store, 1, [sha1(bytes)]);
    lives.store.land(1, 0, bytes);
    expect((await second).status).toBe('ok');
  });

  it('is forgotten with its file, and was never kept without a tag', async () => {
    lives = await Lives.begin();
    const bytes = pattern(2 * BLOCK, 4);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    lives.store.begin(2, bytes.length, new Uint8Array(0), spansOf(bytes), []);
    for (const buffer of [1, 2]) lives.store.land(buffer, 0, blockOf(bytes, 0));
    await keptBytes(BLOCK);
    expect(looseBytes()).toBe(BLOCK);
    lives.store.closeFile(1);
    await new Promise(resolve => lives.store.deleteFile('browser', ['a'], 2 ** 40, false, resolve));
    await keptBytes(0);
    await lives.kill();
    expect(lives.store.kept).toEqual([]);
  });
});

describe('what an earlier life left of a piece', () => {
  const bytes = pattern(4 * BLOCK, 7);
  async function left(): Promise<void> {
    lives = await Lives.begin();
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    for (const block of [0, 1]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    await keptBytes(2 * BLOCK);
    await lives.kill();
  }

  it('is read when it is needed, not before', async () => {
    await left();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(lives.disk.slices).toBe(0);
    const done = commit(lives.store, 1, [sha1(bytes)]);
    for (const block of [2, 3]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    expect((await done).status).toBe('ok');
    expect(lives.disk.slices).toBe(1);
  });

  it('is not put in the place of what came since, where it was thrown away meanwhile', async () => {
    await left();
    const parked = park(lives.store, 1);
    lives.store.reset(1, [{ offset: 0, length: BLOCK }]);
    const other = pattern(BLOCK, 99);
    const mixed = new Uint8Array([...other, ...bytes.subarray(BLOCK)]);
    expect(lives.store.land(1, 0, other)).toBe('landed');
    expect(lives.store.land(1, BLOCK, blockOf(bytes, 1))).toBe('earlier');
    expect(await parked).toEqual([{ offset: 0, length: 2 * BLOCK }]);
    const done = commit(lives.store, 1, [sha1(mixed)]);
    for (const block of [2, 3]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    expect((await done).status).toBe('ok');
    expect(await readFile(lives.store, ['a'])).toEqual(mixed);
  });

  it('stays kept where another part of the piece is thrown away', async () => {
    await left();
    lives.store.reset(1, [{ offset: 0, length: BLOCK }]);
    await keptBytes(BLOCK);
    await lives.kill();
    expect(lives.store.kept[0]?.ranges).toEqual([{ offset: BLOCK, length: BLOCK }]);
    const done = commit(lives.store, 1, [sha1(bytes)]);
    for (const block of [0, 2, 3]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    expect((await done).status).toBe('ok');
  });

  it('is not laid aside where the piece was let go or begun to be hashed meanwhile', async () => {
    await left();
    const dropped = park(lives.store, 1);
    lives.store.drop(1);
    expect(await dropped).toBeNull();
    await left();
    const parked = park(lives.store, 1);
    const done = commit(lives.store, 1, [sha1(bytes)]);
    for (const block of [2, 3]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    expect(await parked).toBeNull();
    expect((await done).status).toBe('ok');
    await expect.poll(() => [...lives.disk.files().values()].filter(({ length }) => length > 0)).toHaveLength(1);
  });
});

describe('pieces that come whole', () => {
  it('within a second are written once, and those that do not are kept within two', async () => {
    lives = await Lives.begin();
    const bytes = pattern(4 * BLOCK, 8);
    await open(lives.store, 1, ['a']);
    const begun = performance.now();
    lives.store.begin(999, bytes.length, Uint8Array.of(9), spansOf(bytes), []);
    lives.store.land(999, 0, blockOf(bytes, 0));
    // One after the other, each half there when the store looks, as they do on a line that is fast.
    for (let buffer = 1; performance.now() - begun < 1800; buffer++) {
      lives.store.begin(buffer, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
      for (const block of [0, 1, 2]) lives.store.land(buffer, block * BLOCK, blockOf(bytes, block));
      await new Promise(resolve => setTimeout(resolve, 20));
      const done = commit(lives.store, buffer, [sha1(bytes)]);
      lives.store.land(buffer, 3 * BLOCK, blockOf(bytes, 3));
      expect((await done).status).toBe('ok');
      lives.store.drop(buffer);
    }
    expect(looseBytes()).toBe(BLOCK);
    expect(await lives.recorded()).toBe(BLOCK);
  });
});

describe('a long piece', () => {
  it('stands in its files, survives the worker there, and counts once it was read back', async () => {
    lives = await Lives.begin();
    const bytes = pattern(BACKED + 3 * BLOCK, 5);
    const middle = BACKED - BLOCK;
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    for (let at = 0; at < middle; at += 1 << 20) {
      const end = Math.min(at + (1 << 20), middle);
      while (lives.store.land(1, at, bytes.subarray(at, end)) === 'full') await lives.store.room();
    }
    await keptBytes(middle);
    expect(loose()).toEqual([]);
    await lives.kill();
    expect(lives.store.kept[0]?.ranges).toEqual([{ offset: 0, length: middle }]);
    const wrong = commit(lives.store, 1, [{ ...sha1(bytes), expected: new Uint8Array(20) }]);
    lives.store.land(1, middle, bytes.subarray(middle));
    expect((await wrong).status).toBe('mismatch');
    expect((await commit(lives.store, 1, [sha1(bytes)])).status).toBe('ok');
    expect(Buffer.compare((await readFile(lives.store, ['a']))!, bytes)).toBe(0);
  });

  it('that was let go of while it is written is not found by the next life', async () => {
    lives = await Lives.begin();
    let goOn = (): void => undefined;
    lives.disk.beforeClose = () => new Promise(resolve => (goOn = resolve));
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, BACKED + 1, Uint8Array.of(1), [{ file: 1, offset: 0, length: BACKED + 1 }], []);
    lives.store.land(1, 0, pattern(1 << 20, 8));
    const before = goOn;
    await expect.poll(() => goOn).not.toBe(before);
    lives.store.drop(1);
    goOn();
    expect((await sync(lives.store, [1])).problem).toBeNull();
    expect((await readFile(lives.store, ['a']))?.length).toBe(1 << 20);
    expect((await sync(lives.store, [1])).problem).toBeNull();
    await lives.kill();
    expect(lives.store.kept).toEqual([]);
  });

  it('that was laid aside is in its file as far as it had come', async () => {
    lives = await Lives.begin();
    const bytes = pattern(4 * BLOCK, 6);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    lives.store.land(1, BLOCK, blockOf(bytes, 1));
    expect(await park(lives.store, 1)).toEqual([{ offset: BLOCK, length: BLOCK }]);
    expect((await readFile(lives.store, ['a']))?.subarray(BLOCK)).toEqual(blockOf(bytes, 1));
    await keptBytes(BLOCK);
    await lives.kill();
    const done = commit(lives.store, 1, [sha1(bytes)]);
    for (const block of [0, 2, 3]) lives.store.land(1, block * BLOCK, blockOf(bytes, block));
    expect((await done).status).toBe('ok');
    expect(await readFile(lives.store, ['a'])).toEqual(bytes);
  });

  it('is not there where it was lost while it was on its way to its files', async () => {
    lives = await Lives.begin();
    const bytes = pattern(4 * BLOCK, 6);
    await open(lives.store, 1, ['a']);
    lives.store.begin(1, bytes.length, Uint8Array.of(1), spansOf(bytes), []);
    lives.store.land(1, 0, blockOf(bytes, 0));
    expect(await park(lives.store, 1)).not.toBeNull();
    await keptBytes(BLOCK);
    let go = (): void => undefined;
    const held = new Promise<void>(resolve => (go = resolve));
    lives.disk.beforeClose = () => held;
    lives.store.land(1, BLOCK, blockOf(bytes, 1));
    lives.store.land(1, 2 * BLOCK, blockOf(bytes, 2));
    const synced = sync(lives.store, [1]);
    await new Promise(resolve => setTimeout(resolve, 20));
    lives.store.reset(1, [{ offset: BLOCK, length: BLOCK }]);
    go();
    await synced;
    await keptBytes(2 * BLOCK);
    await lives.kill();
    expect(lives.store.kept[0]?.ranges).toEqual([0, 2].map(block => ({ offset: block * BLOCK, length: BLOCK })));
  });
});
