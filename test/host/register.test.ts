/** Registering with the system: a real xdg-mime in folders of its own, and what the other systems are told. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { autostartOf, launchAgent, type Login, systemdUnit } from '../../daemon/link/system/autostart.ts';
import { autostartEntry, desktopEntry } from '../../daemon/link/system/desktop-entry.ts';
import { appScript, infoPlist, making } from '../../daemon/link/system/macos.ts';
import { defaultOf, withDefault, withoutProgram } from '../../daemon/link/system/mime-apps.ts';
import type { RunProgram } from '../../daemon/link/system/run.ts';
import { commandLine, registering, registryValues, unregistering } from '../../daemon/link/system/windows.ts';
import { buildCli, removeCli, run } from './cli.ts';
import { tempFolder } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
  writeFileSync(join(dist, 'dist/web/icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
});
afterAll(() => removeCli(dist));

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const MAGNET_TYPE = 'x-scheme-handler/magnet';
const TORRENT_TYPE = 'application/x-bittorrent';
const SPECIAL = ['/usr/bin/node', '/home/a "b" $c `d` \\e %f/link.mjs', '--'];

/** A person's folders, with nothing in them that the system has. */
class Person {
  readonly folder = tempFolder();
  readonly env: NodeJS.ProcessEnv = {
    HOME: this.folder,
    XDG_DATA_HOME: join(this.folder, 'data'),
    XDG_DATA_DIRS: join(this.folder, 'shared'),
    XDG_CONFIG_HOME: join(this.folder, 'config'),
    XDG_CONFIG_DIRS: join(this.folder, 'shared'),
    XDG_CURRENT_DESKTOP: '',
  };
  readonly home = join(this.folder, 'home');
  readonly entry = join(this.folder, 'data/applications/starling.desktop');
  readonly list = join(this.folder, 'config/mimeapps.list');

  /** Another program, by its entry. */
  install(name: string, types = `${MAGNET_TYPE};${TORRENT_TYPE};`): string {
    const id = `${name.toLowerCase()}.desktop`;
    const entry = join(this.folder, 'shared/applications', id);
    mkdirSync(dirname(entry), { recursive: true });
    writeFileSync(entry, `[Desktop Entry]\nType=Application\nName=${name}\nExec=true %U\nMimeType=${types}\n`);
    spawnSync('update-desktop-database', [dirname(entry)]);
    return id;
  }

  choose(id: string, type: string): void {
    mkdirSync(dirname(this.list), { recursive: true });
    execFileSync('xdg-mime', ['default', id, type], { env: { ...process.env, ...this.env } });
  }

  opens(type: string): string {
    const asked = spawnSync('xdg-mime', ['query', 'default', type], { env: { ...process.env, ...this.env }, encoding: 'utf8' });
    return asked.stdout.trim();
  }

  async starling(...args: string[]): Promise<string> {
    const { ended, out, err } = run(dist, [...args, '--home', this.home], this.env);
    expect((await ended).code, err()).toBe(0);
    return out();
  }
}

