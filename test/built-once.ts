/** What several files of tests need built: once for a run of the tests, and copied for each. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '../.cache');
/** The folder for one run, which every process of it knows. */
const VARIABLE = 'STARLING_TEST_BUILDS';

/** Begins a run; what it gives ends it. */
export function shareBuilds(): () => void {
  const folder = newFolder('builds');
  process.env[VARIABLE] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

export function newFolder(name: string): string {
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, `${name}-`));
}

/** Fills a folder with what `build` makes; of the same `key` it is the same. Outside of a run it is built each time. */
export async function builtOnce(key: string, folder: string, build: (folder: string) => Promise<unknown>): Promise<void> {
  const shared = process.env[VARIABLE];
  if (shared === undefined) return void (await build(folder));
  const kept = join(shared, createHash('sha256').update(key).digest('hex'));
  if (!existsSync(kept)) {
    const beside = mkdtempSync(`${kept}-`);
    await build(beside);
    try {
      renameSync(beside, kept);
    } catch {
      // Another process was sooner.
      rmSync(beside, { recursive: true, force: true });
    }
  }
  cpSync(kept, folder, { recursive: true });
}
