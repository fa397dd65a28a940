import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { Roots } from '../../daemon/host/folders/roots.ts';
import { metricsToken } from '../../daemon/host/http/metrics.ts';
import { acquire } from '../../daemon/host/process/lock.ts';
import { Epochs } from '../../daemon/host/store/epochs.ts';
import { jsonOf, KeptFile } from '../../daemon/host/store/kept-file.ts';
import { fileNameOf } from '../../daemon/host/store/state-file.ts';
import { StateStore } from '../../daemon/host/store/state.ts';
import { type ControlFrame, ControlOp } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import { canMount } from '../daemon/mount.ts';
import { control, pair, testHost } from './host.ts';
import { tempFolder } from './temp.ts';

const mark = 'a number';
const numberOf = jsonOf(value => (typeof value === 'number' && value > 100_000 ? value : null));

/** What becomes of files, each from what was there. */
const damages: readonly (readonly [string, (path: string) => void])[] = [
  ['is empty', path => writeFileSync(path, '')],
  ['is cut in half', path => writeFileSync(path, readFileSync(path).subarray(0, readFileSync(path).length >> 1))],
  ['is full of zeros', path => writeFileSync(path, Buffer.alloc(readFileSync(path).length))],
  ['says something else', path => writeFileSync(path, '{"colour":"red"}')],
  ['is a folder', path => (rmSync(path), mkdirSync(join(path, 'below'), { recursive: true }))],
  ['is a pipe', path => (rmSync(path), execFileSync('mkfifo', [path]))],
  ['leads to itself', path => (rmSync(path), execFileSync('ln', ['-s', path, path]))],
  ['is longer than any', path => writeFileSync(path, ' '.repeat((16 << 20) + 1))],
];

describe('a file of the home', () => {
  it.each(damages)(
    'that %s is put aside, and the generation before is used, at the next start as well',
    async (_what, damage) => {
      const path = join(tempFolder(), 'file');
      const open = async (): Promise<{ file: KeptFile<number>; said: string[] }> => {
        const said: string[] = [];
        return { file: await KeptFile.open({ path, parse: numberOf, what: mark, complain: text => said.push(text) }), said };
      };
      const first = await open();
      expect([first.file.condition, first.file.value]).toEqual(['absent', null]);
      await first.file.write(() => '100001');
      await first.file.write(() => '100002');
      damage(path);
      const second = await open();
      expect([second.file.condition, second.file.value]).toEqual(['older', 100001]);
      expect(second.said.join()).toMatch(/^a number was damaged\..*file\.damaged/);
      expect(numberOf(readFileSync(path, 'utf8'))).toBe(100001);
      const third = await open();
      expect([third.file.condition, third.file.value, third.said]).toEqual(['whole', 100001, []]);
      await third.file.write(() => '100003');
      damage(path);
      damage(`${path}.previous`);
      const lost = await open();
      expect([lost.file.condition, lost.file.value]).toEqual(['lost', null]);
      expect(readdirSync(join(path, '..')).sort()).toEqual(['file.damaged', 'file.damaged-2', 'file.previous.damaged']);
      await lost.file.write(() => '100004');
      expect((await open()).file.value).toBe(100004);
    },
  );

  it('has two generations from its first writing on', async () => {
    const path = join(tempFolder(), 'file');
    const options = { path, parse: numberOf, what: mark, complain: () => undefined };
    await (await KeptFile.open(options)).write(() => '100001');
    rmSync(path);
    expect((await KeptFile.open(options)).value).toBe(100001);
  });
});

describe('the list of folders', () => {
  const lose = (home: string, damage: (text: string) => string): void => {
    for (const name of ['roots.json', 'roots.json.previous']) {
      const path = join(home, name);
      writeFileSync(path, damage(readFileSync(path, 'utf8')));
    }
  };

  it('is that of the generation before where it is damaged: the same tokens', async () => {
    const home = tempFolder();
    const folder = join(tempFolder(), 'a');
    const before = (await Roots.open(home, folder)).list;
    writeFileSync(join(home, 'roots.json'), '');
    expect((await Roots.open(home, null)).list.map(({ token }) => token)).toEqual(before.map(({ token }) => token));
  });

  it('that is lost leaves the salt where it can be read, so that a folder that is added again is the same', async () => {
    const home = tempFolder();
    const folder = join(tempFolder(), 'a');
    const [before] = (await Roots.open(home, folder)).list;
    const said: string[] = [];
    lose(home, text => text.slice(0, text.indexOf('"paths"')));
    const again = await Roots.open(home, folder, text => said.push(text));
    expect(again.list.map(({ token }) => token)).toEqual([before!.token]);
    expect(said.join(' ')).toMatch(/kept as roots\.json\.damaged.*Add them in the settings: the torrents/);
    lose(home, () => '\0'.repeat(300));
    const other = await Roots.open(home, folder, text => said.push(text));
    expect(other.list).not.toMatchObject([{ token: before!.token }]);
    expect(said.at(-1)).toContain('tell the torrents in them where their files are');
  });
});

