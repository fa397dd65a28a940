/** Files of the home that are written by several at once, or whose writing ends half-way. */
import * as fs from 'node:fs/promises';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { Tokens } from '../../daemon/host/pairing/tokens.ts';
import { jsonOf, KeptFile } from '../../daemon/host/store/kept-file.ts';
import { tempFolder } from './temp.ts';

vi.mock(import('node:fs/promises'), async original => {
  const real = await original();
  return { ...real, rename: vi.fn(real.rename) };
});

const ORIGIN = 'http://127.0.0.1:7800';
const numberOf = jsonOf(value => (typeof value === 'number' ? value : null));

/** From now on renames fail but for the first so many, as they do where a process ends there. */
async function renamesLeft(count: number): Promise<void> {
  const { rename: real } = await vi.importActual<typeof fs>('node:fs/promises');
  let left = count;
  vi.mocked(fs.rename).mockImplementation((from, to) => (left-- > 0 ? real(from, to) : Promise.reject(new Error('ended'))));
  onTestFinished(() => void vi.mocked(fs.rename).mockImplementation(real));
}

describe('a file of the home', () => {
  it('that many write at once says what was so last, and before that nothing that never was', async () => {
    const path = join(tempFolder(), 'file');
    const file = await KeptFile.open({ path, parse: numberOf, what: 'A number', complain: () => undefined });
    let state = 0;
    const write = (): Promise<void> => (state++, file.write(() => String(state)));
    const early = Array.from({ length: 20 }, write);
    await early[0];
    const later = Array.from({ length: 20 }, write);
    await later[0];
    expect(readFileSync(path, 'utf8')).toBe('40');
    await Promise.all([...early, ...later]);
    expect(readdirSync(join(path, '..')).sort()).toEqual(['file', 'file.previous']);
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.previous`, 'utf8')]).toEqual(['40', '20']);
  });
});

describe('the list of folders', () => {
  it('has all that were added while others were looked at, and where their disks are', async () => {
    const home = tempFolder();
    const roots = await Roots.open(home, join(tempFolder(), 'first'));
    const folders = Array.from({ length: 8 }, () => tempFolder());
    const looks = setInterval(() => void roots.refresh());
    for (const folder of folders) await roots.add(folder);
    clearInterval(looks);
    await roots.refresh();
    expect(roots.isSaved).toBe(true);
    const kept = JSON.parse(readFileSync(join(home, 'roots.json'), 'utf8')) as { paths: string[]; mounts: object };
    expect(kept.paths.slice(1)).toEqual(folders);
    expect(Object.keys(kept.mounts)).toHaveLength(9);
  });
});

describe('the list of paired apps', () => {
  it.each([0, 1, 2, 3])(
    'whose writing ends after %i renames: who is said to be out is out, and else nothing has changed',
    async count => {
      const home = tempFolder();
      const tokens = await Tokens.open(home);
      await tokens.issue(ORIGIN, 'mine', 'A browser');
      const token = await tokens.issue('https://app.example', 'other', 'Another');
      const { id } = tokens.list.find(({ origin }) => origin === 'https://app.example')!;
      await renamesLeft(count);
      const isSaid = await tokens.revoke(id).catch(() => false);
      const isIn = async (): Promise<boolean> =>
        (await Tokens.open(home)).find({ token, origin: 'https://app.example', installId: 'other' }) !== null;
      expect(await isIn()).toBe(!isSaid);
      if (!isSaid) return;
      await renamesLeft(Infinity);
      // Also by the generation before.
      writeFileSync(join(home, 'tokens.json'), '');
      expect(await isIn()).toBe(false);
      rmSync(join(home, 'tokens.json'));
      expect(await isIn()).toBe(false);
    },
  );
});
