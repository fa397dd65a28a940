/** The interface with more than anybody has, and how long it takes. */
import type { Browser, BrowserContextOptions, Page } from 'playwright';
import { buildMock, serveMock, type MockServer } from '../web/mock/site.ts';
import { median, round } from './report.ts';

export const DESKTOP = { width: 1280, height: 800 };
const LONG_MS = 50;

/** The views, built as the app builds them, over the mock's data. */
export class MockSite {
  readonly #server: MockServer;
  readonly #remove: () => void;
  private constructor(server: MockServer, remove: () => void) {
    this.#server = server;
    this.#remove = remove;
  }

  static async start(): Promise<MockSite> {
    const remove = await buildMock();
    return new MockSite(await serveMock(), remove);
  }

  /** A page of its own on that scenario; its context is the caller's to close. */
  async open(browser: Browser, scenario: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: DESKTOP, ...options });
    const page = await context.newPage();
    await page.goto(`${this.#server.url}?scenario=${scenario}`);
    await page.locator('.row, .empty').first().waitFor();
    return page;
  }

  async stop(): Promise<void> {
    await this.#server.close();
    this.#remove();
  }
}

export interface Scroll {
  readonly fps: number;
  /** Of 100 frames 95 came at most so late after the one before. */
  readonly frameMs95: number;
  /** Tasks over 50 ms beyond the first such. */
  readonly longTasks: number;
  readonly longestMs: number;
}

/** From the top of the element to its end, evenly, while everything that changes changes. */
async function scroll(page: Page, selector: string, seconds: number): Promise<Scroll> {
  const told = await page.evaluate(
    async ([scrolled, ms]) => {
      const element = document.querySelector(scrolled);
      if (element === null) throw new Error(`There is no ${scrolled}`);
      const long: number[] = [];
      const observer = new PerformanceObserver(list => long.push(...list.getEntries().map(({ duration }) => duration)));
      observer.observe({ type: 'longtask' });
      const frames: number[] = [];
      const far = element.scrollHeight - element.clientHeight;
      await new Promise<void>(done => {
        let start = 0;
        let last = 0;
        const step = (now: number): void => {
          if (last > 0) frames.push(now - last);
          start ||= now;
          last = now;
          element.scrollTop = (far * (now - start)) / ms;
          if (now - start < ms) requestAnimationFrame(step);
          else done();
        };
        requestAnimationFrame(step);
      });
      // Tasks are told of a little later.
      await new Promise(resolve => setTimeout(resolve, 300));
      observer.disconnect();
      return { frames, long };
    },
    [selector, seconds * 1000] as const,
  );
  const frames = told.frames.toSorted((a, b) => a - b);
  return {
    fps: round((1000 * frames.length) / frames.reduce((sum, ms) => sum + ms, 0)),
    frameMs95: round(frames[Math.floor(frames.length * 0.95)] ?? NaN),
    longTasks: Math.max(0, told.long.filter(ms => ms > LONG_MS).length - 1),
    longestMs: Math.round(Math.max(0, ...told.long)),
  };
}

/** Sorted by what changes, so that the order does as well. */
export async function scrollList(browser: Browser, site: MockSite, seconds: number): Promise<Scroll> {
  const page = await site.open(browser, 'changing');
  try {
    await page.getByRole('columnheader', { name: 'Down' }).getByRole('button').click();
    await page.mouse.move(640, 30);
    await page.waitForTimeout(2000);
    return await scroll(page, '.rows', seconds);
  } finally {
    await page.context().close();
  }
}

export async function plainScroll(browser: Browser, seconds: number): Promise<Scroll> {
  const context = await browser.newContext({ viewport: DESKTOP });
  try {
    const page = await context.newPage();
    const lines = Array.from({ length: 10_000 }, (_, at) => `<div style="height:36px">Collection ${at}</div>`).join('');
    await page.setContent(`<div class="plain" style="height:700px;overflow:auto">${lines}</div>`);
    await page.waitForTimeout(500);
    return await scroll(page, '.plain', seconds);
  } finally {
    await context.close();
  }
}

/** Medians, from the press to the frame that shows what came of it. */
export interface Driven {
  readonly filterMs: number;
  readonly searchMs: number;
  readonly sortMs: number;
  /** The details of one of ten thousand; the first time their code is fetched as well. */
  readonly inspectorMs: number;
  readonly inspectorFirstMs: number;
  readonly treeMs: number;
}

export async function drive(browser: Browser, site: MockSite, rounds: number): Promise<Driven> {
  const page = await site.open(browser, 'changing');
  try {
    await page.waitForTimeout(1000);
    const filters: number[] = [];
    const searches: number[] = [];
    const sorts: number[] = [];
    const details: number[] = [];
    for (let turn = 0; turn < rounds; turn++) {
      for (const name of ['Seeding', 'All']) filters.push(await press(page, `.side-item:has(span:text-is("${name}"))`, '.row'));
      for (const text of ['part 7', '']) searches.push(await type(page, text));
      for (const name of ['name', 'size', 'name', 'down'])
        sorts.push(await press(page, `.head-row .cell-${name} button`, '.row'));
      details.push(await press(page, '.row >> nth=3', '.tab-panel dl, .tab-panel .now', 'dblclick'));
      await page.getByRole('button', { name: 'Close the details' }).click();
    }
    const [first = NaN, ...later] = details;
    return {
      filterMs: round(median(filters)),
      searchMs: round(median(searches)),
      sortMs: round(median(sorts)),
      inspectorMs: round(median(later.length > 0 ? later : details)),
      inspectorFirstMs: round(first),
      treeMs: await tree(browser, site, rounds),
    };
  } finally {
    await page.context().close();
  }
}

/** The files of a torrent that has fifty thousand. */
async function tree(browser: Browser, site: MockSite, rounds: number): Promise<number> {
  const samples: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    const page = await site.open(browser, 'files');
    await page.locator('.row').first().dblclick();
    await page.getByRole('tab', { name: 'Files 50,000' }).waitFor();
    samples.push(await press(page, '#tab-files', '.file'));
    await page.context().close();
  }
  return round(median(samples));
}

/** Presses an element; ms until the next is there and the frame with it is over. */
async function press(page: Page, selector: string, shows: string, how: 'click' | 'dblclick' = 'click'): Promise<number> {
  const target = page.locator(selector).first();
  return target.evaluate(
    async (element, [shown, type]) => {
      const start = performance.now();
      element.dispatchEvent(new PointerEvent(type, { bubbles: true }));
      const frame = (): Promise<void> =>
        new Promise(resolve =>
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve();
            port2.postMessage(null);
          }),
        );
      do await frame();
      while (document.querySelector(shown) === null);
      return performance.now() - start;
    },
    [shows, how] as const,
  );
}

async function type(page: Page, text: string): Promise<number> {
  return page.getByRole('searchbox').evaluate(async (element, typed) => {
    const start = performance.now();
    (element as HTMLInputElement).value = typed;
    element.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - start;
  }, text);
}
