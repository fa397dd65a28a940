/** The power goes: what was written in the last while may be away, short, or zeros, and the records say that it is there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Damage } from '../../fakes/folder.ts';
import { commit, open, pattern, read, sha1, sync, verify } from './asking.ts';
import { Lives } from './lives.ts';

/** Ms after which what was written is on the disk: somewhat less than the store reckons with. */
const SAFE = 55_000;
const PIECE = 9000;
const PATHS: readonly (readonly string[])[] = [['a', 'x'], ['a', 'y'], ['b']];

type Step =
  | { readonly do: 'write'; readonly file: number; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  /** The worker is ended, or the power goes; then some of the files are opened, and some pieces read at once. */
  | {
      readonly do: 'kill' | 'cut';
      readonly damages: readonly Damage[];
      readonly opened: readonly number[];
      readonly read: number;
    };

const file = fc.nat(PATHS.length - 1);
const end = {
  damages: fc.array(fc.constantFrom<Damage>('none', 'lost', 'short', 'zeros'), { minLength: 1, maxLength: 8 }),
  opened: fc.uniqueArray(file, { maxLength: PATHS.length }),
  read: fc.nat(12),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), file, count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 100_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), ...end }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const), ...end }) },
);

class Run {
  /** By file: seeds of the pieces that are recorded as had. */
  private readonly had = PATHS.map(() => new Map<number, number>());
  private readonly open = new Map<number, number>();
  private next = 1;

  constructor(readonly lives: Lives) {}

  async file(index: number): Promise<number> {
    const known = this.open.get(index);
    if (known !== undefined) return known;
    const number = this.next++;
    this.open.set(index, number);
    expect((await open(this.lives.store, number, PATHS[index]!)).problem).toBeNull();
    return number;
  }

  async write(index: number, count: number): Promise<void> {
    const { store } = this.lives;
    const number = await this.file(index);
    const had = this.had[index]!;
    for (let left = count; left > 0; left--) {
      const piece = had.size;
      const bytes = pattern(PIECE, piece + 1);
      const buffer = this.next++;
      store.begin(buffer, PIECE, Uint8Array.of(1), [{ file: number, offset: piece * PIECE, length: PIECE }], []);
      store.land(buffer, 0, bytes);
      // Each in a segment of its own.
      expect((await commit(store, buffer, [sha1(bytes)])).status).toBe('ok');
      expect((await sync(store, [number])).problem).toBeNull();
      had.set(piece, piece + 1);
      store.drop(buffer);
    }
  }

  async end({ do: how, damages, opened, read: count }: Step & { do: 'kill' | 'cut' }): Promise<void> {
    let turn = 0;
    if (how === 'kill') await this.lives.kill();
    else await this.lives.powerCut(SAFE, () => damages[turn++ % damages.length]!);
    this.open.clear();
    for (const index of opened) await this.look(index, count);
  }

  /** As an engine that trusts its records: what it is given is right, or it is told that something is gone. */
  async look(index: number, count: number): Promise<void> {
    const { lives } = this;
    const number = await this.file(index);
    const had = [...this.had[index]!];
    // The newest first: those are looked at last if they are not asked for.
    for (const [piece, seed] of had.slice(-count)) {
      const span = { file: number, offset: piece * PIECE, length: PIECE };
      const bytes = pattern(PIECE, seed);
      const { problem, bytes: found } = await read(lives.store, [span]);
      if (problem === null) expect(Buffer.compare(found, bytes), `piece ${piece} of ${index}`).toBe(0);
      else {
        expect(problem).toBe('gone');
        expect(lives.lost.some(({ path }) => path.join('/') === PATHS[index]!.join('/'))).toBe(true);
      }
      const [verdict] = await verify(lives.store, [{ spans: [span], digest: sha1(bytes) }]);
      expect(verdict === true).toBe(problem === null);
    }
  }
}

describe('a power cut', () => {
  it('leaves nothing that was recorded as had to be read unless it is as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async steps => {
        const lives = new Lives();
        lives.pace = 0.005;
        await lives.open();
        const run = new Run(lives);
        for (const step of steps) {
          if (step.do === 'write') await run.write(step.file, step.count);
          else if (step.do === 'wait') lives.wall += step.ms;
          else await run.end(step);
        }
        await lives.powerCut(SAFE, () => 'zeros');
        const last = new Run(lives);
        Object.assign(last, { had: (run as unknown as { had: unknown }).had });
        for (const index of PATHS.keys()) await last.look(index, Infinity);
        lives.end();
      }),
      { numRuns: process.env['STARLING_KILLS'] === 'full' ? 300 : 40 },
    );
  }, 300_000);

  it('is looked for in what was written shortly before an end, and not again once that is known', async () => {
    const lives = new Lives();
    lives.pace = 0.005;
    await lives.open();
    const run = new Run(lives);
    await run.write(0, 20);
    lives.wall += 10 * SAFE;
    await run.write(0, 5);
    const looked = async (): Promise<number> => {
      await lives.kill();
      await open(lives.store, 1_000, PATHS[0]!);
      await expect.poll(() => lives.disk.opens).toBeGreaterThan(0);
      await new Promise(resolve => setTimeout(resolve, 200));
      return lives.disk.reads;
    };
    expect(await looked()).toBe(5);
    lives.wall += 10 * SAFE;
    expect(await looked()).toBe(5);
    await sync(lives.store, []);
    lives.wall += 10 * SAFE;
    await lives.kill();
    await open(lives.store, 1_001, PATHS[0]!);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(lives.disk.reads).toBe(0);
    lives.end();
  });

  it('is looked for in what is written after the clock was ahead for a while', async () => {
    const lives = new Lives();
    lives.pace = 0.005;
    await lives.open();
    const run = new Run(lives);
    await run.write(0, 1);
    const ahead = 86_400_000;
    lives.wall += 2 * SAFE + ahead;
    await run.end({ do: 'kill', damages: [], opened: [0], read: 1 });
    await new Promise(resolve => setTimeout(resolve, 200));
    await sync(lives.store, []);
    lives.wall -= ahead;
    await run.end({ do: 'kill', damages: [], opened: [], read: 0 });
    await run.write(0, 1);
    await run.end({ do: 'cut', damages: ['zeros'], opened: [0], read: 2 });
    expect(lives.lost).toHaveLength(1);
    lives.end();
  });

  it('is looked for in what was written just before the clock was set forward', async () => {
    const lives = new Lives();
    lives.pace = 0.005;
    await lives.open();
    const run = new Run(lives);
    await run.write(0, 1);
    lives.wall += 10 * SAFE;
    lives.set += 10 * SAFE;
    // In the same folder.
    await run.write(1, 1);
    await run.end({ do: 'cut', damages: ['zeros'], opened: [0], read: 1 });
    expect(lives.lost).not.toEqual([]);
    lives.end();
  });

  it('is looked for in what took long to be written', async () => {
    const lives = new Lives();
    lives.pace = 0.005;
    await lives.open();
    const run = new Run(lives);
    lives.disk.beforeClose = () => Promise.resolve(void (lives.wall += 120_000));
    await run.write(0, 1);
    await run.end({ do: 'cut', damages: ['zeros'], opened: [0], read: 1 });
    expect(lives.lost).toHaveLength(1);
    lives.end();
  });
});
