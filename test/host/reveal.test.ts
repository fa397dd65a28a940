/** Showing what lies below a root on the host's own screen. */
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync, chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FolderDesk } from '../../daemon/host/folders/folder-desk.ts';
import { found, reveal } from '../../daemon/host/folders/reveal.ts';
import type { Roots } from '../../daemon/host/folders/roots.ts';
import { ControlOp, type ControlFrame } from '../../daemon/wire/control.ts';
import { tempFolder, until } from './temp.ts';

afterEach(() => vi.unstubAllEnvs());

/** A screen whose programs write down what they are given, a line each. */
function screen(scripts: Readonly<Record<string, string>>): { env: NodeJS.ProcessEnv; heard(): string[] } {
  const bin = tempFolder();
  const log = join(bin, 'heard');
  for (const [name, ends] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nprintf '%s\\n' ${name} "$@" >> '${log}'\n${ends}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return {
    env: { PATH: `${bin}:/usr/bin:/bin`, DISPLAY: ':99' },
    heard: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []),
  };
}

function downloads(): string {
  const root = realpathSync(tempFolder());
  mkdirSync(join(root, 'Sintel', 'Subs'), { recursive: true });
  writeFileSync(join(root, 'Sintel', "it's; $(x) & --help.mkv"), '');
  symlinkSync('/etc', join(root, 'Sintel', 'link'));
  return root;
}

describe('what is shown', () => {
  it('is what is there, as far as no link or missing name is on the way', async () => {
    const root = downloads();
    expect(await found(root, [])).toBe(root);
    expect(await found(root, ['Sintel', 'Subs'])).toBe(join(root, 'Sintel', 'Subs'));
    expect(await found(root, ['Sintel', 'Subs', 'not here', 'nor this'])).toBe(join(root, 'Sintel', 'Subs'));
    expect(await found(root, ['Sintel', 'link', 'passwd'])).toBe(join(root, 'Sintel'));
  });

  it.each([['..'], ['.'], [''], ['a/b'], ['../..'], ['a\0b']])('is nothing for a name like %j', async name => {
    expect(await found(downloads(), ['Sintel', name])).toBe(null);
  });
});

describe.skipIf(process.platform !== 'linux')('the file manager', () => {
  it('is asked to point at the file, whose name is read by no shell and ends no quote', async () => {
    const { env, heard } = screen({ gdbus: 'exit 0', 'xdg-open': 'exit 0' });
    const path = join(downloads(), 'Sintel', "it's; $(x) & --help.mkv");
    expect(await reveal(path, env)).toBe('shown');
    const uri = pathToFileURL(path).href.replaceAll("'", '%27');
    expect(heard()).toEqual([
      'gdbus',
      'call',
      '--session',
      '--dest=org.freedesktop.FileManager1',
      '--object-path=/org/freedesktop/FileManager1',
      '--method=org.freedesktop.FileManager1.ShowItems',
      `['${uri}']`,
    ]);
  });

  it('is given the folder and never the file where it cannot point, and is said to be away where there is none', async () => {
    const { env, heard } = screen({ gdbus: 'exit 1', 'xdg-open': 'exit 0' });
    const root = downloads();
    expect(await reveal(join(root, 'Sintel', "it's; $(x) & --help.mkv"), env)).toBe('shown');
    expect(heard().slice(-2)).toEqual(['xdg-open', join(root, 'Sintel')]);
    expect(await reveal(root, screen({ gdbus: 'exit 1', 'xdg-open': 'exit 3' }).env)).toBe('none');
    expect(await reveal(root, { PATH: '/usr/bin:/bin' })).toBe('none');
  });

  it('is opened once a second at most, for roots alone', async () => {
    const { env, heard } = screen({ gdbus: 'exit 0' });
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const root = downloads();
    const roots = { placeOf: (token: string) => Promise.resolve(token === 'known' ? root : null) } as unknown as Roots;
    const desk = new FolderDesk({ roots, removed: () => undefined, changed: () => undefined, log: () => undefined });
    const answers: ControlFrame[] = [];
    const ask = async (token: string, path: readonly string[]): Promise<ControlFrame | undefined> => {
      const count = answers.length;
      const client = { send: (frame: ControlFrame) => answers.push(frame) };
      desk.hear(client, { op: ControlOp.REVEAL, id: count, root: token, path });
      await until(() => answers.length > count, 'an answer');
      return answers.at(-1);
    };
    expect(await ask('none', ['Sintel'])).toMatchObject({ done: { status: 'refused' } });
    expect(await ask('known', ['..', 'Sintel'])).toMatchObject({ done: { status: 'refused' } });
    expect(heard()).toEqual([]);
    expect(await ask('known', ['Sintel'])).toMatchObject({ done: { status: 'ok' } });
    expect(await ask('known', ['Sintel'])).toMatchObject({
      done: { status: 'refused', text: expect.stringContaining('Wait a moment') },
    });
    expect(heard().filter(line => line === 'gdbus')).toHaveLength(1);
  });
});
