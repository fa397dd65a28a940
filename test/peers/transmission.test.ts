/** Transmission, in both directions: plain streams and enciphered ones, by a .torrent and by a magnet. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { haveTransmission, Transmission } from './transmission.ts';
import { until } from './wait.ts';

const missing = haveTransmission() ? '' : ' (needs transmission-daemon)';
const files = [
  { path: ['a.bin'], size: 1_500_000 },
  { path: ['deep', 'b.bin'], size: 700_001 },
];

describe.skipIf(missing !== '')(`transmission${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-transmission-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  // Transmission is in no hurry: they wait for it side by side.
  it.concurrent.each([
    // Where it selects plaintext, 3.00 takes what was said within the handshake for plaintext too, and ends: we come again without.
    ['tolerated', 'torrent', 'none'],
    ['required', 'magnet', 'full'],
  ] as const)(
    'seeds to us and fetches from us: encryption %s, by %s',
    { timeout: 180_000 },
    async (encryption, how, expected) => {
      const payload = makePayload(join(dir, 'seed'), `${encryption}-${how}`, files, { pieceLength: 65_536 });
      const torrent = join(dir, `${payload.name}.torrent`);
      writeFileSync(torrent, payload.bytes);
      const seed = await Transmission.start({ dir: payload.dir, encryption });
      const leech = await Transmission.start({ dir: join(dir, `leech-${payload.name}`), encryption });
      const engine = await RealEngine.start(io);
      const ways = new Set<string>();
      const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
      const look = (): void => engine.session.detail(payload.infoHash)?.peers.forEach(peer => ways.add(peer.encryption));
      try {
        await seed.add(torrent);
        await until('transmission to have checked its files', () => seed.isSeeding());
        if (how === 'torrent') engine.download(payload.bytes);
        meet(seed.port);
        if (how === 'magnet') engine.start(payload.infoHash);
        await until(
          'the download',
          () => {
            look();
            return engine.state(payload.infoHash) === 'seeding';
          },
          60_000,
        );
        expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
        await seed.stop();

        await leech.add(how === 'torrent' ? torrent : magnetOf(payload, []));
        meet(leech.port);
        await until(
          'transmission to have everything',
          () => {
            look();
            return leech.isSeeding();
          },
          60_000,
        );
        expect(differences(payload, join(dir, `leech-${payload.name}`))).toEqual([]);
        expect([...ways]).toEqual([expected]);
      } catch (error) {
        throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
      } finally {
        await Promise.all([seed.stop(), leech.stop(), engine.stop()]);
      }
    },
  );
});
