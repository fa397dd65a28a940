/** Epochs: each grant of /control has the next one, which is on disk before anyone hears of it and is never given twice. */
import { join } from 'node:path';
import * as v from 'valibot';
import { readJson, replaceFile } from './durable.ts';
import { StartError } from '../errors.ts';

const schema = v.object({ epoch: v.pipe(v.number(), v.integer(), v.minValue(0)) });

export class Epochs {
  private readonly path: string;
  private newest: number;
  private written: Promise<void> = Promise.resolve();

  private constructor(path: string, newest: number) {
    this.path = path;
    this.newest = newest;
  }

  static async open(home: string): Promise<Epochs> {
    const path = join(home, 'epoch.json');
    const value = await readJson(path).catch(() => null);
    const parsed = v.safeParse(schema, value ?? { epoch: 0 });
    if (value === null || !parsed.success) throw new StartError(`${path} is damaged. Delete it and start again.`);
    return new Epochs(path, parsed.output.epoch);
  }

  async next(): Promise<number> {
    const epoch = ++this.newest;
    this.written = this.written.catch(() => undefined).then(() => replaceFile(this.path, JSON.stringify({ epoch })));
    await this.written;
    return epoch;
  }
}
