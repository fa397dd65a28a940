/** Folders over /control: looking through them, and making them roots. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FolderBrowser, MAX_TOKENS } from '../../daemon/host/folders/folder-browser.ts';
import { FolderDesk, MAX_ASKED } from '../../daemon/host/folders/folder-desk.ts';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { type ControlFrame, ControlOp, type Root } from '../../daemon/wire/control.ts';
import { FOLDERS_A_PAGE, MAX_ROOTS } from '../../daemon/wire/control-codec.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import { change, list, make, walk } from './folders.ts';
import { control, type ControlClient, INSTALL_ID, pair, testHost, type TestHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

let person: string;

beforeEach(() => {
  person = realpathSync(tempFolder());
  vi.stubEnv('HOME', person);
  for (const name of ['Films', 'Music/Old', '.secret/keys']) mkdirSync(join(person, name), { recursive: true });
  writeFileSync(join(person, 'a file'), '');
  return () => vi.unstubAllEnvs();
});

async function open(): Promise<{ host: TestHost; client: ControlClient; token: string }> {
  const host = await testHost();
  const token = await pair(host);
  const client = await control(host, token);
  await client.welcome(({ io }) => io.state === 'RUNNING');
  return { host, client, token };
}

const rootsOf = (client: ControlClient): readonly Root[] =>
  client.frames.reduce<readonly Root[]>(
    (last, frame: ControlFrame | Frame) =>
      frame.op === ControlOp.ROOTS_CHANGED ? frame.roots : frame.op === ControlOp.WELCOME ? frame.welcome.roots : last,
    [],
  );
const named = (client: ControlClient, name: string): Root | undefined => rootsOf(client).find(root => root.name === name);
const tokenIn = (page: { folders: readonly { token: string; name: string }[] }, name: string): string =>
  page.folders.find(folder => folder.name === name)?.token ?? '';

describe('looking through folders', () => {
  it('begins at home and the drives, shows names and no path, neither hidden folders nor links nor files', async () => {
    symlinkSync('/etc', join(person, 'Elsewhere'));
    const { client } = await open();
    const start = await list(client);
    expect(start).toMatchObject({ folder: '', parent: null, more: false });
    expect(start.folders[0]).toMatchObject({ name: 'Home' });
    const home = await walk(client, 'Home');
    expect(home).toMatchObject({ name: 'Home', parent: '' });
    expect(home.folders.map(({ name }) => name)).toEqual(['Films', 'Music']);
    const old = await walk(client, 'Home', 'Music', 'Old');
    expect(old).toMatchObject({ name: 'Old', folders: [], parent: tokenIn(home, 'Music') });
    for (const frame of client.frames) {
      if (frame.op === ControlOp.FOLDER_PAGE) expect(JSON.stringify(frame.page)).not.toContain('/');
    }
  });

  it('goes no step by a token that was made up, altered, forgotten, or given to another connection', async () => {
    const { host, client } = await open();
    const films = tokenIn(await walk(client, 'Home'), 'Films');
    const gone = 'This folder is not there any more, or cannot be opened. Go back and choose another one.';
    for (const token of ['x', `${films.slice(1)}A`, '../..', '/etc', person, `${films}/..`]) {
      await expect(list(client, token)).rejects.toThrow(gone);
      await expect(make(client, token, 'new')).rejects.toThrow(gone);
      expect(await change(client, { do: 'add', folder: token })).toEqual({ status: 'refused', text: gone, root: '' });
    }
    expect(await list(client, films)).toMatchObject({ name: 'Films' });
    const other = await control(host, await pair(host, 'install-0002'), 'install-0002');
    await other.welcome();
    await expect(list(other, films)).rejects.toThrow(gone);
    expect(await change(other, { do: 'add', folder: films })).toMatchObject({ status: 'refused', text: gone });
    expect(readdirSync(join(person, 'Films'))).toEqual([]);
  });

  it('follows no link that took the place of a folder, and leads nowhere once that is gone', async () => {
    const { client } = await open();
    const home = await walk(client, 'Home');
    const old = tokenIn(await walk(client, 'Home', 'Music'), 'Old');
    renameSync(join(person, 'Films'), join(person, 'Films before'));
    symlinkSync('/etc', join(person, 'Films'));
    renameSync(join(person, 'Music'), join(person, '.music'));
    symlinkSync(join(person, '.music'), join(person, 'Music'));
    for (const token of [tokenIn(home, 'Films'), tokenIn(home, 'Music'), old]) {
      await expect(list(client, token)).rejects.toThrow('not there any more');
      await expect(make(client, token, 'new')).rejects.toThrow('not there any more');
      expect(await change(client, { do: 'add', folder: token })).toMatchObject({ status: 'refused' });
    }
    expect(existsSync('/etc/new')).toBe(false);
  });

  it('gives a page at a time, in order', async () => {
    for (let n = 0; n < FOLDERS_A_PAGE + 5; n++) mkdirSync(join(person, 'Films', `Film ${n}`));
    const { client } = await open();
    const first = await walk(client, 'Home', 'Films');
    expect(first.folders).toHaveLength(FOLDERS_A_PAGE);
    expect(first).toMatchObject({ more: true });
    expect(first.folders.slice(0, 3).map(({ name }) => name)).toEqual(['Film 0', 'Film 1', 'Film 2']);
    const rest = await list(client, first.folder, FOLDERS_A_PAGE);
    expect(rest.folders.map(({ name }) => name)).toEqual([200, 201, 202, 203, 204].map(n => `Film ${n}`));
    expect(rest.more).toBe(false);
    expect((await list(client, first.folder, 4_000_000_000)).folders).toEqual([]);
  });

  it('remembers so many folders, and forgets the one that was not shown for longest', async () => {
    const browser = new FolderBrowser(() => Promise.resolve([{ path: person, name: 'Home' }]));
    const [start] = (await browser.list('', 0)).folders;
    const films = tokenIn(await browser.list(start?.token ?? '', 0), 'Films');
    for (let n = 0; n < MAX_TOKENS; n++) mkdirSync(join(person, 'Music/Old', String(n)));
    const music = tokenIn(await browser.list(start?.token ?? '', 0), 'Music');
    const old = tokenIn(await browser.list(music, 0), 'Old');
    expect(await browser.list(films, 0)).toMatchObject({ name: 'Films' });
    for (let from = 0; from < MAX_TOKENS; from += FOLDERS_A_PAGE) await browser.list(old, from);
    await expect(browser.list(films, 0)).rejects.toThrow('not there any more');
    expect(await browser.list(old, 0)).toMatchObject({ name: 'Old' });
  });

  it('shows no character that would not be seen for what it is', async () => {
    mkdirSync(join(person, 'Films', 'evil\u202egnp.exe\u0007'));
    const { client } = await open();
    const films = await walk(client, 'Home', 'Films');
    expect(films.folders.map(({ name }) => name)).toEqual(['evil\ufffdgnp.exe\ufffd']);
    expect(await list(client, films.folders[0]?.token)).toMatchObject({ folders: [] });
  });

  it('has so many questions open at once, and each is answered', async () => {
    const roots = await Roots.open(tempFolder(), join(person, 'Films'));
    const desk = new FolderDesk({ roots, removed: () => undefined, changed: () => undefined, log: () => undefined });
    const answers: ControlFrame[] = [];
    const client = { send: (frame: ControlFrame): void => void answers.push(frame) };
    for (let id = 1; id <= MAX_ASKED + 3; id++) desk.hear(client, { op: ControlOp.FOLDER_LIST, id, folder: '', from: 0 });
    expect(answers.map(({ op, id }) => [op, id])).toEqual([9, 10, 11].map(id => [ControlOp.FOLDERS_DONE, id]));
    await until(() => answers.length === MAX_ASKED + 3, 'the others');
    expect(answers.slice(3).every(({ op }) => op === ControlOp.FOLDER_PAGE)).toBe(true);
    desk.hear(client, { op: ControlOp.FOLDER_LIST, id: 20, folder: '', from: 0 });
    await until(() => answers.at(-1)?.op === ControlOp.FOLDER_PAGE && answers.at(-1)?.id === 20, 'one more');
  });
});

describe('making a folder', () => {
  it('makes it where one is, once, and shows it', async () => {
    const { client } = await open();
    const films = await walk(client, 'Home', 'Films');
    expect(await make(client, films.folder, 'New ones')).toMatchObject({ name: 'New ones', folders: [], parent: films.folder });
    expect(readdirSync(join(person, 'Films'))).toEqual(['New ones']);
    await expect(make(client, films.folder, 'New ones')).rejects.toThrow('something of this name already');
  });

  it('takes no name that leads elsewhere, cannot be seen, or is none on other systems', async () => {
    const { client } = await open();
    const { folder } = await walk(client, 'Home', 'Films');
    const bad = [
      '',
      ' ',
      '.',
      '..',
      '../up',
      '/tmp/x',
      'a/b',
      'a\\b',
      'a\0b',
      'a\nb',
      'a\u202eb',
      '.hidden',
      'dot.',
      'end ',
      'CON',
      'nul.txt',
      'a:b',
      'C:',
    ];
    for (const name of [...bad, 'x'.repeat(256), 'é'.repeat(128)]) await expect(make(client, folder, name)).rejects.toThrow();
    expect(readdirSync(join(person, 'Films'))).toEqual([]);
    expect(readdirSync(person).sort()).toEqual(['.secret', 'Films', 'Music', 'a file']);
    expect((await make(client, folder, 'é'.repeat(127))).name).toBe('é'.repeat(127));
  });
});

describe('roots', () => {
  it('grow by a folder that was found so, which the io-daemon hears of and everyone is told', async () => {
    const { host, client } = await open();
    const films = tokenIn(await walk(client, 'Home'), 'Films');
    const done = await change(client, { do: 'add', folder: films });
    expect(done).toMatchObject({ status: 'ok', text: '' });
    expect(done.root).toMatch(/^[0-9a-f]{64}$/);
    expect(done.root).not.toBe(films);
    await until(() => named(client, 'Films'), 'the folder among the roots');
    expect(named(client, 'Films')).toMatchObject({ token: done.root, isDefault: false, problem: '' });
    expect(named(client, 'Films')!.free).toBeGreaterThan(0);
    await until(() => host.heard().includes(`{"token":"${done.root}","path":"${join(person, 'Films')}"`), 'the io-daemon');
    expect(readdirSync(join(person, 'Films'))).toEqual([]);
    await host.stop();
    const again = await testHost({ home: host.home });
    const back = await control(again, await pair(again));
    expect((await back.welcome()).roots.map(root => root.token)).toContain(done.root);
  });

  it('are chosen as default, renamed, and removed while another is left', async () => {
    const { host, client } = await open();
    const { root } = await change(client, { do: 'add', folder: tokenIn(await walk(client, 'Home'), 'Films') });
    const [first] = rootsOf(client);
    expect(await change(client, { do: 'default', root })).toMatchObject({ status: 'ok' });
    await until(() => named(client, 'Films')?.isDefault, 'the default');
    expect(rootsOf(client).filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect(await change(client, { do: 'rename', root, name: ' Cinema ' })).toMatchObject({ status: 'ok' });
    await until(() => named(client, 'Cinema'), 'the name');
    for (const name of ['', ' ', 'a\nb', 'x'.repeat(65), 'DOWNLOADS']) {
      expect(await change(client, { do: 'rename', root, name })).toMatchObject({ status: 'refused' });
    }
    writeFileSync(join(person, 'Films', 'a film'), 'x');
    client.send({ op: ControlOp.HOST_SETTINGS_SET, id: 5, change: { watched: [{ root, since: 0 }] } });
    expect(await change(client, { do: 'remove', root })).toMatchObject({ status: 'ok' });
    await until(() => rootsOf(client).length === 1, 'its removal');
    expect(rootsOf(client)).toMatchObject([{ token: first?.token, isDefault: true }]);
    // Nor is it watched, should it become one again.
    const isUnwatched = (frame: ControlFrame | Frame): boolean =>
      frame.op === ControlOp.HOST_SETTINGS && frame.settings.watched.length === 0;
    await until(
      () =>
        client.frames
          .filter(frame => frame.op === ControlOp.HOST_SETTINGS)
          .slice(-1)
          .every(isUnwatched),
      'that',
    );
    expect(readdirSync(join(person, 'Films'))).toEqual(['a film']);
    await until(() => !(host.heard().trimEnd().split('\n').at(-1) ?? '').includes(root), 'the io-daemon');
    expect(await change(client, { do: 'remove', root: first?.token ?? '' })).toMatchObject({
      status: 'refused',
      text: 'Downloads have to go somewhere. Add another folder first.',
    });
  });

  it('are called so that people can tell them apart', async () => {
    for (const at of ['A', 'B']) mkdirSync(join(person, at, 'downloads'), { recursive: true });
    const { client } = await open();
    for (const at of ['A', 'B']) {
      const folder = tokenIn(await walk(client, 'Home', at), 'downloads');
      expect(await change(client, { do: 'add', folder })).toMatchObject({ status: 'ok' });
    }
    await until(() => rootsOf(client).length === 3, 'both');
    expect(rootsOf(client).map(({ name }) => name)).toEqual(['downloads', 'downloads (2)', 'downloads (3)']);
  });

  it('are named by no token that was made up, and all such are answered alike', async () => {
    const { client } = await open();
    const text = 'This folder is none of those that downloads go to.';
    for (const root of ['', 'x', '0'.repeat(64), `${rootsOf(client)[0]?.token.slice(1)}0`]) {
      expect(await change(client, { do: 'remove', root })).toEqual({ status: 'refused', text, root: '' });
      expect(await change(client, { do: 'default', root })).toEqual({ status: 'refused', text, root: '' });
      expect(await change(client, { do: 'rename', root, name: 'n' })).toEqual({ status: 'refused', text, root: '' });
    }
    expect(rootsOf(client)).toHaveLength(1);
  });

  it('are removed once, however often at once', async () => {
    const { client } = await open();
    const { root } = await change(client, { do: 'add', folder: tokenIn(await walk(client, 'Home'), 'Films') });
    const [first] = rootsOf(client);
    const wishes = [root, first?.token ?? '', root].map(one => change(client, { do: 'remove', root: one }));
    const ended = (await Promise.all(wishes)).map(({ status }) => status);
    expect(ended).toEqual(['ok', 'refused', 'refused']);
  });

  it('are not folders of the system, the home, the host’s own, nor in each other', async () => {
    const home = join(person, '.local/starling');
    mkdirSync(join(home, 'state'), { recursive: true });
    const roots = await Roots.open(home, join(person, 'Films'));
    mkdirSync(join(person, 'Films/Short'));
    const why = async (path: string): Promise<string> => roots.add(path).then(() => '', String);
    for (const path of ['/etc', '/usr/share', '/proc/self', '/dev']) expect(await why(path)).toContain('belongs to the system');
    for (const path of ['/', '/tmp', '/mnt']) expect(await why(path)).toContain('Programs and the system keep');
    expect(await why(person)).toContain('settings of your programs');
    expect(await why(join(person, '.local'))).toContain('settings of your programs');
    expect(await why(home)).toContain('its own state');
    expect(await why(join(home, 'state'))).toContain('its own state');
    expect(await why(join(person, 'Films'))).toContain('already; it is “Films”');
    expect(await why(join(person, 'Films/Short'))).toContain('lies in “Films”');
    expect(await why(join(person, 'nothing'))).toContain('not there any more');
    expect(await why(join(person, 'a file'))).toContain('not there any more');
    symlinkSync(join(person, 'Films'), join(person, 'Link'));
    expect(await why(join(person, 'Link'))).toContain('already; it is “Films”');
    mkdirSync(join(person, 'Big/Inner'), { recursive: true });
    await roots.add(join(person, 'Big/Inner'));
    expect(await why(join(person, 'Big'))).toContain('“Inner”');
    expect(roots.paths.map(({ path }) => path)).toEqual([join(person, 'Films'), join(person, 'Big/Inner')]);
  });

  it('are at most so many', async () => {
    const home = tempFolder();
    const roots = await Roots.open(home, join(person, 'Films'));
    for (let n = 1; n <= MAX_ROOTS; n++) mkdirSync(join(person, 'Music', String(n)));
    for (let n = 1; n < MAX_ROOTS; n++) await roots.add(join(person, 'Music', String(n)));
    await expect(roots.add(join(person, 'Music', String(MAX_ROOTS)))).rejects.toThrow(`${MAX_ROOTS} folders already`);
  });

  it('stay as they were where their list cannot be saved', async () => {
    const home = realpathSync(tempFolder());
    const roots = await Roots.open(home, join(person, 'Films'));
    const before = roots.paths;
    rmSync(join(home, 'roots.json'));
    mkdirSync(join(home, 'roots.json'));
    await expect(roots.add(join(person, 'Music'))).rejects.toThrow('could not be saved');
    expect(roots.paths).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)(
    'are not folders that may not be written to (skipped for the superuser, who may)',
    async () => {
      const roots = await Roots.open(tempFolder(), join(person, 'Films'));
      chmodSync(join(person, 'Music'), 0o500);
      await expect(roots.add(join(person, 'Music'))).rejects.toThrow('not allowed to write');
    },
  );

  it('are asked about by those who were let in alone', async () => {
    const { host } = await open();
    const stranger = await control(host, 'A'.repeat(43), INSTALL_ID);
    stranger.send({ op: ControlOp.FOLDER_LIST, id: 5, folder: '', from: 0 });
    expect(await stranger.closed).toBe(4003);
    expect(stranger.frames.some(frame => frame.op === ControlOp.FOLDER_PAGE)).toBe(false);
  });
});
