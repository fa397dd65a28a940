import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotStored } from '../../../sw/adapters/local/deposit.ts';
import { pattern, readFile, remove } from './asking.ts';
import { Lives } from './lives.ts';

/** Files that somebody brings whole: there with the last byte and their places, or not at all. */

const LENGTHS = [5_000_000, 0, 3, 2_500_000, 0];
const PATHS = [
  ['Film', 'a.bin'],
  ['Film', 'empty'],
  ['Film', '0'],
  ['Film', 'sub', 'b.bin'],
  ['Film', 'sub', 'none'],
];
const sha = (bytes: Uint8Array | null): string => createHash('sha1').update(bytes!).digest('hex');
const all = pattern(
  LENGTHS.reduce((sum, length) => sum + length, 0),
  7,
);

describe('files that are brought', () => {
  let lives: Lives;
  beforeEach(async () => {
    lives = await Lives.begin();
  });
  afterEach(() => lives.end());

  /** The bytes, in chunks that end wherever they do. */
  async function bring(bytes = all) {
    const deposit = lives.store.deposit(LENGTHS);
    const adds: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += 1_700_001) adds.push(deposit.add(bytes.slice(at, at + 1_700_001)));
    await Promise.all(adds);
    return deposit;
  }

  it('are read as they came once they have their places, in the next life too', async () => {
    const deposit = await bring();
    expect(lives.store.has('Film')).toBe(false);
    expect(await deposit.place(PATHS)).toBe(true);
    expect(lives.store.has('Film')).toBe(true);
    for (const _ of ['this life', 'the next']) {
      let at = 0;
      for (const [index, path] of PATHS.entries()) {
        expect(sha(await readFile(lives.store, path))).toBe(sha(all.slice(at, (at += LENGTHS[index]!))));
      }
      await lives.kill();
    }
    for (const path of PATHS) expect(await remove(lives.store, path)).toBeNull();
    expect(lives.disk.used).toBe(0);
  });

  it('leave nothing where the worker ends before', async () => {
    await bring();
    expect(lives.disk.used).toBe(all.length);
    await lives.kill();
    await expect.poll(() => lives.disk.used).toBe(0);
    expect(await readFile(lives.store, PATHS[0]!)).toBeNull();
  });

  it('leave nothing where they are called off, with their places or without', async () => {
    for (const isPlaced of [false, true]) {
      const deposit = await bring();
      if (isPlaced) await deposit.place(PATHS);
      await deposit.discard();
      expect(lives.disk.used).toBe(0);
      expect(lives.store.has('Film')).toBe(false);
      expect(await readFile(lives.store, PATHS[0]!)).toBeNull();
    }
  });

  it('are told to be too many for the storage, and leave nothing', async () => {
    lives.disk.quota = 4_000_000;
    const deposit = lives.store.deposit(LENGTHS);
    const added = await Promise.allSettled([deposit.add(all.slice(0, 4_500_000)), deposit.add(all.slice(4_500_000))]);
    const refused = added.flatMap(one => (one.status === 'rejected' ? [(one.reason as NotStored).problem] : []));
    expect(refused).toEqual(['full']);
    await deposit.discard();
    expect(lives.disk.used).toBe(0);
  });

  it('have no place beside files of the same name, nor with bytes that lack or are too many', async () => {
    await (await bring()).place(PATHS);
    const second = await bring();
    expect(await second.place(PATHS)).toBe(false);
    await second.discard();
    expect(await readFile(lives.store, PATHS[2]!)).toEqual(all.slice(5_000_000, 5_000_003));
    const short = lives.store.deposit([3]);
    await expect(short.place([['short']])).rejects.toMatchObject({ problem: 'io' });
    await expect(short.add(new Uint8Array(4))).rejects.toMatchObject({ problem: 'io' });
  });
});