describe.skipIf(process.platform !== 'linux' || !has('xdg-mime'))('under a real xdg-mime (skipped without xdg-utils)', () => {
  test('where nothing opens them Starling does, and nothing again after', async () => {
    const person = new Person();
    expect(await person.starling('register')).toBe('Starling opens magnet links.\nStarling opens torrent files.\n');
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual(['starling.desktop', 'starling.desktop']);
    const entry = readFileSync(person.entry, 'utf8');
    expect(entry).toContain(`Exec=${process.execPath} ${dist}/dist/daemon/link.mjs --home ${person.home} -- %U\n`);
    expect(existsSync(join(person.folder, 'data/icons/hicolor/scalable/apps/starling.svg'))).toBe(true);
    expect(statSync(join(person.home, 'registered.json')).mode & 0o777).toBe(0o600);
    const list = readFileSync(person.list, 'utf8');
    expect(await person.starling('register')).toBe('Starling opens magnet links.\nStarling opens torrent files.\n');
    expect(readFileSync(person.list, 'utf8')).toBe(list);
    expect(await person.starling('unregister')).toMatch(/^Magnet links are opened with no program[.]\n/);
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual(['', '']);
    expect(readFileSync(person.list, 'utf8')).not.toContain('starling');
    expect([existsSync(person.entry), existsSync(join(person.home, 'registered.json'))]).toEqual([false, false]);
    await person.starling('unregister');
  });

  test('what opens them already is named and stays, unless Starling is to take its place; then it comes back', async () => {
    const person = new Person();
    const other = person.install('Other');
    person.choose(other, MAGNET_TYPE);
    // Torrent files it opens because nothing else does, and not because anybody chose it.
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual([other, other]);
    const said = await person.starling('register');
    expect(said).toContain('Magnet links are opened with Other, as before. Starling is there to be chosen.');
    expect(said).toContain('Torrent files are opened with Other, as before.');
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual([other, other]);
    expect(await person.starling('register', '--take')).toContain(
      'Starling opens magnet links from now on, in the place of Other.',
    );
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual(['starling.desktop', 'starling.desktop']);
    await person.starling('register', '--take');
    expect(await person.starling('unregister')).toContain('Magnet links are opened with Other.');
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual([other, other]);
    expect(defaultOf(readFileSync(person.list, 'utf8'), MAGNET_TYPE)).toBe(other);
  });

  test('what is replaced last comes back, and of each type its own', async () => {
    const person = new Person();
    const [first, second] = [person.install('First'), person.install('Second')];
    for (const type of [MAGNET_TYPE, TORRENT_TYPE]) person.choose(first, type);
    await person.starling('register', '--take');
    person.choose(second, MAGNET_TYPE);
    await person.starling('register', '--take');
    await person.starling('unregister');
    expect([person.opens(MAGNET_TYPE), person.opens(TORRENT_TYPE)]).toEqual([second, first]);
  });

  test('what was chosen since is left as it is', async () => {
    const person = new Person();
    await person.starling('register');
    const later = person.install('Later');
    person.choose(later, MAGNET_TYPE);
    await person.starling('unregister');
    expect(person.opens(MAGNET_TYPE)).toBe(later);
  });

  test.skipIf(!has('desktop-file-validate'))('the entry is one (skipped without desktop-file-utils)', () => {
    const file = join(tempFolder(), 'starling.desktop');
    writeFileSync(file, desktopEntry(SPECIAL));
    expect(execFileSync('desktop-file-validate', [file], { encoding: 'utf8' })).toBe('');
  });

  test('where xdg-mime is missing that is said', async () => {
    const person = new Person();
    const { ended, err } = run(dist, ['register', '--home', person.home], { ...person.env, PATH: tempFolder() });
    expect((await ended).code).toBe(1);
    expect(err()).toBe('xdg-mime is not there. Install the package xdg-utils, then try again.\n');
    expect(existsSync(person.entry)).toBe(false);
  });
});

