import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Command } from '../../sw/api.ts';
import { serveMock, type MockServer } from './mock/site.ts';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/lib/chromium/chromium';
export const missing = !existsSync(CHROMIUM);
export const DESKTOP = { width: 1280, height: 820 };
export const HASH = 'ab12'.repeat(10);
export const MAGNET = `magnet:?xt=urn:btih:${HASH}&dn=Open+film`;

/** Has the window never so little to do that it fetches what nobody asked for yet. */
export function withoutRest(page: Page): Promise<unknown> {
  return page.addInitScript(() => (globalThis.requestIdleCallback = () => 0));
}

export interface Ui {
  /** Opens the interface in a new page, on a mock worker in this state; `prepare`: before anything is loaded. */
  show(scenario: string, options?: BrowserContextOptions, prepare?: (page: Page) => Promise<unknown>): Promise<void>;
  paste(text: string): Promise<void>;
  /** What the mock worker was asked for so far, but for the history, which is asked for every second. */
  commands(): Promise<Command[]>;
  row(name: RegExp): ReturnType<Page['getByRole']>;
}

/** Serves the interface to a browser for the tests around it; none may leave an error in the page's console, but what is `expected`. */
export function openUi(onPage: (page: Page) => void, expected: RegExp | null = null): Ui {
  let server: MockServer;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    server = await serveMock();
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-background-networking', '--disable-gpu'],
    });
  });

  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  afterEach(async () => {
    await page.context().close();
    expect(problems.splice(0)).toEqual([]);
  });

  async function show(
    scenario: string,
    options: BrowserContextOptions = {},
    prepare: (opened: Page) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce', ...options });
    page = await context.newPage();
    onPage(page);
    page.setDefaultTimeout(8000);
    page.on('pageerror', error => problems.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error' && expected?.test(message.text()) !== true) problems.push(message.text());
    });
    await prepare(page);
    await page.goto(`${server.url}?scenario=${scenario}`);
    await page.locator('.table').waitFor();
  }

  async function paste(text: string): Promise<void> {
    await page.evaluate(pasted => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
    }, text);
  }

  async function commands(): Promise<Command[]> {
    return page.evaluate(() => globalThis.mock.commands.filter(({ do: what }) => what !== 'history'));
  }

  return { show, paste, commands, row: name => page.getByRole('row', { name }) };
}
