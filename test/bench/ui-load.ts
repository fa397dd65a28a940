/** The app as a website serves it, from nothing to its list: how much is loaded for it, and how soon it is there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright';
import { PlainSite } from '../e2e/alone.ts';
import { median, round } from './report.ts';

const top = join(import.meta.dirname, '../..');

export interface Load {
  /** JavaScript of the window until its list is shown, gzipped, kB (1000 bytes). */
  readonly initialJsKb: number;
  /** From the navigation until the list is shown, ms: the first time, from the worker's cache, and with no server any more. */
  readonly coldMs: number;
  readonly warmMs: number;
  readonly offlineMs: number;
  /** Until the app itself is drawn and takes input. */
  readonly coldDrawnMs: number;
  /** The most that a load shifted. */
  readonly cls: number;
}

interface Seen {
  drawn: number;
  list: number;
  shift: number;
}

export async function loadApp(browser: Browser, rounds: number): Promise<Load> {
  if (spawnSync(process.execPath, [join(top, 'bin/build.mjs'), '--quiet'], { stdio: 'inherit' }).status !== 0) {
    throw new Error('The app could not be built.');
  }
  const cold: Seen[] = [];
  const warm: Seen[] = [];
  const offline: Seen[] = [];
  let bytes = 0;
  for (let turn = 0; turn < rounds; turn++) {
    const site = await PlainSite.start();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    try {
      await context.addInitScript(watch);
      const page = await context.newPage();
      const scripts: Promise<number>[] = [];
      page.on('response', response => {
        // What the worker keeps for later is its own.
        if (response.request().resourceType() !== 'script' || response.request().serviceWorker() !== null) return;
        scripts.push(response.body().then(body => gzipSync(body, { level: 9 }).length));
      });
      cold.push(await visit(page, () => page.goto(site.origin)));
      page.removeAllListeners('response');
      bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
      // The worker takes hold, and keeps all of it.
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await page.waitForTimeout(2000);
      warm.push(await visit(page, () => page.reload()));
      site.stop();
      offline.push(await visit(page, () => page.reload()));
    } finally {
      await context.close();
      site.stop();
    }
  }
  const of = (seen: readonly Seen[], what: keyof Seen): number => Math.round(median(seen.map(each => each[what])));
  return {
    initialJsKb: round(bytes / 1000),
    coldMs: of(cold, 'list'),
    warmMs: of(warm, 'list'),
    offlineMs: of(offline, 'list'),
    coldDrawnMs: of(cold, 'drawn'),
    cls: round(Math.max(...[...cold, ...warm, ...offline].map(({ shift }) => shift)), 4),
  };
}

/** Runs in the page before anything of its own. */
function watch(): void {
  const seen = { drawn: 0, list: 0, shift: 0 };
  Object.assign(globalThis, { seen });
  new MutationObserver(() => {
    if (seen.drawn === 0 && document.querySelector('.add-button') !== null) seen.drawn = performance.now();
    if (seen.list === 0 && document.querySelector('.empty-first, .row') !== null) seen.list = performance.now();
  }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver(list => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) seen.shift += entry.value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

async function visit(page: Page, go: () => Promise<unknown>): Promise<Seen> {
  await go();
  await page.locator('.empty-first, .row').first().waitFor();
  // What shifts once the list is there counts as well.
  await page.waitForTimeout(1000);
  return page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen);
}
