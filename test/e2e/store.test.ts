/** The store of the browser, in a service worker of Chromium: its file system, its database, its limits and its ends. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from './browser.ts';
import { StorePage } from './store-page.ts';

const PIECE = 256 << 10;

describe.skipIf(!haveChromium())('the store of the browser, in Chromium', () => {
  let page: StorePage;

  beforeAll(async () => {
    page = await StorePage.open();
  });
  afterAll(() => page.close());

  it('finds again what was flushed, after its worker was ended', async () => {
    const { ends } = await page.call('write', 'a', 0, 40, PIECE);
    expect(ends).toEqual({ ok: 40 });
    const before = await page.call('stat', 'a');
    await page.stopWorker();
    const after = await page.call('stat', 'a');
    expect([after.size, after.mtime]).toEqual([40 * PIECE, before.mtime]);
    expect(await page.call('read', 'a', 40, PIECE)).toBe(40);
  });

  it('goes on with a piece that was half there when its worker was ended', async () => {
    await page.call('half', 'b', 0, PIECE);
    await expect.poll(() => page.call('saved'), { timeout: 15_000 }).toBe(PIECE / 2);
    await page.stopWorker();
    expect(await page.call('kept')).toBe(PIECE / 2);
    expect(await page.call('finish', 0, PIECE)).toBe('ok');
    expect(await page.call('read', 'b', 1, PIECE)).toBe(1);
    expect(await page.call('saved')).toBe(0);
  });

  it('is whole or without a piece, wherever its worker was ended while it wrote', async () => {
    for (const wait of [0, 60, 200]) {
      await page.begin('write', `c${wait}`, 0, 60, PIECE);
      await new Promise(resolve => setTimeout(resolve, wait));
      await page.stopWorker();
      const { problem, size } = await page.call('stat', `c${wait}`);
      const whole = await page.call('whole', `c${wait}`, 60, PIECE);
      expect(whole.wrong, `after ${wait} ms`).toBe(0);
      expect(problem === null ? size : 0).toBeGreaterThanOrEqual(whole.right * PIECE);
      expect((await page.call('write', `c${wait}`, 0, 60, PIECE)).ends).toEqual({ ok: 60 });
      expect(await page.call('read', `c${wait}`, 60, PIECE)).toBe(60);
    }
  });

  it('says that it is full, has lost nothing by it, and goes on once files were deleted', async () => {
    const before = await page.call('used');
    await page.quota(before + 20 * PIECE);
    const { ends } = await page.call('write', 'd', 0, 100, PIECE);
    expect(ends['full']).toBeGreaterThan(0);
    const there = await page.call('whole', 'd', 100, PIECE);
    expect(there).toEqual({ right: ends['ok'] ?? 0, wrong: 0 });
    // Nothing that a full storage does is told as a failure of it.
    expect(Object.keys(ends).filter(end => end !== 'ok')).toEqual(['full']);
    const used = await page.call('used');
    // Chromium looks at each of the segments that are written at once by itself, and may take four where there is room for one: so more has to go than that.
    for (const name of ['a', 'c0']) expect(await page.call('remove', name)).toBeNull();
    await expect.poll(async () => used - (await page.call('used'))).toBeGreaterThan(99 * PIECE);
    expect((await page.call('write', 'd', 100, 10, PIECE)).ends).toEqual({ ok: 10 });
    await page.quota(null);
  });

  it('lets its database be cleared under it, and begins anew with the next that is asked', async () => {
    expect((await page.call('write', 'f', 0, 4, PIECE)).ends).toEqual({ ok: 4 });
    await page.clearDatabases();
    await expect.poll(async () => (await page.call('stat', 'f')).problem, { timeout: 15_000 }).toBe('gone');
    expect((await page.call('write', 'b', 0, 1, PIECE)).ends).toEqual({ ok: 1 });
    // What nothing is recorded of goes.
    await expect.poll(async () => (await page.call('segments')).length, { timeout: 15_000 }).toBeLessThan(4);
  });

  it('is there when the whole browser was killed, and leaves no space taken', async () => {
    await page.begin('write', 'e', 0, 200, PIECE);
    await new Promise(resolve => setTimeout(resolve, 100));
    await page.killBrowser();
    expect((await page.call('whole', 'e', 200, PIECE)).wrong).toBe(0);
    expect(await page.call('read', 'b', 1, PIECE)).toBe(1);
    for (const name of ['a', 'b', 'c0', 'c60', 'c200', 'd', 'e']) expect(await page.call('remove', name)).toBeNull();
    await expect.poll(() => page.call('segments'), { timeout: 15_000 }).toEqual([]);
  });
});
