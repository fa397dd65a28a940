/** Disks that fail under a real download: the row says why, nothing that was fetched is lost, and it goes on once mended. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { canMount } from '../daemon/mount.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, makePayload, magnetOf, type Payload, type PayloadFile } from './payload.ts';
import { until } from './wait.ts';

const MB = 1_000_000;
const NOBODY = 65_534;

const missingPeer = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';
const missingMount = missingPeer || (canMount() ? '' : ' (needs to mount a file system)');
const missingLimits = missingPeer || (spawnSync('prlimit', ['--version']).status === 0 ? '' : ' (needs prlimit)');
const missingRoot = missingPeer || (process.getuid?.() === 0 ? '' : ' (needs root, to be somebody else)');

let io = '';
let folder = '';
let engine: RealEngine;
let seed: LibtorrentPeer | null = null;

beforeAll(async () => {
  io = await buildIo();
});
afterAll(() => rmSync(io, { recursive: true, force: true }));

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'starling-faults-')));
});

afterEach(async () => {
  await Promise.all([engine.stop(), seed?.stop()]);
  seed = null;
  rmSync(folder, { recursive: true, force: true });
});

const rowOf = (id: string) => engine.session.rows().find(row => row.id === id);
const codeOf = (id: string) => rowOf(id)?.problem?.code ?? '';

/** A payload, and a seed of it that sends so many bytes a second. */
async function seeding(name: string, files: readonly PayloadFile[], rate: number): Promise<Payload> {
  const payload = makePayload(join(folder, 'seed'), name, files, { pieceLength: 131_072 });
  const torrent = join(folder, `${name}.torrent`);
  writeFileSync(torrent, payload.bytes);
  seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: rate });
  return payload;
}

/** Starts it in a root, by its number, with the seed as its peer. */
function fetchInto(payload: Payload, root: number): string {
  const { id } = engine.session.add({ kind: 'file', bytes: payload.bytes });
  meetSeed(payload);
  engine.session.start(id, null, engine.roots[root] ?? '');
  return id;
}

function meetSeed(payload: Payload): void {
  engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${seed?.port ?? 0}`]) });
}

const FILES = [
  { path: ['big.bin'], size: 20 * MB },
  { path: ['sub', 'small.bin'], size: 300_001 },
  { path: ['sub', 'other.bin'], size: 4 * MB },
];

describe.skipIf(missingMount !== '')(`a disk of its own${missingMount}`, () => {
  const device = () => join(folder, 'device');
  const root = () => join(folder, 'root');

  beforeEach(async () => {
    mkdirSync(device());
    mkdirSync(root());
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128m', 'tmpfs', device()]);
    execFileSync('mount', ['--bind', device(), root()]);
    engine = await RealEngine.start(io, { roots: [root()] });
  });

  afterEach(() => {
    // What is not mounted just now need not be unmounted.
    for (const path of [root(), device()]) spawnSync('umount', ['-l', path]);
  });

  it('that is full stops the torrent, and it goes on by itself where there is room again', { timeout: 120_000 }, async () => {
    const payload = await seeding('full', FILES, 6 * MB);
    writeFileSync(join(device(), 'ballast'), Buffer.alloc(118 << 20));
    const id = fetchInto(payload, 1);
    await until('it says so', () => codeOf(id) === 'disk-full', 60_000);
    expect(engine.state(id)).toBe('error');
    const done = rowOf(id)?.done ?? 0;
    expect(done).toBeGreaterThan(4 * MB);
    rmSync(join(device(), 'ballast'));
    await until('all of it', () => engine.state(id) === 'seeding', 60_000);
    expect(differences(payload, root())).toEqual([]);
    // What was there was not fetched again.
    expect(rowOf(id)?.downloaded).toBeLessThan(payload.size + 8 * MB);
  });

  it('that goes away, and leaves an empty folder, takes nothing along', { timeout: 120_000 }, async () => {
    const payload = await seeding('gone', FILES, 4 * MB);
    const id = fetchInto(payload, 1);
    await until('a part of it', () => (rowOf(id)?.done ?? 0) > 6 * MB, 60_000);
    execFileSync('umount', ['-l', root()]);
    await until('it says so', () => codeOf(id) === 'folder-gone', 30_000);
    const done = rowOf(id)?.done ?? 0;
    // A person who wants it to go on cannot make it write to the wrong disk, nor lose what is on the right one.
    engine.session.resume(id);
    await until('it says so again', () => codeOf(id) === 'folder-gone', 30_000);
    expect(readdirSync(root())).toEqual([]);
    expect(rowOf(id)?.done).toBe(done);
    execFileSync('mount', ['--bind', device(), root()]);
    engine.session.resume(id);
    await until('all of it', () => engine.state(id) === 'seeding', 60_000);
    expect(differences(payload, device())).toEqual([]);
    // What was written and not flushed was read, not fetched again.
    expect(rowOf(id)?.downloaded).toBeLessThan(payload.size + 4 * MB);
  });

  it('that is read-only stops a download, and seeds what is whole', { timeout: 120_000 }, async () => {
    const payload = await seeding('sealed', FILES, 6 * MB);
    const id = fetchInto(payload, 1);
    await until('a part of it', () => (rowOf(id)?.done ?? 0) > 4 * MB, 60_000);
    const seal = async (): Promise<void> => {
      engine.session.pause(id);
      const isSealed = () => spawnSync('mount', ['-o', 'remount,ro,bind', root()]).status === 0;
      await until('nothing is open any more', isSealed, 20_000);
      engine.session.resume(id);
    };
    await seal();
    await until('it says so', () => codeOf(id) === 'read-only', 30_000);
    execFileSync('mount', ['-o', 'remount,rw,bind', root()]);
    await until('all of it', () => engine.state(id) === 'seeding', 60_000);
    expect(differences(payload, root())).toEqual([]);
    await seal();
    await seed?.stop();
    const leech = await LibtorrentPeer.start('leech', { torrent: join(folder, 'sealed.torrent'), dir: join(folder, 'leech') });
    try {
      engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${leech.port}`]) });
      await leech.done(60_000);
    } finally {
      await leech.stop();
    }
    expect(differences(payload, join(folder, 'leech'))).toEqual([]);
    expect(engine.state(id)).toBe('seeding');
  });
});

