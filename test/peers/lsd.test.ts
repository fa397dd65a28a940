/** Local discovery with libtorrent, over a cable between this machine and a network namespace. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, makePayload } from './payload.ts';
import { until } from './wait.ts';

const name = `lsd${process.pid}`;
const [near, far] = [`${name}a`, `${name}b`];
/** A network of our own, so that two runs do not meet. */
const network = `10.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 256}`;
const network6 = `fd00:6771:${(process.pid % 0x10000).toString(16)}:`;

const ip = (...args: string[]): boolean => spawnSync('ip', args).status === 0;
const inside = (...args: string[]): boolean => ip('-n', name, ...args);

/** A network namespace at the other end of a cable; false where this machine does not let us make one. */
function plug(): boolean {
  return (
    ip('netns', 'add', name) &&
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name) &&
    ip('addr', 'add', `${network}.1/24`, 'dev', near) &&
    inside('addr', 'add', `${network}.2/24`, 'dev', far) &&
    ip('addr', 'add', `${network6}:1/64`, 'dev', near, 'nodad') &&
    inside('addr', 'add', `${network6}:2/64`, 'dev', far, 'nodad') &&
    ip('link', 'set', near, 'up') &&
    inside('link', 'set', far, 'up') &&
    inside('link', 'set', 'lo', 'up')
  );
}

function unplug(): void {
  ip('link', 'del', near);
  ip('netns', 'del', name);
}

const canPlug = plug();
unplug();
const missing = !haveLibtorrent() ? ' (needs python3-libtorrent)' : canPlug ? '' : ' (needs network namespaces)';

describe.skipIf(missing !== '')(`local discovery${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-lsd-'));
    io = await buildIo();
    if (!plug()) throw new Error('no network namespace could be made');
  });
  afterAll(() => {
    unplug();
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  function make(of: string, host = `${network}.2`) {
    const payload = makePayload(join(dir, of), `${of}.bin`, [{ path: [], size: 1_500_000 }], { pieceLength: 65_536 });
    const torrent = join(dir, `${of}.torrent`);
    writeFileSync(torrent, payload.bytes);
    const peer = { torrent, listen: `${host}:0`, under: ['ip', 'netns', 'exec', name], lsd: true };
    return { payload, peer };
  }

  it.each([
    ['IPv4', `${network}.2`],
    ['IPv6', `[${network6}:2]`],
  ])('finds a libtorrent that tells the network of a torrent over %s', { timeout: 120_000 }, async (family, host) => {
    const { payload, peer } = make(`theirs-${family}`, host);
    const engine = await RealEngine.start(io);
    const id = engine.download(payload.bytes);
    const seed = await LibtorrentPeer.start('seed', { ...peer, dir: payload.dir, waits: true });
    try {
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      expect(engine.session.detail(id)?.lsd?.peers).toBe(1);
      expect(engine.session.detail(id)?.peers.every(({ address }) => address.startsWith(host))).toBe(true);
    } finally {
      await Promise.all([seed.stop(), engine.stop()]);
    }
  });

  it('is how a libtorrent finds us, that nobody can go to', { timeout: 120_000 }, async () => {
    const { payload, peer } = make('ours');
    const leech = await LibtorrentPeer.start('leech', { ...peer, dir: join(dir, 'leech'), calls: true });
    const engine = await RealEngine.start(io);
    try {
      cpSync(payload.dir, join(engine.daemon.folder, 'downloads'), { recursive: true });
      const id = engine.download(payload.bytes);
      await until('the check', () => engine.state(id) === 'seeding');
      await leech.done(90_000);
      expect(differences(payload, join(dir, 'leech'))).toEqual([]);
    } finally {
      await Promise.all([leech.stop(), engine.stop()]);
    }
  });
});
