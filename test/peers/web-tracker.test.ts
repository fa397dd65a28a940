/** The engine and its daemon against a real WebSocket tracker. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { makePayload } from './payload.ts';
import { until } from './wait.ts';
import { haveOpenssl, WebTracker } from './web-tracker.ts';

describe.skipIf(!haveOpenssl())(`a WebSocket tracker${haveOpenssl() ? '' : ' (needs openssl)'}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-web-tracker-'));
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  it('tells its counts, and is told of nobody that could not answer its offers', { timeout: 60_000 }, async () => {
    const tracker = await WebTracker.start();
    const payload = makePayload(join(dir, 'seed'), 'web.bin', [{ path: [], size: 100_000 }], {
      pieceLength: 65_536,
      trackers: [tracker.url],
    });
    const engine = await RealEngine.start(io);
    const other = new WebSocket(tracker.url, { rejectUnauthorized: false });
    try {
      await new Promise(resolve => other.once('open', resolve));
      const info_hash = Buffer.from(payload.infoHash, 'hex').toString('latin1');
      other.send(JSON.stringify({ action: 'announce', info_hash, peer_id: 'p'.repeat(20), left: 0, event: 'started' }));
      await until('the other to be known', () => tracker.counts(payload.infoHash).complete === 1);
      const id = engine.download(payload.bytes);
      await until('its counts', () => engine.session.detail(id)?.trackers[0]?.state === 'counted');
      expect(engine.session.detail(id)?.trackers).toMatchObject([{ url: tracker.url, seeds: 1, leechers: 0 }]);
      expect(tracker.counts(payload.infoHash)).toEqual({ complete: 1, incomplete: 0 });
    } finally {
      other.close();
      await Promise.all([engine.stop(), tracker.stop()]);
    }
  });
});