describe('autostart', () => {
  const login = (folder: string, hasSystemd: boolean, program = ['/usr/bin/node', 'start']): Login => ({
    env: { XDG_CONFIG_HOME: join(folder, 'config') },
    userHome: folder,
    program,
    hasSystemd,
    run: () => Promise.resolve(null),
  });

  test.skipIf(process.platform !== 'linux')('comes and goes, by what this system has', async () => {
    const person = new Person();
    const [unit, entry] = ['systemd/user/starling.service', 'autostart/starling.desktop'].map(name =>
      join(person.folder, 'config', name),
    ) as [string, string];
    const hasSystemd = existsSync('/run/systemd/system');
    expect(await person.starling('autostart', 'status')).toBe('Starling does not start by itself.\n');
    const by = hasSystemd ? 'a systemd user unit' : 'an autostart entry of the desktop';
    for (const what of ['on', 'on', 'status']) {
      expect(await person.starling('autostart', what)).toBe(`Starling starts when you log in, by ${by}.\n`);
    }
    expect([existsSync(unit), existsSync(entry)]).toEqual([hasSystemd, !hasSystemd]);
    const start = `${dist}/bin/starling.mjs`;
    expect(readFileSync(hasSystemd ? unit : entry, 'utf8')).toContain(
      hasSystemd
        ? `ExecStart="${process.execPath}" "${start}" "start" "--no-open" "--home" "${person.home}"\n`
        : `Exec=${process.execPath} ${start} start --no-open --home ${person.home}\n`,
    );
    for (const what of ['off', 'off', 'status']) {
      expect(await person.starling('autostart', what)).toBe('Starling does not start by itself.\n');
    }
    expect([existsSync(unit), existsSync(entry)]).toEqual([false, false]);
  });

  test('Linux: a user unit where systemd runs, an entry of the desktop where not, never both, and off takes either back', async () => {
    const folder = tempFolder();
    const [unit, entry] = ['systemd/user/starling.service', 'autostart/starling.desktop'].map(name =>
      join(folder, 'config', name),
    ) as [string, string];
    const { on, off, by } = autostartOf('linux');
    for (const hasSystemd of [true, false, true]) {
      await on(login(folder, hasSystemd));
      expect([existsSync(unit), existsSync(entry)]).toEqual([hasSystemd, !hasSystemd]);
      expect(await by(login(folder, hasSystemd))).toMatch(hasSystemd ? /systemd/ : /desktop/);
    }
    const wanted = join(dirname(unit), 'default.target.wants/starling.service');
    expect(readFileSync(wanted, 'utf8')).toBe(readFileSync(unit, 'utf8'));
    // Systemd does not run any more: nothing reads it.
    expect(await by(login(folder, false))).toBeNull();
    await off(login(folder, false));
    expect([existsSync(unit), existsSync(wanted)]).toEqual([false, false]);
  });

  test('Linux: an entry that its person has switched off in the desktop is off', async () => {
    const folder = tempFolder();
    const { on, by } = autostartOf('linux');
    const entry = join(folder, 'config/autostart/starling.desktop');
    for (const line of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
      await on(login(folder, false));
      expect(await by(login(folder, false))).not.toBeNull();
      writeFileSync(entry, `${readFileSync(entry, 'utf8')}${line}\n`);
      expect(await by(login(folder, false))).toBeNull();
    }
  });

  test.skipIf(!has('desktop-file-validate'))('the entry is one (skipped without desktop-file-utils)', () => {
    const file = join(tempFolder(), 'starling.desktop');
    writeFileSync(file, autostartEntry(SPECIAL));
    expect(execFileSync('desktop-file-validate', [file], { encoding: 'utf8' })).toBe('');
  });

  test.skipIf(!has('systemd-analyze'))('the unit passes systemd-analyze verify (skipped without systemd)', () => {
    const folder = tempFolder();
    const program = join(folder, 'a $b %c.sh');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    const unit = join(folder, 'starling.service');
    writeFileSync(unit, systemdUnit([program, 'start', '--home', '/a "b" %n $HOME \\e']));
    const verified = spawnSync('systemd-analyze', ['--user', 'verify', unit], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: folder },
    });
    expect([verified.status, verified.stderr]).toEqual([0, '']);
  });

  test('Windows: a registry that cannot be written to is said, and off is off where there was nothing', async () => {
    const windows = (run: RunProgram): Login => ({ env: {}, userHome: '/', program: ['node'], hasSystemd: false, run });
    const ends =
      (ok: boolean): RunProgram =>
      () =>
        Promise.resolve({ ok, out: '', err: '' });
    const { on, off } = autostartOf('win32');
    await expect(on(windows(ends(false)))).rejects.toThrow('could not be written to');
    await expect(off(windows(ends(true)))).rejects.toThrow('could not be written to');
    await on(windows(ends(true)));
    await off(windows(ends(false)));
  });

  test('a LaunchAgent has its arguments as they are', () => {
    const agent = launchAgent(['/usr/bin/node', '/a & <b>/starling.mjs', 'start']);
    expect(agent).toContain(
      '<array><string>/usr/bin/node</string><string>/a &amp; &lt;b&gt;/starling.mjs</string><string>start</string></array>',
    );
  });
});