it.skipIf(missingRoot !== '')(
  `a folder that may not be written to stops the torrent until it may${missingRoot}`,
  { timeout: 120_000 },
  async () => {
    const root = join(folder, 'root');
    mkdirSync(root);
    for (const path of [folder, root]) chmodSync(path, 0o755);
    chmodSync(io, 0o755);
    writeFileSync(
      join(io, 'nobody.mjs'),
      `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY}); await import('./io.mjs');`,
    );
    engine = await RealEngine.start(io, { roots: [root], program: join(io, 'nobody.mjs') });
    const payload = await seeding('denied', FILES, 6 * MB);
    const id = fetchInto(payload, 1);
    await until('it says so', () => codeOf(id) === 'denied', 30_000);
    chownSync(root, NOBODY, NOBODY);
    await until('all of it', () => engine.state(id) === 'seeding', 60_000);
    expect(differences(payload, root)).toEqual([]);
  },
);

it.skipIf(missingLimits !== '')(
  `a daemon that may open no more files stops who needs them, and nobody else${missingLimits}`,
  { timeout: 240_000 },
  async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    engine = await RealEngine.start(io, { roots: [other] });
    const payload = await seeding('one', [{ path: [], size: 24 * MB }], 4 * MB);
    const one = fetchInto(payload, 0);
    await until('it comes', () => (rowOf(one)?.done ?? 0) > 2 * MB, 60_000);
    const daemon = ioPid();
    const limit = (files: number) => execFileSync('prlimit', ['--pid', String(daemon), `--nofile=${files}:`]);
    limit(readdirSync(`/proc/${daemon}/fd`).length + 8);
    const many = Array.from({ length: 60 }, (_, at) => ({ path: [`${at}`], size: 40_000 }));
    // They are there already: that is looked at, file by file.
    const second = makePayload(other, 'many', many, { pieceLength: 65_536 });
    const { id } = engine.session.add({ kind: 'file', bytes: second.bytes });
    engine.session.start(id, null, engine.roots[1] ?? '');
    await until('it says so', () => codeOf(id) === 'limit', 30_000);
    await until('the other is whole', () => engine.state(one) === 'seeding', 100_000);
    expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
    limit(4096);
    await until('it is checked', () => engine.state(id) === 'seeding', 60_000);
    expect(ioPid()).toBe(daemon);
  },
);

/** The io-daemon is a child of this process. */
function ioPid(): number {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const isIo = (pid: string): boolean => {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
      return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(io);
    } catch {
      return false;
    }
  };
  const [pid] = pids.filter(isIo);
  if (pid === undefined) throw new Error('no io-daemon');
  return Number(pid);
}
