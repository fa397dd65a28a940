/**
 * Files of watched folders that are of torrents: `own-files.json` in the home. What a torrent has brought stays nobody's wish once it is
 * removed from the list, so it is remembered by what the file is, and is left alone for good.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { jsonOf, KeptFile } from '../store/kept-file.ts';
import type { Log } from '../logs/log.ts';

/** The oldest is forgotten. */
export const MAX_OWN = 10_000;

/** By root and name: which file it is. */
const schema = v.record(v.string(), v.string());

export class OwnFiles {
  private readonly file: KeptFile<Record<string, string>>;
  private readonly log: Log;
  private readonly files: Map<string, string>;
  private saving: Promise<void> | null = null;
  private isSaved = true;

  private constructor(file: KeptFile<Record<string, string>>, log: Log, files: Map<string, string>) {
    this.file = file;
    this.log = log;
    this.files = files;
  }

  /** What cannot be used is as it is without a file. */
  static async open(home: string, log: Log): Promise<OwnFiles> {
    const file = await KeptFile.open({
      path: join(home, 'own-files.json'),
      parse: jsonOf(value => {
        const parsed = v.safeParse(schema, value);
        return parsed.success ? parsed.output : null;
      }),
      what: 'The list of files in watched folders that are of torrents',
      complain: text => log('warn', text),
    });
    return new OwnFiles(file, log, new Map(Object.entries(file.value ?? {}).slice(-MAX_OWN)));
  }

  has(root: string, name: string, identity: string): boolean {
    return this.files.get(keyOf(root, name)) === identity;
  }

  add(root: string, name: string, identity: string): void {
    if (this.has(root, name, identity)) return;
    this.files.delete(keyOf(root, name));
    const [oldest] = this.files.keys();
    if (this.files.size >= MAX_OWN && oldest !== undefined) this.files.delete(oldest);
    this.files.set(keyOf(root, name), identity);
    this.isSaved = false;
    this.saving ??= this.save();
  }

  /** What is known is kept, or cannot be. */
  async settled(): Promise<void> {
    await this.saving;
  }

  private async save(): Promise<void> {
    while (!this.isSaved) {
      this.isSaved = true;
      try {
        await this.file.write(() => JSON.stringify(Object.fromEntries(this.files)));
      } catch (error) {
        this.log('warn', 'which files are of torrents cannot be kept', { why: String(error) });
      }
    }
    this.saving = null;
  }
}

function keyOf(root: string, name: string): string {
  return `${root}/${name}`;
}