describe('epochs', () => {
  const year = 365 * 86_400;

  it.each([
    ['is lost', (home: string) => rmSync(home, { recursive: true })],
    ['was put back from an old copy', (home: string) => writeFileSync(join(home, 'epoch.json'), '{"epoch":3}')],
    ['says what cannot be', (home: string) => writeFileSync(join(home, 'epoch.json'), '{"epoch":1e300}')],
    ['is below zero', (home: string) => writeFileSync(join(home, 'epoch.json'), '{"epoch":-5}')],
  ])('go on forwards where the file %s', async (_what, damage) => {
    const home = tempFolder();
    const now = Date.now();
    const given = await (
      await Epochs.open(
        home,
        () => undefined,
        () => now,
      )
    ).next();
    damage(home);
    mkdirSync(home, { recursive: true });
    expect(
      await (
        await Epochs.open(
          home,
          () => undefined,
          () => now + 2_000,
        )
      ).next(),
    ).toBeGreaterThan(given);
  });

  it('go on forwards where the clock was set back, with the file, with the one before it, and with what is left of them', async () => {
    const home = tempFolder();
    let now = Date.now() + year * 1000;
    let last = 0;
    const next = async (): Promise<void> => {
      const epochs = await Epochs.open(
        home,
        () => undefined,
        () => now,
      );
      for (let n = 0; n < 3; n++) {
        const epoch = await epochs.next();
        expect(epoch).toBeGreaterThan(last);
        last = epoch;
      }
    };
    await next();
    now -= 3 * year * 1000;
    await next();
    writeFileSync(join(home, 'epoch.json'), '');
    await next();
    for (const name of ['epoch.json', 'epoch.json.previous'])
      writeFileSync(join(home, name), readFileSync(join(home, name)).subarray(0, -1));
    await next();
  });

  it('that are lost with everything they were written in go on from when the home was written to last', async () => {
    const home = tempFolder();
    const then = Math.floor(Date.now() / 1000) + year;
    writeFileSync(join(home, 'tokens.json'), '[]');
    utimesSync(join(home, 'tokens.json'), then, then);
    expect(
      await (
        await Epochs.open(
          home,
          () => undefined,
          () => 0,
        )
      ).next(),
    ).toBeGreaterThan(then);
  });
});

test.each([
  ['of no process', { pid: 0 }],
  ['of all processes', { pid: -1 }],
  ['of a process that cannot be', { pid: 1e300 }],
  ['with a port that cannot be', { port: 70_000 }],
])('a lock %s is one that a dead host left', async (_what, wrong) => {
  const home = tempFolder();
  writeFileSync(join(home, 'lock.json'), JSON.stringify({ pid: process.pid, startTime: '', port: 1, secret: 's', ...wrong }));
  const lock = await acquire(home);
  expect('release' in lock).toBe(true);
});

test('a folder in the place of the lock is put aside', async () => {
  const home = tempFolder();
  mkdirSync(join(home, 'lock.json/below'), { recursive: true });
  expect('release' in (await acquire(home))).toBe(true);
  expect(existsSync(join(home, 'lock.json.damaged/below'))).toBe(true);
});

test('what stands in the place of a state record is put aside; the others are there, and the record can be written again', async () => {
  const folder = tempFolder();
  const complaints: string[] = [];
  const open = (): StateStore => new StateStore(folder, text => complaints.push(text));
  const value = Uint8Array.of(1);
  await open().write(0, [
    { key: 'fine', value },
    { key: 'twice', value },
    { key: 'gone', value },
  ]);
  await open().write(0, [{ key: 'twice', value: Uint8Array.of(2) }]);
  for (const key of ['gone', 'twice']) {
    rmSync(join(folder, fileNameOf(key)));
    mkdirSync(join(folder, fileNameOf(key), 'below'), { recursive: true });
  }
  mkdirSync(join(folder, `${fileNameOf('gone')}.0badc0de.tmp`));
  const store = open();
  expect((await store.load('')).records.map(({ key, value: [first] }) => [key, first])).toEqual([
    ['fine', 1],
    ['twice', 1],
  ]);
  expect(complaints).toHaveLength(2);
  expect(await store.write(0, [{ key: 'gone', value }])).toMatchObject({ detail: '' });
  expect((await open().load('')).records).toHaveLength(3);
  expect(readdirSync(folder).filter(name => name.endsWith('.damaged'))).toHaveLength(2);
});

