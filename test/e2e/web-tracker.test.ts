/** The app in a real browser and a real WebSocket tracker, which the worker reaches past the page's content policy. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePayload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
import { haveChromium } from './browser.ts';
import { World } from './world.ts';

const missing = [haveChromium() ? '' : 'chromium', haveOpenssl() ? '' : 'openssl'].filter(Boolean).join(', ');

describe.skipIf(missing !== '')(`a WebSocket tracker${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let tracker: WebTracker;
  let world: World;
  beforeAll(async () => {
    tracker = await WebTracker.start();
    world = await World.make({ flags: [`--ignore-certificate-errors-spki-list=${tracker.spki}`] });
  });
  afterAll(async () => {
    await world?.end();
    await tracker?.stop();
  });

  it('hears of the app, with offers, as long as a window is there to keep them', async () => {
    const payload = makePayload(join(world.dir, 'seed'), 'counted.bin', [{ path: [], size: 100_000 }], {
      pieceLength: 65_536,
      trackers: [tracker.url, 'ws://127.0.0.1:7/'],
    });
    const { app } = world;
    await app.withoutStun();
    await app.dropTorrents([world.torrentFile(payload)]);
    await app.start();
    await app.select(payload.name);
    await app.page.click({ role: 'button', name: 'Show details' });
    await app.page.click({ role: 'tab', name: /^Trackers/ });
    await app.page.waitForText('Introduces peers over WebRTC');
    await app.page.waitForText('is used over TLS alone');
    await until('its announce', () => tracker.counts(payload.infoHash).incomplete === 1);
    const [announce] = tracker.heard.filter(({ action }) => action === 'announce');
    const offers = announce?.['offers'] as { offer: { type: string; sdp: string } }[];
    expect(offers.length).toBeGreaterThan(0);
    for (const { offer } of offers) expect(offer).toEqual({ type: 'offer', sdp: expect.stringContaining('a=candidate:') });
    expect(app.page.log).toEqual([]);
  });
});
