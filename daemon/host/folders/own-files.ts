/**
 * Files of watched folders that are of torrents: `own-files.json` in the home. What a torrent has brought stays nobody's wish once it is
 * removed from the list, so it is remembered by what the file is, and is left alone for good.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { readJson, replaceFile } from '../store/durable.ts';
import type { Log } from '../logs/log.ts';

/** The oldest is forgotten. */
export const MAX_OWN = 10_000;

/** By root and name: which file it is. */
const schema = v.record(v.string(), v.string());

export class OwnFiles {
  private readonly file: string;
  private readonly log: Log;
  private readonly files: Map<string, string>;
  private saving: Promise<void> | null = null;
  private isSaved = true;

  private constructor(file: string, log: Log, files: Map<string, string>) {
    this.file = file;
    this.log = log;
    this.files = files;
  }

  /** Never fails: what cannot be read is as it is without a file. */
  static async open(home: string, log: Log): Promise<OwnFiles> {
    const file = join(home, 'own-files.json');
    const read = v.safeParse(schema, await readJson(file).catch(() => null));
    return new OwnFiles(file, log, new Map(read.success ? Object.entries(read.output).slice(-MAX_OWN) : []));
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
        await replaceFile(this.file, JSON.stringify(Object.fromEntries(this.files)));
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
