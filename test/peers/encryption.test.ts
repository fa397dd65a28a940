/** Enciphered streams between the engine, on the real io-daemon, and libtorrent, in both directions. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonDatagrams } from '../../sw/adapters/daemon-udp.ts';
import { DaemonHttp } from '../../sw/adapters/daemon-http.ts';
import { DaemonWeb } from '../../sw/adapters/daemon-web.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import { LentRtc } from '../../sw/adapters/rtc-net.ts';
import { DaemonState } from '../../sw/adapters/daemon-state.ts';
import { DaemonStore } from '../../sw/adapters/daemon-store.ts';
import { PlatformClock, platformRandom } from '../../sw/adapters/platform.ts';
import { Session } from '../../sw/engine/index.ts';
import type { Encryption } from '../../sw/engine/settings.ts';
import { buildIo, pairedToken, RealLink, startDaemon } from '../adapters/daemon.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { differences, makePayload } from './payload.ts';
import { nodeSockets } from './sockets.ts';
import { until } from './wait.ts';

const INSTALL = 'install-0001';
const MIB = 1 << 20;

/** An engine as the worker puts it together, on a daemon of its own. */
async function startEngine(io: string, encryption: Encryption) {
  const daemon = await startDaemon(io);
  const real = new RealLink(daemon);
  real.link.pair({ token: await pairedToken(daemon, INSTALL), installId: INSTALL, port: daemon.host.port });
  await real.until('linked');
  const net = new DaemonNet(real.io, () => undefined);
  const clock = new PlatformClock();
  let port = 0;
  const session = new Session(
    {
      clock,
      random: platformRandom,
      portMapper: { map: () => undefined },
      net: {
        connect: (...dialled) => net.connect(...dialled),
        limit: (...limit) => net.limit(...limit),
        unlimit: group => net.unlimit(group),
        listen: (_ports, bound, accept) => net.listen([0], taken => bound((port = taken)), accept),
      },
      datagrams: new DaemonDatagrams(real.io),
      sockets: nodeSockets,
      rtc: new LentRtc().port(net),
      store: new DaemonStore(real.io),
      readers: { hear: () => undefined, readable: () => undefined },
      state: new DaemonState(real.link.control, () => real.link.epoch),
      http: new DaemonHttp(real.io),
      web: new DaemonWeb(real.io),
      log: () => undefined,
    },
    { version: '0.0.0' },
  );
  session.configure({ encryption });
  session.attach([]);
  await until('a port to listen on', () => port !== 0);
  return {
    session,
    root: real.root,
    downloads: daemon.host.downloadDir,
    port: () => port,
    async close() {
      clock.stop();
      real.link.close();
      await daemon.close();
    },
  };
}

const needs = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(needs !== '')(`encryption with libtorrent${needs}`, () => {
  let io = '';
  let dir = '';
  beforeAll(async () => {
    io = await buildIo();
    dir = mkdtempSync(join(tmpdir(), 'starling-encryption-'));
  });
  afterAll(() => {
    rmSync(io, { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([
    ['prefer', 'require', 'full'],
    ['require', 'prefer', 'full'],
    ['require', 'require', 'full'],
    ['prefer', 'prefer', 'handshake'],
    ['prefer', 'off', 'none'],
    ['off', 'prefer', 'none'],
  ] as const)(
    '%s here and %s there comes to: %s',
    async (ours, theirs, expected) => {
      const name = `${ours}-${theirs}.bin`;
      const payload = makePayload(join(dir, 'seed'), name, [{ path: [], size: 3 * MIB + 77 }], { pieceLength: 65_536 });
      const torrent = join(dir, `${name}.torrent`);
      writeFileSync(torrent, payload.bytes);
      const engine = await startEngine(io, ours);
      const peers: LibtorrentPeer[] = [];
      try {
        const seed = await LibtorrentPeer.start('seed', {
          torrent,
          dir: payload.dir,
          encryption: theirs,
          uploadLimit: 4_000_000,
        });
        peers.push(seed);
        // From libtorrent to us: we connect to it.
        engine.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${payload.infoHash}&x.pe=127.0.0.1:${seed.port}` });
        engine.session.start(payload.infoHash, null, engine.root);
        let seen: string | undefined;
        await until(
          'the engine to have everything',
          () => {
            seen ??= engine.session.detail(payload.infoHash)?.peers[0]?.encryption;
            return engine.session.rows()[0]?.state === 'seeding';
          },
          60_000,
        );
        expect(seen).toBe(expected);
        expect(differences(payload, engine.downloads)).toEqual([]);
        await seed.stop();

        // And from us to libtorrent: it connects to us.
        const into = join(dir, `leech-${name}`);
        const leech = await LibtorrentPeer.start('leech', {
          torrent,
          dir: into,
          encryption: theirs,
          peers: [`127.0.0.1:${engine.port()}`],
        });
        peers.push(leech);
        expect((await leech.done(60_000)).encryption).toBe(expected);
        // libtorrent says that it has finished before all of it is written.
        await until('its files', () => differences(payload, into).length === 0, 30_000);
      } finally {
        await Promise.all(peers.map(peer => peer.stop()));
        await engine.close();
      }
    },
    150_000,
  );

  it('off here and require there never meet', async () => {
    const payload = makePayload(join(dir, 'seed'), 'never.bin', [{ path: [], size: 100_000 }], { pieceLength: 65_536 });
    const torrent = join(dir, 'never.torrent');
    writeFileSync(torrent, payload.bytes);
    const engine = await startEngine(io, 'off');
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, encryption: 'require' });
    try {
      engine.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${payload.infoHash}&x.pe=127.0.0.1:${seed.port}` });
      seed.connect(`127.0.0.1:${engine.port()}`);
      const end = performance.now() + 4_000;
      await until('some time to pass', () => performance.now() > end);
      expect(engine.session.detail(payload.infoHash)?.peers).toEqual([]);
      expect(engine.session.detail(payload.infoHash)?.hasMetadata).toBe(false);
    } finally {
      await seed.stop();
      await engine.close();
    }
  });
});
