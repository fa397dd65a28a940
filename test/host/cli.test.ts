import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { canMount } from '../daemon/mount.ts';
import { buildCli, childrenOf, isAlive, removeCli, run, started } from './cli.ts';
import { control, INSTALL_ID, pair } from './host.ts';
import { tempFolder, until } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
});
afterAll(() => removeCli(dist));

const onLinux = test.skipIf(process.platform !== 'linux');

function args(home: string): string[] {
  return ['--port', '0', '--home', home, '--download-dir', join(home, 'downloads'), '--no-open'];
}

/** As much of a host as the helpers for one in this process need. */
function asHost(host: { origin: string; port: number; redirect: string }): Parameters<typeof pair>[0] {
  const unused = (): never => {
    throw new Error('not in this process');
  };
  const { origin, port, redirect } = host;
  const newLink = () => Promise.resolve(redirect);
  return {
    origin,
    port,
    movedFrom: null,
    downloadDir: '',
    downloadProblem: '',
    newLink,
    ownPairing: { token: '', installId: '', port: 0 },
    asked: Promise.resolve(),
    stop: unused,
    kill: unused,
  };
}

test('help, version, and one line for what is not understood', async () => {
  const outcome = async (...list: string[]): Promise<[number | null, string, string]> => {
    const { ended, out, err } = run(dist, list);
    return [(await ended).code, out(), err()];
  };
  expect(await outcome('--version')).toEqual([0, '9.9.9\n', '']);
  expect((await outcome('--help'))[1]).toMatch(/^ {2}start .*\n(.*\n)* {2}inspect /m);
  for (const list of [
    ['help', 'start'],
    ['start', '--help'],
    ['start', '--port', '1', '-h'],
  ]) {
    expect(await outcome(...list)).toEqual([0, expect.stringMatching(/--download-dir DIR/), '']);
  }
  expect((await outcome('strat'))[2]).toBe("Unknown command 'strat' (did you mean 'start'?). See starling help.\n");
  const wrong = [
    ['--bogus'],
    ['start', '--port', 'x'],
    ['start', '--port', '70000'],
    ['start', 'twice'],
    ['begin'],
    ['help', 'begin'],
    ['start', '--home'],
  ];
  for (const list of wrong) {
    const [code, out, err] = await outcome(...list);
    expect([code, out, err.trimEnd().split('\n').length], list.join(' ')).toEqual([2, '', 1]);
  }
});

test('packages are installed anew where another version is asked for, and not because the lockfile is newer', async () => {
  // Checked out and run as plain JavaScript, before anything is built.
  const program = join(import.meta.dirname, '../../bin/installed.mjs');
  const { isInstalled } = (await import(program)) as { isInstalled: (folder: string) => boolean };
  const folder = tempFolder();
  const lock = (version: string): string =>
    JSON.stringify({
      packages: {
        '': { version: '0.1.0' },
        'node_modules/a': { version },
        'node_modules/b': { version: '1.0.0', optional: true },
      },
    });
  expect(isInstalled(folder)).toBe(false);
  writeFileSync(join(folder, 'package-lock.json'), lock('1.0.0'));
  expect(isInstalled(folder)).toBe(false);
  mkdirSync(join(folder, 'node_modules'));
  const record = join(folder, 'node_modules/.package-lock.json');
  writeFileSync(record, JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));
  utimesSync(record, 0, 0);
  expect(isInstalled(folder)).toBe(true);
  writeFileSync(join(folder, 'package-lock.json'), lock('1.0.1'));
  expect(isInstalled(folder)).toBe(false);
});

test('what keeps it from starting is one line and status 1', async () => {
  const file = join(dist, 'bin/starling.mjs');
  const { ended, err } = run(dist, ['start', '--home', tempFolder(), '--download-dir', file, '--no-open', '--port', '0']);
  expect((await ended).code).toBe(1);
  expect(err().trimEnd().split('\n')).toHaveLength(1);
  expect(err()).toContain('is not a folder');
});

test.skipIf(!canMount())('a folder for downloads that is read-only is said to be, and keeps nothing from starting', async () => {
  const folder = tempFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const host = await started(dist, ['--port', '0', '--home', tempFolder(), '--download-dir', folder, '--no-open']);
  expect(host.out()).toContain(`Downloads go to ${folder} once it can be used. The folder cannot be written to.\n`);
});

