import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { command as stop } from '../../daemon/cli/stop.ts';
import { hasScreen } from '../../daemon/host/screen/screen.ts';
import { readConfig } from '../../daemon/host/store/config.ts';
import { StartError } from '../../daemon/host/errors.ts';
import { acquire, type Lock } from '../../daemon/host/process/lock.ts';
import type { Holder } from '../../daemon/host/process/lock-file.ts';
import { RotatingFile } from '../../daemon/host/logs/rotating-file.ts';
import { listen, takePort } from '../../daemon/host/process/ports.ts';
import { listenerOn, startTimeOf } from '../../daemon/host/process/process-info.ts';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { ask, NoAnswer } from '../../daemon/link/ask.ts';
import { tempFolder } from './temp.ts';

function server(): Server {
  const made = createServer();
  onTestFinished(() => {
    made.close();
    made.closeAllConnections();
  });
  return made;
}

/** A port that something listens on, and one that was free a moment ago. */
async function ports(): Promise<{ taken: number; free: number }> {
  const taken = await listen(server(), 0);
  const other = server();
  const free = await listen(other, 0);
  await new Promise(resolve => other.close(resolve));
  return { taken: taken!, free: free! };
}

test('the first start takes the first free port of the list', async () => {
  const { taken, free } = await ports();
  expect(await takePort(server(), { asked: null, kept: null, candidates: [taken, free] })).toBe(free);
  await expect(takePort(server(), { asked: null, kept: null, candidates: [taken] })).rejects.toThrow(/taken.*--port/);
});

test('a kept or an asked port that is taken is an error that names its holder; no other is tried', async () => {
  const { taken, free } = await ports();
  const self = /process (\d+)/.exec(await listenerOn(taken))?.[1];
  expect(self).toBe(String(process.pid));
  const message = new RegExp(`Port ${taken} is taken by ".+" \\(process ${process.pid}\\).*--port`);
  await expect(takePort(server(), { asked: null, kept: taken, candidates: [free] })).rejects.toThrow(message);
  await expect(takePort(server(), { asked: taken, kept: free, candidates: [free] })).rejects.toThrow(message);
  await expect(takePort(server(), { asked: 0, kept: taken, candidates: [free] })).rejects.toThrow(StartError);
});

test('asked goes before kept, and 0 is the kept one, else any', async () => {
  const { free } = await ports();
  expect(await takePort(server(), { asked: free, kept: 1 })).toBe(free);
  const other = await ports();
  expect(await takePort(server(), { asked: 0, kept: other.free })).toBe(other.free);
  expect(await takePort(server(), { asked: 0, kept: null })).toBeGreaterThan(0);
});

const isLock = (got: Lock | Holder): got is Lock => 'release' in got;

test('one lock a home: the second asker hears who has it, and where', async () => {
  const home = tempFolder();
  const first = await acquire(home);
  if (!isLock(first)) throw new Error('taken');
  await first.listening(4242);
  const second = await acquire(home);
  expect(second).toMatchObject({ pid: process.pid, port: 4242, secret: first.secret });
  expect(statSync(join(home, 'lock.json')).mode & 0o777).toBe(0o600);
  await first.release();
  expect(isLock(await acquire(home))).toBe(true);
});

test('a host that is on its way up is waited for, and nobody else is shown its secret', async () => {
  const home = tempFolder();
  const lock = await acquire(home);
  if (!isLock(lock)) throw new Error('taken');
  const starting = { pid: process.pid, startTime: '', port: 0, secret: 'secret', isHeadless: false };
  const asked = ask(starting, { path: '/local/stop', timeoutMs: 5000 });
  await expect(asked).rejects.toThrow(new NoAnswer('it is starting'));

  const said = vi.spyOn(console, 'log').mockReturnValue();
  onTestFinished(() => said.mockRestore());
  const shown: unknown[] = [];
  const host = server().on('request', (request, response) => {
    shown.push(request.headers['x-starling-local']);
    void lock.release().then(() => response.end('{}'));
  });
  const port = await listen(host, 0);
  const stopped = stop.run(['--home', home], { folder: '' });
  await lock.listening(port!);
  expect(await stopped).toBe(0);
  expect([shown, said.mock.calls]).toEqual([[lock.secret], [['Starling has ended.']]]);
});

test('of many that ask at once one gets it, also where a dead host left a lock', async () => {
  const stale = [
    '',
    '{',
    JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', port: 1, secret: 's' }),
    JSON.stringify({ pid: process.pid, startTime: `${await startTimeOf(process.pid)}0`, port: 1, secret: 's' }),
  ];
  // Who takes a lock for stale that another has just taken does so once in a hundred times.
  for (const content of Array.from({ length: 40 }, () => stale).flat()) {
    const home = tempFolder();
    writeFileSync(join(home, 'lock.json'), content);
    const got = await Promise.all(Array.from({ length: 8 }, () => acquire(home)));
    expect(got.filter(isLock), content).toHaveLength(1);
  }
});

