/** aria2 in both directions, found through a real HTTP tracker, with streams that are plain and such that are enciphered. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { aria2Fetch, aria2Seed, haveAria2 } from './aria2.ts';
import { RealEngine } from './engine.ts';
import { haveOpentracker, Opentracker } from './opentracker.ts';
import { differences, makePayload } from './payload.ts';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

const missing = [haveAria2() ? '' : 'aria2', haveOpentracker() ? '' : 'opentracker'].filter(Boolean);

describe.skipIf(missing.length > 0)(`aria2${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-aria2-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['plain', false],
    ['enciphered', true],
  ])('seeds to us and fetches from us, %s', { timeout: 180_000 }, async (name, enciphered) => {
    const port = await freePort();
    const files = [
      { path: ['a.bin'], size: 1_500_000 },
      { path: ['deep', 'b.bin'], size: 700_001 },
    ];
    const trackers = [`http://127.0.0.1:${port}/announce`];
    const payload = makePayload(join(dir, 'seed'), name, files, { pieceLength: 65_536, trackers });
    const torrent = join(dir, `${name}.torrent`);
    writeFileSync(torrent, payload.bytes);
    const tracker = await Opentracker.start([payload.infoHash], port);
    const stop = aria2Seed(torrent, payload.dir, enciphered);
    const engine = await RealEngine.start(io);
    try {
      await until('aria2 to have announced', async () => (await tracker.seeds(payload.infoHash)) > 0);
      engine.download(payload.bytes);
      let way: string | undefined;
      await until(
        'the download',
        () => {
          way ??= engine.session.detail(payload.infoHash)?.peers[0]?.encryption;
          return engine.state(payload.infoHash) === 'seeding';
        },
        60_000,
      );
      expect(way === 'full').toBe(enciphered);
      expect(differences(payload, join(engine.daemon.folder, 'downloads'))).toEqual([]);
      await stop();
      const into = join(dir, `leech-${name}`);
      await aria2Fetch(torrent, into, 60, enciphered);
      expect(differences(payload, into)).toEqual([]);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([stop(), tracker.stop(), engine.stop()]);
    }
  });
});
