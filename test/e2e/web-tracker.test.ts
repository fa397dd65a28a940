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

  it('shows its counts in the app, and hears of nobody', async () => {
    const payload = makePayload(join(world.dir, 'seed'), 'counted.bin', [{ path: [], size: 100_000 }], {
      pieceLength: 65_536,
      trackers: [tracker.url, 'ws://127.0.0.1:7/'],
    });
    const { app } = world;
    await app.dropTorrents([world.torrentFile(payload)]);
    await app.start();
    await app.select(payload.name);
    await app.page.click({ role: 'button', name: 'Show details' });
    await app.page.click({ role: 'tab', name: /^Trackers/ });
    await app.page.waitForText('0 complete and 0 others, to be reached over WebRTC alone');
    await app.page.waitForText('is used over TLS alone');
    await until('its scrape', () => tracker.heard.length > 0);
    expect(tracker.heard.every(({ action }) => action === 'scrape')).toBe(true);
    expect(tracker.counts(payload.infoHash)).toEqual({ complete: 0, incomplete: 0 });
    expect(app.page.log).toEqual([]);
  });
});