test.each([-86_400, 86_400])(
  'who died while clearing is cleared away, also where the clock was set %i s on since',
  async seconds => {
    const home = tempFolder();
    writeFileSync(join(home, 'lock.json'), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', port: 1, secret: 's' }));
    const clearing = join(home, 'lock.json.clearing');
    mkdirSync(clearing);
    const then = Date.now() / 1000 - seconds;
    utimesSync(clearing, then, then);
    expect(isLock(await acquire(home))).toBe(true);
  },
);

test('roots: opaque, kept, and the same for the same folder; the one asked for is made and becomes the default', async () => {
  const home = tempFolder();
  const [a, b] = [join(home, 'a/deep'), join(home, 'b')];
  const first = await Roots.open(home, a);
  expect(first.list).toMatchObject([{ name: 'deep', isDefault: true, problem: '' }]);
  expect(statSync(a).isDirectory()).toBe(true);
  const second = await Roots.open(home, b);
  expect(second.list.map(({ name, isDefault }) => [name, isDefault])).toEqual([
    ['deep', false],
    ['b', true],
  ]);
  const third = await Roots.open(home, null);
  // Others write to that disk meanwhile.
  expect(third.list).toEqual(second.list.map(root => ({ ...root, free: expect.any(Number) as number })));
  expect(third.list[0]!.token).toBe(first.list[0]!.token);
  expect(JSON.stringify(third.list)).not.toContain(home);
  const elsewhere = await Roots.open(tempFolder(), a);
  expect(elsewhere.list[0]!.token).not.toBe(first.list[0]!.token);
});

test('roots: what cannot be saved is known all the same, and saved as soon as it can be; a start says it in one line', async () => {
  const home = join(tempFolder(), 'home');
  const away = `${home}-away`;
  const folders = tempFolder();
  const missing = join(folders, 'missing');
  mkdirSync(home);
  await Roots.open(home, missing);
  rmdirSync(missing);
  const file = join(home, 'roots.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), mounts: {} }));
  const roots = await Roots.open(home, join(folders, 'other'));
  renameSync(home, away);
  mkdirSync(missing);
  await roots.refresh();
  expect(roots.isSaved).toBe(false);
  const { mount = '' } = roots.paths[0] ?? {};
  expect(mount).not.toBe('');
  await roots.refresh();
  expect(roots.isSaved).toBe(false);
  renameSync(away, home);
  await roots.refresh();
  expect(roots.isSaved).toBe(true);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ mounts: { [realpathSync(missing)]: mount } });
  renameSync(home, away);
  await expect(Roots.open(home, missing)).rejects.toThrow(StartError);
  expect(readdirSync(away).sort()).toEqual(['roots.json', 'roots.json.previous']);
});

test('a root that cannot be is an error in one line', async () => {
  const home = tempFolder();
  writeFileSync(join(home, 'file'), '');
  await expect(Roots.open(home, join(home, 'file'))).rejects.toThrow(/is not a folder/);
  await expect(Roots.open(home, join(home, 'file/below'))).rejects.toThrow(StartError);
});

test('config.json: right, absent, and wrong in one line that names the key', async () => {
  const home = tempFolder();
  expect(await readConfig(home)).toEqual({ allow: [], portMapping: true, idleMs: 120_000 });
  const read = (config: unknown): ReturnType<typeof readConfig> => {
    writeFileSync(join(home, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    return readConfig(home);
  };
  const good = { network: { allow: ['127.0.0.0/8', 'fd00::/8'], portMapping: false }, io: { idleSeconds: 5 } };
  expect(await read(good)).toEqual({ allow: ['127.0.0.0/8', 'fd00::/8'], portMapping: false, idleMs: 5000 });
  const wrong: [unknown, RegExp][] = [
    [{ network: { allow: ['127.0.0.1'] } }, /"network\.allow\.0" must be an address range/],
    [{ network: { allow: '127.0.0.0/8' } }, /"network\.allow"/],
    [{ network: { portMapping: 'no' } }, /"network\.portMapping" must be true or false/],
    [{ network: { deny: [] } }, /"network\.deny" is not a setting/],
    [{ io: { idleSeconds: 0 } }, /"io\.idleSeconds" must be at least 1/],
    [{ io: { idleSeconds: 1e400 } }, /"io\.idleSeconds"/],
    [[], /config\.json/],
    ['{', /not valid JSON/],
  ];
  for (const [config, message] of wrong) {
    await expect(read(config), JSON.stringify(config)).rejects.toThrow(message);
    await expect(read(config)).rejects.toThrow(StartError);
    await expect(read(config)).rejects.not.toThrow(/\n/);
  }
});

test('no browser is opened where CI is set, to whatever it is set', () => {
  const screen = { DISPLAY: ':0' };
  for (const CI of ['true', '1', 'yes', 'woodpecker']) expect(hasScreen({ ...screen, CI }), CI).toBe(false);
  for (const CI of ['', '0', 'false']) expect(hasScreen({ ...screen, CI }), CI).toBe(true);
  expect(hasScreen(screen)).toBe(true);
});

test('a log is put aside when it is full, and only so many are kept', () => {
  const folder = join(tempFolder(), 'logs');
  mkdirSync(folder);
  const path = join(folder, 'x.log');
  const log = new RotatingFile(path, 100);
  for (let n = 0; n < 40; n++) log.write(`line ${n} ${'.'.repeat(30)}\n`);
  log.close();
  expect(readFileSync(path, 'utf8')).toContain('line 39');
  for (const n of [1, 2, 3]) expect(statSync(`${path}.${n}`).size).toBeLessThanOrEqual(100);
  expect(() => statSync(`${path}.4`)).toThrow();
});
