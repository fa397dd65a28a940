/**
 * Epochs: each grant of /control has the next one, which is on disk before anyone hears of it and is never given twice. A host
 * begins above the seconds since 1970, so that they go on forwards also where the file was lost, or is an old one that was put back.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Complain, jsonOf, KeptFile } from './kept-file.ts';

/** None so high was ever given. */
const MAX_EPOCH = 2 ** 50;
/** More than can have been given since the generation before, or since what remains of a torn one. */
const JUMP = 1_000;

const schema = v.object({ epoch: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EPOCH)) });

/** Ms since 1970. */
type Wall = () => number;

export class Epochs {
  private readonly file: KeptFile<number>;
  private newest: number;

  private constructor(file: KeptFile<number>, newest: number) {
    this.file = file;
    this.newest = newest;
  }

  static async open(home: string, complain: Complain = () => undefined, now: Wall = Date.now): Promise<Epochs> {
    const file = await KeptFile.open({
      path: join(home, 'epoch.json'),
      parse: jsonOf(value => {
        const parsed = v.safeParse(schema, value);
        return parsed.success ? parsed.output.epoch : null;
      }),
      what: 'The number of the newest lease',
      complain,
    });
    const { condition, value } = file;
    const seconds = Math.floor(now() / 1000);
    if (value !== null && condition === 'whole') return new Epochs(file, Math.max(value, seconds));
    const remains = [...file.remains.matchAll(/\d+/g)].map(([digits]) => Number(digits)).filter(epoch => epoch <= MAX_EPOCH);
    const known = Math.max(value ?? 0, ...remains, await lastChange(home));
    return new Epochs(file, Math.max(known === 0 ? 0 : known + JUMP, seconds));
  }

  async next(): Promise<number> {
    const epoch = ++this.newest;
    await this.file.write(() => JSON.stringify({ epoch: this.newest }));
    return epoch;
  }
}

/** When anything in the home was written last, in seconds: the clock may have been set back since then. */
async function lastChange(home: string): Promise<number> {
  const names = await readdir(home).catch(() => []);
  const times = await Promise.all(
    names.map(name =>
      stat(join(home, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.ceil(Math.max(0, ...times) / 1000);
}