describe('what other systems are told', () => {
  test('Windows: values of the person alone, as arguments of reg.exe, and their end', () => {
    const program = ['C:\\Program Files\\node.exe', 'C:\\a "b"\\link.mjs', '--'];
    expect(commandLine([...program, 'C:\\end\\'])).toBe(
      '"C:\\Program Files\\node.exe" "C:\\a \\"b\\"\\link.mjs" "--" "C:\\end\\\\"',
    );
    const values = registryValues(program);
    expect(values.every(({ key }) => key.startsWith('HKCU\\'))).toBe(true);
    expect(values.find(({ key }) => key === 'HKCU\\Software\\Classes\\Starling.Magnet\\shell\\open\\command')?.data).toBe(
      '"C:\\Program Files\\node.exe" "C:\\a \\"b\\"\\link.mjs" "--" "%1"',
    );
    expect(registering(program)[1]).toEqual([
      'add',
      'HKCU\\Software\\Classes\\Starling.Magnet',
      '/v',
      'URL Protocol',
      '/t',
      'REG_SZ',
      '/d',
      '',
      '/f',
    ]);
    // Nothing stays, and nothing of others goes.
    const gone = unregistering().map(([, key, , name]) => [key, name === '/f' ? undefined : name]);
    for (const { key, name } of values) {
      expect(
        gone.some(([under, value]) => key.startsWith(under!) && (value === undefined || value === name)),
        key,
      ).toBe(true);
    }
    expect(gone.flat().filter(text => text === 'HKCU\\Software\\Classes\\.torrent')).toEqual([]);
  });

  test('macOS: an application that passes on what it is given, with no shell between', () => {
    const script = appScript(['/usr/bin/node', '/a "b"\\c/link.mjs', '--']);
    expect(script).toContain('launchedTaskWithLaunchPath:"/usr/bin/node" arguments:({"/a \\"b\\"\\\\c/link.mjs", "--"} & given)');
    expect(script).not.toContain('do shell script');
    const keys = infoPlist().map(([key]) => key);
    expect(keys).toEqual(expect.arrayContaining(['CFBundleURLTypes', 'CFBundleDocumentTypes', 'CFBundleIdentifier']));
    expect(making('/Users/me/Applications/Starling.app', ['/usr/bin/node']).map(([tool]) => tool.split('/').at(-1))).toEqual([
      'osacompile',
      ...keys.map(() => 'plutil'),
      'codesign',
      'lsregister',
    ]);
  });
});

test('mimeapps.list: one line changes, and all others stay', () => {
  const list =
    '# mine\n[Added Associations]\nimage/png=a.desktop;starling.desktop;\n\n[Default Applications]\na/b=c.desktop\nd/e = f.desktop\n';
  expect([defaultOf(list, 'd/e'), defaultOf(list, 'image/png')]).toEqual(['f.desktop', null]);
  expect(withDefault(list, 'd/e', null)).toBe(list.replace('d/e = f.desktop\n', ''));
  expect(withDefault(list, 'a/b', 'g.desktop')).toBe(list.replace('a/b=c.desktop', 'a/b=g.desktop'));
  expect(defaultOf(withDefault('', 'a/b', 'c.desktop'), 'a/b')).toBe('c.desktop');
  expect(withoutProgram(list, 'starling.desktop')).toBe(list.replace('a.desktop;starling.desktop;', 'a.desktop;'));
  expect(withoutProgram(list, 'c.desktop')).toBe(list.replace('a/b=c.desktop\n', ''));
});
