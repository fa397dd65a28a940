import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileProblem } from '../../../sw/engine/events.ts';
import { commit, open, pattern, read, remove, sha1, sync } from './asking.ts';
import { Lives, ROOT } from './lives.ts';

const PIECE = 300;
const PIECES = 4;
/** Where each file may lie. */
const PATHS: readonly (readonly string[])[] = [['a', 'x'], ['a', 'y'], ['b'], ['c', 'd', 'e']];

type Step =
  | { readonly do: 'piece'; readonly file: number; readonly piece: number; readonly seed: number; readonly isRight: boolean }
  | { readonly do: 'sync' }
  | { readonly do: 'remove'; readonly file: number }
  | { readonly do: 'move'; readonly file: number; readonly to: number }
  /** The worker is ended so many turns after the step before was begun. */
  | { readonly do: 'kill'; readonly turns: number };

const at = fc.nat(PATHS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('piece' as const),
      file: at,
      piece: fc.nat(PIECES - 1),
      seed: fc.nat(200),
      isRight: fc.nat(4).map(n => n > 0),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'sync' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), file: at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), file: at, to: at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('kill' as const), turns: fc.nat(40) }) },
);

/** What may be in a place: a seed, or null for nothing. */
type Value = number | null;

/** A file as it may be, and as it was when it was flushed last. */
class Model {
  pieces: Set<Value>[] = Array.from({ length: PIECES }, () => new Set<Value>([null]));
  /** What was written since the last flush, of which an end may leave the earlier. */
  since: Set<Value>[] = Array.from({ length: PIECES }, () => new Set<Value>());
  /** It is there for sure, or not for sure; null: either. */
  isThere: boolean | null = false;
  flushed: { size: number; mtime: number; pieces: Value[] } | null = null;
}

class Run {
  models = PATHS.map(() => new Model());
  private next = 1;
  private life = 0;
  private readonly files = new Map<number, number>();

  constructor(readonly lives: Lives) {}

  /** What was asked of a life that is over is not gone on with. */
  private async ifAlive<T>(answer: Promise<T>): Promise<T> {
    const { life } = this;
    const value = await answer;
    return life === this.life ? value : new Promise(() => undefined);
  }

  async file(index: number): Promise<number> {
    const known = this.files.get(index);
    if (known !== undefined) return known;
    const number = this.next++;
    this.files.set(index, number);
    const model = this.models[index]!;
    model.isThere = null;
    expect((await this.ifAlive(open(this.lives.store, number, PATHS[index]!))).problem).toBeNull();
    model.isThere = true;
    return number;
  }

  async perform(step: Exclude<Step, { do: 'kill' }>): Promise<void> {
    const { store } = this.lives;
    switch (step.do) {
      case 'piece': {
        const file = await this.file(step.file);
        const bytes = pattern(PIECE, step.seed);
        const buffer = this.next++;
        const place = this.models[step.file]!.pieces[step.piece]!;
        store.begin(buffer, PIECE, Uint8Array.of(1), [{ file, offset: step.piece * PIECE, length: PIECE }], []);
        store.put(buffer, 0, bytes);
        if (step.isRight) place.add(step.seed);
        if (step.isRight) this.models[step.file]!.since[step.piece]!.add(step.seed);
        const { status } = await this.ifAlive(
          commit(store, buffer, [step.isRight ? sha1(bytes) : { ...sha1(bytes), expected: new Uint8Array(20) }]),
        );
        expect(status).toBe(step.isRight ? 'ok' : 'mismatch');
        if (step.isRight) this.models[step.file]!.pieces[step.piece] = new Set([step.seed]);
        store.drop(buffer);
        return;
      }
      case 'sync': {
        const numbers = [...this.files.values()];
        const { problem, stat } = await this.ifAlive(sync(store, numbers));
        expect(problem).toBeNull();
        for (const [index, number] of this.files) {
          const model = this.models[index]!;
          const pieces = model.pieces.map(values => [...values][0] ?? null);
          model.flushed = { ...stat.get(number)!, pieces };
          for (const values of model.since) values.clear();
        }
        return;
      }
      case 'remove': {
        this.close(step.file);
        const model = this.models[step.file]!;
        model.isThere = null;
        for (const values of model.pieces) values.add(null);
        model.flushed = null;
        expect(await this.ifAlive(remove(store, PATHS[step.file]!))).toBeNull();
        this.models[step.file] = new Model();
        return;
      }
      case 'move': {
        const [from, to] = [this.models[step.file]!, this.models[step.to]!];
        if (step.file === step.to || to.isThere !== false || from.isThere !== true) return;
        this.close(step.file);
        from.isThere = to.isThere = null;
        to.pieces = from.pieces.map(values => new Set([...values, null]));
        const { pieces, since, flushed } = from;
        const [source, target] = [step.file, step.to].map(file => ({ root: ROOT, path: PATHS[file]! }));
        const moved = new Promise<FileProblem | null>(resolve => store.moveFile(source!, target!, 2 ** 40, resolve));
        expect(await this.ifAlive(moved)).toBeNull();
        this.models[step.to] = Object.assign(new Model(), { pieces, since, flushed, isThere: true });
        this.models[step.file] = new Model();
        return;
      }
      default:
        step satisfies never;
    }
  }

