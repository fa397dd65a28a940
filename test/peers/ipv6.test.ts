/** The engine and its daemon over IPv6, on the loopback of this machine: trackers of both families, and libtorrents on ::1. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Server from 'bittorrent-tracker/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostPort } from '../../sw/engine/codec/address.ts';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, makePayload, withNode } from './payload.ts';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'));
const missing = [haveLibtorrent() ? '' : 'python3-libtorrent', hasIpv6 ? '' : '::1'].filter(Boolean);

/** A tracker on 127.0.0.1 and ::1, and who told it of what, in order. */
async function startTracker() {
  const port = await freePort();
  const server = new Server({ http: true, udp: true, stats: false, ws: false });
  const heard: string[] = [];
  for (const event of ['start', 'stop']) server.on(event, (address: string) => heard.push(`${event} ${address}`));
  server.on('warning', () => undefined);
  await new Promise<void>(resolve => server.listen(port, { http: '::', udp: '127.0.0.1', udp6: '::1' }, resolve));
  return { port, heard, stop: () => new Promise<void>(resolve => server.close(resolve)) };
}

describe.skipIf(missing.length > 0)(`IPv6${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-ipv6-'));
    io = await buildIo();
    process.env.NODE_OPTIONS = `--import=${fileURLToPath(new URL('names.mjs', import.meta.url))}`;
  });
  afterAll(() => {
    delete process.env.NODE_OPTIONS;
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  const make = (name: string, trackers: readonly string[]) => {
    const payload = makePayload(join(dir, name), `${name}.bin`, [{ path: [], size: 1_500_000 }], {
      pieceLength: 65_536,
      trackers,
    });
    const torrent = join(dir, `${name}.torrent`);
    writeFileSync(torrent, payload.bytes);
    return { payload, torrent };
  };

  it('tells a tracker of both our addresses, and meets a seed that it names on ::1 alone', { timeout: 120_000 }, async () => {
    const tracker = await startTracker();
    const { payload } = make('both', [`http://both.example:${tracker.port}/announce`]);
    const theirs = make('both', [`http://[::1]:${tracker.port}/announce`]);
    // It dials nobody: we have to come to it.
    const seed = await LibtorrentPeer.start('seed', {
      torrent: theirs.torrent,
      dir: payload.dir,
      listen: '[::1]:0',
      waits: true,
    });
    const engine = await RealEngine.start(io, { allow: LOOPBACK });
    try {
      await until('the seed to have announced', () => tracker.heard.some(line => line.startsWith('start [::1]')));
      const id = engine.download(payload.bytes);
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      // It is told of the end of the download as well.
      await until('the tracker to have answered', () => engine.session.detail(id)?.trackers[0]?.state === 'ok');
      expect(engine.session.detail(id)?.trackers).toMatchObject([{ text: '' }]);
      const ours = tracker.heard
        .find(line => line.startsWith('start 127.0.0.1:'))
        ?.split(':')
        .pop();
      const heardOf = (event: string) => ['127.0.0.1', '[::1]'].every(host => tracker.heard.includes(`${event} ${host}:${ours}`));
      expect(heardOf('start')).toBe(true);
      engine.session.pause(id);
      await until('the tracker to hear that both are gone', () => heardOf('stop'));
    } finally {
      await Promise.all([seed.stop(), engine.stop(), tracker.stop()]);
    }
  });

  it('tells a UDP tracker of both our addresses', { timeout: 60_000 }, async () => {
    const tracker = await startTracker();
    const { payload } = make('datagrams', [`udp://both.example:${tracker.port}/announce`]);
    const engine = await RealEngine.start(io, { allow: LOOPBACK });
    try {
      const id = engine.download(payload.bytes);
      await until('both to be known', () =>
        ['127.0.0.1:', '::1:'].every(host => tracker.heard.some(line => line.startsWith(`start ${host}`))),
      );
      // It is told of the end of the download as well.
      await until('the tracker to have answered', () => engine.session.detail(id)?.trackers[0]?.state === 'ok');
      expect(engine.session.detail(id)?.trackers).toMatchObject([{ text: '' }]);
    } finally {
      await Promise.all([engine.stop(), tracker.stop()]);
    }
  });

  it('lets a libtorrent in that comes to ::1, enciphered or not', { timeout: 120_000 }, async () => {
    const { payload, torrent } = make('incoming', []);
    const engine = await RealEngine.start(io, { allow: LOOPBACK });
    const leeches: LibtorrentPeer[] = [];
    try {
      cpSync(payload.dir, join(engine.daemon.folder, 'downloads'), { recursive: true });
      const id = engine.download(payload.bytes);
      await until('us to seed', () => engine.state(id) === 'seeding');
      for (const encryption of ['off', 'require'] as const) {
        const theirs = join(dir, `leech-${encryption}`);
        const options = { torrent, dir: theirs, listen: '[::1]:0', encryption, peers: [`[::1]:${engine.session.mapping.port}`] };
        const leech = await LibtorrentPeer.start('leech', options);
        leeches.push(leech);
        await leech.done(60_000);
        expect(differences(payload, theirs)).toEqual([]);
      }
    } finally {
      await Promise.all([...leeches.map(leech => leech.stop()), engine.stop()]);
    }
  });

  it('leads us to a seed by the DHT alone', { timeout: 150_000 }, async () => {
    const { payload, torrent } = make('dht', []);
    const other = make('other', []);
    const router = await LibtorrentPeer.start('leech', {
      torrent: other.torrent,
      dir: join(dir, 'router'),
      listen: '[::1]:0',
      dht: [],
    });
    const node = { host: '::1', port: router.port };
    const seed = await LibtorrentPeer.start('seed', {
      torrent,
      dir: payload.dir,
      listen: '[::1]:0',
      waits: true,
      dht: [hostPort(node)],
    });
    const engine = await RealEngine.start(io, { allow: LOOPBACK });
    try {
      const id = engine.download(withNode(payload.bytes, node.host, node.port));
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      expect(engine.session.detail(id)?.dht?.nodes).toBeGreaterThanOrEqual(1);
    } finally {
      await Promise.all([router.stop(), seed.stop(), engine.stop()]);
    }
  });
});