onLinux('Ctrl-C ends host and io-daemon, and leaves neither process, lock nor redirect file', async () => {
  const home = tempFolder();
  const host = await started(dist, args(home));
  const client = await control(asHost(host), await pair(asHost(host)));
  await client.welcome(({ io }) => io.state === 'RUNNING');
  const children = childrenOf(host.child.pid!);
  expect(children).toHaveLength(1);
  host.child.kill('SIGINT');
  expect(await host.ended).toEqual({ code: 0, signal: null });
  expect(children.filter(isAlive)).toEqual([]);
  expect(await client.closed).toBe(1001);
  expect(readdirSync(home).filter(name => name.startsWith('open-') || name.startsWith('lock'))).toEqual([]);
});

onLinux('a host killed outright takes its io-daemon with it, and the next start needs no clearing up', async () => {
  const home = tempFolder();
  const host = await started(dist, args(home));
  const token = await pair(asHost(host));
  const { epoch } = await (await control(asHost(host), token)).welcome(({ io }) => io.state === 'RUNNING');
  const children = childrenOf(host.child.pid!);
  host.child.kill('SIGKILL');
  await host.ended;
  await until(() => !children.some(isAlive), 'io-daemon gone');
  const next = await started(dist, args(home));
  expect(next.origin).toBe(host.origin);
  expect(existsSync(host.redirect)).toBe(false);
  const client = await control(asHost(next), token);
  expect((await client.welcome()).epoch).toBeGreaterThan(epoch);
});

test('a second start finds the first, leads to it and ends', async () => {
  const home = tempFolder();
  const first = await started(dist, args(home));
  const second = run(dist, ['start', ...args(home)]);
  expect((await second.ended).code).toBe(0);
  expect(second.out()).toContain(`Starling runs already at ${first.origin}/`);
  const redirect = /two minutes: (\S+)/.exec(second.out())![1]!;
  expect(redirect).not.toBe(first.redirect);
  expect(await pair(asHost({ ...first, redirect }))).toHaveLength(43);
});

onLinux('the app that is paired ends all of it, in order', async () => {
  const home = tempFolder();
  const host = await started(dist, args(home));
  const token = await pair(asHost(host));
  const client = await control(asHost(host), token);
  await client.welcome(({ io }) => io.state === 'RUNNING');
  const children = childrenOf(host.child.pid!);
  const headers = { Origin: host.origin, Authorization: `Bearer ${token}`, 'X-Starling-Install': INSTALL_ID };
  const answer = await fetch(`${host.origin}/control/shutdown`, { method: 'POST', headers });
  expect(answer.status).toBe(202);
  expect(await host.ended).toEqual({ code: 0, signal: null });
  expect(children.filter(isAlive)).toEqual([]);
  expect(await client.closed).toBe(1001);
  expect(readdirSync(home).filter(name => name.startsWith('lock'))).toEqual([]);
});

test('a start while the first is still stopping waits for its turn', async () => {
  const home = tempFolder();
  const first = await started(dist, args(home));
  first.child.kill('SIGTERM');
  const second = await started(dist, args(home));
  expect((await first.ended).code).toBe(0);
  expect(second.origin).toBe(first.origin);
});

test('of two starts at the same moment one hosts and the other leads to it', async () => {
  const home = tempFolder();
  const both = [run(dist, ['start', ...args(home)]), run(dist, ['start', ...args(home)])];
  const first = await Promise.race(both.map(async one => (await one.ended, one)));
  const other = both.find(one => one !== first)!;
  expect((await first.ended).code).toBe(0);
  expect(first.out()).toContain('Starling runs already at http://127.0.0.1:');
  expect(other.out()).toContain('Starling is at http://127.0.0.1:');
});

onLinux('what it keeps is for its owner alone', async () => {
  const home = tempFolder();
  await started(dist, args(home));
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(home, name)).isFile());
  expect(files).toContain('logs/host.log');
  for (const name of files) expect(statSync(join(home, name)).mode & 0o077, name).toBe(0);
  expect(statSync(home).mode & 0o077).toBe(0);
});