  private close(index: number): void {
    const number = this.files.get(index);
    if (number !== undefined) this.lives.store.closeFile(number);
    this.files.delete(index);
  }

  /** What the next life finds is what may be there; and where a file looks as it did when it was flushed, it is as it was. */
  async look(): Promise<void> {
    this.files.clear();
    const { store } = this.lives;
    for (const [index, model] of this.models.entries()) {
      const number = this.next++;
      const found = await open(store, number, PATHS[index]!, 2 ** 40, false);
      if (found.problem !== null) {
        expect(found.problem).toBe('gone');
        expect(model.isThere, `${index} is there`).not.toBe(true);
        this.models[index] = new Model();
        continue;
      }
      expect(model.isThere, `${index} is not there`).not.toBe(false);
      this.files.set(index, number);
      const values: Value[] = [];
      for (const [piece, allowed] of model.pieces.entries()) {
        const { problem, bytes } = await read(store, [{ file: number, offset: piece * PIECE, length: PIECE }]);
        const value = [...allowed].find(seed => (problem ? seed === null : seed !== null && same(bytes, seed)));
        expect(value, `piece ${piece} of ${index} is one of ${[...allowed].join()}`).not.toBeUndefined();
        values.push(value ?? null);
      }
      const { flushed } = model;
      if (flushed && flushed.size === found.size && flushed.mtime === found.mtime) expect(values).toEqual(flushed.pieces);
      model.isThere = true;
      model.pieces = values.map(value => new Set([value]));
      model.since = values.map(value => new Set([value]));
    }
  }

  /** Whatever was there when the last flush ended has to be there; what came since may be. */
  endangered(): void {
    this.life += 1;
    for (const model of this.models) {
      const { flushed } = model;
      model.pieces.forEach((values, piece) => {
        const before = flushed?.pieces[piece] ?? null;
        for (const value of [before, ...model.since[piece]!]) values.add(value);
      });
      if (model.isThere === true && !flushed) model.isThere = null;
    }
  }
}

function same(bytes: Uint8Array, seed: number): boolean {
  return Buffer.compare(bytes, pattern(PIECE, seed)) === 0;
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

it('ended at any moment it finds what was flushed, and believes nothing that is not there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async steps => {
      const lives = new Lives();
      lives.pace = 0.02;
      await lives.open();
      const run = new Run(lives);
      for (const [index, step] of steps.entries()) {
        if (step.do === 'kill') {
          run.endangered();
          await lives.kill({});
          await run.look();
          continue;
        }
        const next = steps[index + 1];
        const performed = run.perform(step);
        if (next?.do !== 'kill') await performed;
        else {
          performed.catch(() => undefined);
          for (let left = next.turns; left > 0; left--) await turn();
        }
      }
      run.endangered();
      await lives.kill({});
      await run.look();
      lives.end();
    }),
    { numRuns: process.env['STARLING_KILLS'] === 'full' ? 2000 : 60 },
  );
});