test('figures can be read with a new token where the old one is no token any more', async () => {
  const home = tempFolder();
  const token = await metricsToken(home);
  writeFileSync(join(home, 'metrics-token'), '\0'.repeat(44));
  const other = await metricsToken(home);
  expect(other).not.toBe(token);
  rmSync(join(home, 'metrics-token'));
  mkdirSync(join(home, 'metrics-token'));
  expect(await metricsToken(home)).toMatch(/^[\w-]{43}$/);
});

describe('a host', () => {
  const notice = (frame: ControlFrame | Frame): frame is Extract<ControlFrame, { op: typeof ControlOp.EVENT }> =>
    frame.op === ControlOp.EVENT && frame.event.type === 'notice';

  it.each(damages.slice(0, 5))(
    'starts where every file of its home %s, and says so at the terminal and to the app',
    async (_what, damage) => {
      const host = await testHost();
      await pair(host);
      await host.stop();
      const { port } = host;
      const files = ['host.json', 'tokens.json', 'roots.json', 'metrics-token'];
      for (const name of files) damage(join(host.home, name));
      const again = await testHost({ home: host.home });
      expect(again.port).toBe(port);
      for (const what of ['port', 'paired apps', 'download folders']) expect(again.said.join('\n')).toContain(what);
      const client = await control(again, await pair(again));
      expect(again.said).toContain(((await client.find(notice)).event as { text: string }).text);
    },
  );

  it.each(['logs', 'state'])(
    'says in words what is wrong where there is a file in the place of the folder of its %s, or goes on',
    async name => {
      const home = tempFolder();
      writeFileSync(join(home, name), '');
      const start = testHost({ home });
      if (name === 'logs') expect((await start).origin).toContain('http');
      else await expect(start).rejects.toThrow(/cannot use its home folder .*: a file is in its place\./);
    },
  );

  it.skipIf(!canMount())('says in words that the disk of its home is full, or read-only, and starts once it is not', async () => {
    const home = tempFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', home]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', home]));
    const filling = join(home, 'filling');
    expect(() => writeFileSync(filling, Buffer.alloc(80_000))).toThrow(/ENOSPC/);
    await expect(testHost({ home })).rejects.toThrow(/the disk is full\. Settle that/);
    execFileSync('mount', ['-o', 'remount,ro', home]);
    await expect(testHost({ home })).rejects.toThrow(/the disk is read-only\. Settle that/);
    execFileSync('mount', ['-o', 'remount,rw', home]);
    expect(readdirSync(home)).toEqual(['filling']);
    rmSync(filling);
    const host = await testHost({ home });
    const client = await control(host, await pair(host));
    const { epoch } = await client.welcome();
    // It fills up while the host runs: what was kept stays.
    const kept = readFileSync(join(home, 'epoch.json'), 'utf8');
    expect(() => writeFileSync(filling, Buffer.alloc(80_000))).toThrow(/ENOSPC/);
    client.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve: 0, work: true });
    client.send({ op: ControlOp.LEASE_TAKE, id: 0 });
    expect(((await client.find(notice)).event as { text: string }).text).toContain('Make room on its disk');
    expect(readFileSync(join(home, 'epoch.json'), 'utf8')).toBe(kept);
    await host.stop();
  });

  it('says in words that its home is none', async () => {
    const home = join(tempFolder(), 'home');
    writeFileSync(home, '');
    await expect(testHost({ home })).rejects.toThrow(/cannot use its home folder .*Nothing in it is lost/);
    rmSync(home);
    mkdirSync(home);
    writeFileSync(join(home, 'config.json'), '{}');
    renameSync(join(home, 'config.json'), join(home, 'other'));
    mkdirSync(join(home, 'config.json'));
    await expect(testHost({ home })).rejects.toThrow(/config\.json cannot be read: it is a folder/);
  });
});
