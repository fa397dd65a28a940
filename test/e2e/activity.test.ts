/** The page of speeds in a real browser under the policy of the page. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../peers/wait.ts';
import { Alone } from './alone.ts';
import { haveChromium } from './browser.ts';

const missing = haveChromium() ? '' : 'chromium';
const SUMMARY = "document.querySelector('.rates > .quiet')?.textContent ?? ''";
const TOTAL = "[...document.querySelectorAll('.fact')].find(fact => fact.textContent.startsWith('All time'))?.textContent ?? ''";
const PAINTED = `(() => {
  const canvas = document.querySelector('.chart canvas');
  return canvas === null ? 0 : canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter(value => value > 0).length;
})()`;

describe.skipIf(missing !== '')(`activity of the browser alone${missing === '' ? '' : ` (needs ${missing})`}`, () => {
  let world: Alone;
  beforeEach(async () => void (world = await Alone.start()));
  afterEach(() => world.end());

  it('is drawn under the policy of the page, of what came', async () => {
    const { file } = await world.webSeeded('web.bin', 4_000_000, 4_000_000);
    const { app } = await world.open();
    await app.page.evaluate(
      "globalThis.refused = []; addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))",
    );
    await app.dropTorrents([file]);
    await app.page.waitForText('free in');
    await app.start();
    await app.complete('web.bin');
    await app.page.evaluate("location.hash = '#/activity'");
    await until('the chart', async () => (await app.page.evaluate<number>(PAINTED)) > 2_000);
    await until('the total', async () => /4\sMB down/.test(await app.page.evaluate<string>(TOTAL)));
    expect(await app.page.evaluate<string>(SUMMARY)).toMatch(/^In the last 10 minutes: download [\d.]+\s[kM]B\/s/);
    expect(await app.page.evaluate('globalThis.refused')).toEqual([]);
  });
});
