/** Each limit of the store of the browser, and what becomes of more. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_READ } from '../../../sw/adapters/local/blocks.ts';
import {
  BACKED,
  DIGESTS,
  HELD_BY_ALL,
  OPEN_BUFFERS,
  OPEN_BYTES,
  RANGES,
  UNACKNOWLEDGED,
} from '../../../sw/adapters/local/buffers.ts';
import { REMOVALS } from '../../../sw/adapters/local/catalogue.ts';
import { LOOKS } from '../../../sw/adapters/local/doubts.ts';
import { CHANGES, OPEN_FILES } from '../../../sw/adapters/local/open-files.ts';
import { Spare, SPARE } from '../../../sw/adapters/local/spare.ts';
import { CHUNKS } from '../../../sw/adapters/local/spans.ts';
import { COPIES, READS, WHOLES } from '../../../sw/adapters/local/store.ts';
import { Turns } from '../../../sw/adapters/local/turns.ts';
import { FLIGHTS, SEGMENT_BYTES } from '../../../sw/adapters/local/writer.ts';
import { commit, open, park, pattern, read, remove, sha1 } from './asking.ts';
import { Lives, ROOT } from './lives.ts';

let lives: Lives;
let refused: [number, string][];

beforeEach(async () => {
  lives = await Lives.begin();
  refused = [];
  lives.store.onRefused((buffer, problem) => refused.push([buffer, problem]));
  await open(lives.store, 1, ['a']);
});
afterEach(async () => {
  lives.disk.beforeClose = () => Promise.resolve();
  await lives.store.close();
  lives.end();
});

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const begin = (buffer: number, length: number, there: { offset: number; length: number }[] = []): void =>
  lives.store.begin(buffer, length, Uint8Array.of(1), [{ file: 1, offset: 0, length }], there);

describe('pieces in the making', () => {
  it('are so many and no more, until one is let go', async () => {
    for (let buffer = 1; buffer <= OPEN_BUFFERS + 1; buffer++) begin(buffer, 10);
    await turn();
    expect(refused).toEqual([[OPEN_BUFFERS + 1, 'limit']]);
    lives.store.drop(1);
    begin(1, 10);
    begin(1, 10);
    await turn();
    expect(refused.slice(1)).toEqual([[1, 'io']]);
  });

  it('have so much memory together and no more; long ones have none', async () => {
    const count = OPEN_BYTES / BACKED;
    for (let buffer = 1; buffer <= count + 1; buffer++) begin(buffer, BACKED);
    begin(count + 2, BACKED + 1);
    begin(count + 3, BACKED, [{ offset: 0, length: 1 }]);
    await turn();
    expect(refused).toEqual([[count + 1, 'limit']]);
  });

  it('have their memory until they are written where they are laid aside', async () => {
    const goOn: (() => void)[] = [];
    lives.disk.beforeClose = () => new Promise(resolve => goOn.push(resolve));
    const count = OPEN_BYTES / BACKED;
    for (let buffer = 1; buffer <= count; buffer++) begin(buffer, BACKED);
    lives.store.land(1, 0, pattern(1 << 20, 1));
    const parked = park(lives.store, 1);
    await expect.poll(() => goOn.length).toBe(1);
    begin(count + 1, BACKED);
    await turn();
    expect(refused).toEqual([[count + 1, 'limit']]);
    goOn[0]!();
    expect(await parked).toEqual([{ offset: 0, length: 1 << 20 }]);
    begin(count + 1, BACKED);
    begin(count + 2, BACKED);
    await turn();
    expect(refused.slice(1)).toEqual([[count + 2, 'limit']]);
  });

  it('are so many that nobody has acknowledged, with those that are open', async () => {
    const one = pattern(1, 1);
    lives.pace = 0;
    for (let buffer = 1; buffer <= UNACKNOWLEDGED + OPEN_BUFFERS; buffer += OPEN_BUFFERS) {
      const ends = Array.from({ length: OPEN_BUFFERS }, (_, index) => {
        begin(buffer + index, 1);
        lives.store.land(buffer + index, 0, one);
        return commit(lives.store, buffer + index, []);
      });
      expect((await Promise.all(ends)).every(({ status }) => status === 'ok')).toBe(true);
    }
    begin(1_000_000, 1);
    await turn();
    expect(refused).toEqual([[1_000_000, 'limit']]);
    lives.store.acknowledge(1);
    begin(1_000_000, 1);
    await turn();
    expect(refused).toHaveLength(1);
  });

  it('have so many digests and no more', async () => {
    const bytes = pattern(10, 1);
    const digests = (count: number) => Array.from({ length: count }, () => sha1(bytes));
    begin(1, bytes.length);
    lives.store.land(1, 0, bytes);
    expect((await commit(lives.store, 1, digests(DIGESTS + 1))).status).toBe('gone');
    expect((await commit(lives.store, 1, digests(DIGESTS))).status).toBe('ok');
  });

  it('are known in so many ranges and no more', () => {
    begin(1, RANGES * 2 + 2);
    const byte = Uint8Array.of(7);
    for (let range = 0; range < RANGES; range++) lives.store.land(1, range * 2, byte);
    expect(lives.store.land(1, RANGES * 2, byte)).toBe('gone');
    expect(lives.store.land(1, 0, byte)).toBe('earlier');
  });

  it('that stand in their files hold so much together before it is written; what comes then waits, what is put is refused', async () => {
    const goOn: (() => void)[] = [];
    lives.disk.beforeClose = () => new Promise(resolve => goOn.push(resolve));
    const block = new Uint8Array(1 << 19);
    const long = BACKED + HELD_BY_ALL;
    begin(1, long);
    let held = 0;
    // A little less than what is sent on its way at once.
    while (lives.store.land(1, held, block.subarray(0, 400_000)) === 'landed') held += 400_000;
    expect(held).toBeLessThanOrEqual(HELD_BY_ALL);
    expect(held).toBeGreaterThan(HELD_BY_ALL - 400_000);
    expect(lives.store.land(1, held, block)).toBe('full');
    await turn();
    lives.store.put(1, long - block.length, block);
    begin(2, long);
    expect(lives.store.land(2, 0, block)).toBe('full');
    await turn();
    expect(refused.map(([buffer]) => buffer)).toEqual([1]);
    let isRoom = false;
    const room = lives.store.room().then(() => (isRoom = true));
    await turn();
    expect(isRoom).toBe(false);
    lives.disk.beforeClose = () => Promise.resolve();
    for (const resolve of goOn) resolve();
    await room;
    expect(lives.store.land(2, 0, block)).toBe('landed');
  });

  it('find room again where the disk takes nothing of those that stand in their files', async () => {
    const block = new Uint8Array(1 << 19);
    begin(1, BACKED + HELD_BY_ALL);
    begin(2, BACKED + HELD_BY_ALL);
    await turn();
    lives.disk.problem = 'QuotaExceededError';
    let held = 0;
    while (lives.store.land(1, held, block.subarray(0, 400_000)) === 'landed') held += 400_000;
    expect(lives.store.land(2, 0, block)).toBe('full');
    await lives.store.room();
    expect(lives.store.land(2, 0, block)).toBe('landed');
    lives.disk.problem = null;
  });

  it('leave so much memory to the next of the same length, and no more', () => {
    const spare = new Spare();
    const [first, ...others] = Array.from({ length: 5 }, () => new Uint8Array(SPARE / 4));
    for (const memory of [first!, ...others]) spare.give(memory);
    expect(spare.bytes).toBe(SPARE);
    expect(spare.take(1)).toHaveLength(1);
    for (const memory of others.reverse()) expect(spare.take(SPARE / 4) === memory).toBe(true);
    expect(spare.take(SPARE / 4) === first).toBe(false);
  });
});

describe('segments', () => {
  it('are so many under way, and filled up to so many bytes with what waits', async () => {
    let closing = 0;
    const goOn: (() => void)[] = [];
    lives.disk.beforeClose = () => {
      closing += 1;
      return new Promise(resolve => goOn.push(resolve));
    };
    const bytes = pattern(1 << 20, 1);
    const ends = Array.from({ length: 40 }, (_, index) => {
      lives.store.begin(
        index + 1,
        bytes.length,
        Uint8Array.of(1),
        [{ file: 1, offset: index * bytes.length, length: bytes.length }],
        [],
      );
      lives.store.land(index + 1, 0, bytes);
      return commit(lives.store, index + 1, [sha1(bytes)]);
    });
    await expect.poll(() => closing).toBe(FLIGHTS);
    for (let count = 0; count < 20; count++) await turn();
    expect(closing).toBe(FLIGHTS);
    lives.disk.beforeClose = () => Promise.resolve();
    for (const resolve of goOn) resolve();
    expect((await Promise.all(ends)).every(({ status }) => status === 'ok')).toBe(true);
    const lengths = [...lives.disk.files().values()].map(({ length }) => length);
    expect(Math.max(...lengths)).toBe(SEGMENT_BYTES);
  });
});

describe('reads', () => {
  it('are as long as a send and no longer, and what calls one off does', async () => {
    expect((await read(lives.store, [{ file: 1, offset: 0, length: MAX_READ + 1 }])).problem).toBe('limit');
    let isTold = false;
    lives.store.read([{ file: 1, offset: 0, length: 1 }], () => (isTold = true))();
    await read(lives.store, [{ file: 1, offset: 0, length: 1 }]);
    expect(isTold).toBe(false);
  });

  it.each([READS, WHOLES, LOOKS, REMOVALS])(
    'are %i at once; the next begins when one has ended, in their order',
    async atOnce => {
      const turns = new Turns(atOnce);
      const ends: (() => void)[] = [];
      const begun: number[] = [];
      const callOff = Array.from({ length: atOnce + 3 }, (_, index) =>
        turns.take(() => {
          begun.push(index);
          return new Promise(resolve => ends.push(resolve));
        }),
      );
      expect(begun).toHaveLength(atOnce);
      callOff[atOnce]!();
      for (const end of ends.slice(0, 2)) end();
      await turn();
      expect(begun.slice(atOnce)).toEqual([atOnce + 1, atOnce + 2]);
    },
  );

  it('of blocks come from larger ones, so many of which are remembered', async () => {
    const bytes = pattern(1 << 20, 1);
    for (let index = 0; index < CHUNKS; index++) {
      const offset = index * bytes.length;
      lives.store.begin(index + 1, bytes.length, Uint8Array.of(1), [{ file: 1, offset, length: bytes.length }], []);
      lives.store.land(index + 1, 0, bytes);
      expect((await commit(lives.store, index + 1, [sha1(bytes)])).status).toBe('ok');
    }
    const block = async (at: number): Promise<number> => {
      const before = lives.disk.slices;
      expect((await read(lives.store, [{ file: 1, offset: at, length: 16_384 }])).bytes).toEqual(
        bytes.subarray(at % bytes.length).subarray(0, 16_384),
      );
      return lives.disk.slices - before;
    };
    expect(await block(0)).toBe(1);
    expect(await block(16_384)).toBe(0);
    for (let chunk = 1; chunk < CHUNKS; chunk++) expect(await block(chunk * (512 << 10))).toBe(1);
    expect(await block(0)).toBe(0);
    expect(await block(CHUNKS * (512 << 10))).toBe(1);
    expect(await block(512 << 10)).toBe(1);
  });
});

describe('files', () => {
  it('are open so many and no more', async () => {
    const opened = Array.from({ length: OPEN_FILES }, (_, index) => open(lives.store, index + 2, ['a']));
    const problems = (await Promise.all(opened)).map(({ problem }) => problem);
    expect(problems.filter(problem => problem !== null)).toEqual(['limit']);
    lives.store.closeFile(2);
    expect((await open(lives.store, 2, ['a'])).problem).toBeNull();
  });

  it('are copied so many at once and no more', async () => {
    const ends = Array.from(
      { length: COPIES + 1 },
      () => new Promise(resolve => lives.store.copy({ file: 1, offset: 0, length: 1 }, 1, 0, resolve)),
    );
    const problems = await Promise.all(ends);
    expect(problems.filter(problem => problem === 'limit')).toHaveLength(1);
  });

  it('wait to be deleted or moved, so many and no more', async () => {
    const ends: Promise<unknown>[] = [];
    for (let count = 0; count <= CHANGES; count++) ends.push(remove(lives.store, [`none ${count & 1}`]));
    expect((await Promise.all(ends)).filter(problem => problem !== null)).toEqual(['limit']);
    await new Promise(resolve => lives.store.deleteFile(ROOT, ['a'], 2 ** 40, true, resolve)).then(problem =>
      expect(problem).toBe('denied'),
    );
  });
});
