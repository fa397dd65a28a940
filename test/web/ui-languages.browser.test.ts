/** The interface in languages made for tests (bin/pseudo-words.mjs): longer, marked by ⟦ ⟧, and from right to left. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { locales, read } from '../../bin/words.mjs';
import { CHROMIUM, MAGNET, missing, openUi } from './ui.ts';

const WIDTHS = [1280, 390] as const;
/** The sign of the order, with its gap, as table.css has it. */
const ARROW = 12 + 3;
/** Where pictures of what is walked through go; none are taken where it is not set. */
const SHOTS = env.STARLING_SHOTS;

/** Remembers every text that is posted to the window, which is data; runs in the page. */
function remember(language: string): void {
  localStorage.setItem('starling.language', language);
  const said = new Set<string>();
  const take = (value: unknown, depth: number): void => {
    if (typeof value === 'string') said.add(value);
    else if (typeof value === 'object' && value !== null && depth < 8 && !ArrayBuffer.isView(value))
      for (const each of Object.values(value)) take(each, depth + 1);
  };
  const { postMessage } = MessagePort.prototype;
  MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: never[]) {
    take(message, 0);
    return postMessage.call(this, message, ...rest);
  };
  Object.assign(globalThis, { said });
}

/** Texts within such elements that are in no catalogue; runs in the page. */
function foreign(within: string): string[] {
  const { said } = globalThis as unknown as { said: ReadonlySet<string> };
  const data = [...said].join('\n').replaceAll(/\s+/g, ' ');
  const found: string[] = [];
  const isPlain = (text: string): boolean =>
    // Numbers with their units, dates, signs; names that are the same in every language.
    /^(?:[\s\d\p{P}\p{S}]|\b(?:[kMGTP]?B(?:\/s)?|[KM]iB|[A-Z][a-z]{2}|[A-Za-z]|[AP]M|TCP|uTP|WebRTC|DHT|Starling)\b)*$/u.test(
      text,
    );
  const check = (text: string, inside: string, where: Element): void => {
    const words = text.replaceAll(/\s+/g, ' ').trim();
    // An address is one in every language.
    if (words === '' || isPlain(words) || /^[a-z]+:\S+$/.test(words) || data.includes(words.replaceAll(/[“”…]/g, ''))) return;
    // Units are accented alone.
    if (!/⟦.*⟧/s.test(inside) && !/[àéïöûñç]/.test(words))
      found.push(`${words.slice(0, 80)} (${where.tagName} ${where.className})`);
  };
  for (const root of document.querySelectorAll(within)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (parent === null || parent.closest('bdi,svg,option[lang]') !== null || !parent.checkVisibility()) continue;
      check(node.textContent ?? '', parent.textContent, parent);
    }
    for (const element of root.querySelectorAll('[aria-label],[title],[placeholder],[alt]')) {
      if (!element.checkVisibility()) continue;
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
        const text = element.getAttribute(name) ?? '';
        check(text, text, element);
      }
    }
  }
  return [...new Set(found)];
}

/** What does not fit; runs in the page. */
function unfit(): string[] {
  const found: string[] = [];
  for (const element of document.querySelectorAll<HTMLElement>('button,h1,h2,h3,legend,label,th,p,.chip,.segment,summary')) {
    const { overflowX, overflowY } = getComputedStyle(element);
    if (!element.checkVisibility() || element.closest('.sr-only,[role=grid]') !== null) continue;
    const isCut =
      (overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) ||
      (overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 2);
    if (isCut && element.querySelector('bdi') === null) found.push(`cut off: ${element.textContent.slice(0, 60)}`);
  }
  const page = document.scrollingElement;
  if (page !== null && page.scrollWidth > innerWidth) found.push(`the page is ${page.scrollWidth} pixels wide, of ${innerWidth}`);
  /** Whether it can be scrolled to. */
  const isInScroller = (element: Element | null): boolean => {
    if (element === null) return false;
    return element.scrollWidth > element.clientWidth && /auto|scroll/.test(getComputedStyle(element).overflowX)
      ? true
      : isInScroller(element.parentElement);
  };
  for (const element of document.querySelectorAll<HTMLElement>('button,select,input')) {
    const box = element.getBoundingClientRect();
    if (!element.checkVisibility() || box.width <= 1 || isInScroller(element.parentElement)) continue;
    if (box.left < -1 || box.right > innerWidth + 1) found.push(`beyond the edge: ${element.outerHTML.slice(0, 100)}`);
  }
  return [...new Set(found)];
}

describe.skipIf(missing)(`languages in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste } = openUi(opened => (page = opened));
  let page: Page;

  const at = async (hash: string, there: string): Promise<void> => {
    await page.evaluate(to => (location.hash = to), hash);
    await page.locator(there).first().waitFor();
  };
  const first = (): Promise<string> => page.evaluate(() => [...globalThis.mock.torrents.keys()][0] ?? '');
  const press = async (keys: string, there: string): Promise<void> => {
    await page.keyboard.press(keys);
    await page.locator(there).first().waitFor();
  };
  /** Shuts what lies over the list, and goes there. */
  const back = async (): Promise<void> => {
    await page.keyboard.press('Escape');
    await at('#/', '.table');
  };

  /** With what of it is in the catalogue as a whole. */
  const SCREENS: readonly (readonly [name: string, open: () => Promise<void>, whole?: string])[] = [
    ['list', () => at('#/', '.table'), '.table,.chips'],
    ...['general', 'files', 'peers', 'trackers', 'pieces', 'speed', 'log'].map(
      tab => [tab, async () => at(`#/torrents/all/${await first()}/${tab}`, '[role=tabpanel]'), '[role=tabpanel],.tabs'] as const,
    ),
    ['activity', async () => (await back(), at('#/activity', '.activity h2')), '.activity'],
    ['settings', () => at('#/settings', '.settings h2'), '#language'],
    ['palette', async () => (await back(), press('Control+k', '[role=combobox]'))],
    ['shortcuts', async () => (await back(), press('Shift+?', 'dialog[open]'))],
    ['add', async () => (await back(), press('n', 'dialog[open]')), 'dialog[open]'],
    [
      'sheet',
      async () => (await back(), await paste(MAGNET), page.locator('dialog[open] [type=checkbox]').first().waitFor()),
      'dialog[open]',
    ],
  ];

  it.each(WIDTHS.flatMap(width => (['en-XA', 'ar-XB'] as const).map(language => ({ language, width }))))(
    'fits in $language at $width pixels, as the catalogue has it',
    async ({ language, width }) => {
      await show('nine', { viewport: { width, height: 800 } }, opened => opened.addInitScript(remember, language));
      expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])).toEqual([
        language,
        language === 'ar-XB' ? 'rtl' : 'ltr',
      ]);
      const faults: string[] = [];
      for (const [name, open, whole] of SCREENS) {
        await open();
        const found = await page.evaluate(unfit);
        // Numbers and their units are in Arabic there.
        if (whole !== undefined && language === 'en-XA') found.push(...(await page.evaluate(foreign, whole)));
        faults.push(...found.map(fault => `${name}: ${fault}`));
        if (SHOTS === undefined) continue;
        mkdirSync(SHOTS, { recursive: true });
        await page.screenshot({ path: join(SHOTS, `${language}-${width}-${name}.png`) });
      }
      expect(faults).toEqual([]);
    },
  );

  it.each(locales())(
    'has room for the heads of its columns, sorted by or not, and for what stands below, in %s',
    async language => {
      const columns = Object.keys(read('en')['columns'] ?? {}).map(id => ({ id, width: null }));
      await show('nine', { viewport: { width: 2600, height: 800 } }, opened =>
        opened.addInitScript(
          ([chosen, list]) => {
            localStorage.setItem('starling.language', chosen);
            localStorage.setItem('starling.list', list);
          },
          [language, JSON.stringify({ columns, sort: { by: 'name', descending: false } })] as const,
        ),
      );
      const cut = await page.evaluate(arrow => {
        const heads = [...document.querySelectorAll<HTMLElement>('.head-label')];
        const tooLong = heads.filter(head => {
          const range = document.createRange();
          range.selectNodeContents(head);
          const cell = head.closest('[role=columnheader]');
          return range.getBoundingClientRect().width + arrow > (cell?.clientWidth ?? 0) + 1;
        });
        const cells = [...document.querySelectorAll<HTMLElement>('.row .cell.number')];
        return {
          heads: heads.length,
          cut: [...tooLong, ...cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1)].map(
            ({ textContent }) => textContent,
          ),
        };
      }, ARROW);
      expect(cut).toEqual({ heads: columns.length, cut: [] });
    },
  );

  it('moves a column to the side that is seen, where that is the other one', async () => {
    await show('nine', { viewport: { width: 1280, height: 800 } }, opened =>
      opened.addInitScript(() => localStorage.setItem('starling.language', 'ar')),
    );
    const lefts = (): Promise<number[]> =>
      page.evaluate(() =>
        ['size', 'progress'].map(id => document.querySelector(`[data-column=${id}]`)!.getBoundingClientRect().left),
      );
    const [size = 0, progress = 0] = await lefts();
    expect(progress).toBeLessThan(size);
    await page.locator('[data-column=size] button').first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: /إلى اليسار/ }).click();
    await expect.poll(async () => (await lefts())[0]).toBeLessThan(size);
    await page.locator('[data-column=size] button').first().focus();
    await page.keyboard.press('Alt+ArrowRight');
    await expect.poll(lefts).toEqual([size, progress]);
  });

  it('is in the language that is chosen, and again as the browser is set', async () => {
    await show('nine', { locale: 'is-IS' });
    const root = page.locator('html');
    await expect.poll(() => root.getAttribute('lang')).toBe('en');
    await at('#/settings', '.settings h2');
    const choice = page.locator('#language select');
    await choice.selectOption('ar-XB');
    await expect.poll(() => root.getAttribute('dir')).toBe('rtl');
    await choice.selectOption('');
    await expect.poll(() => root.getAttribute('lang')).toBe('en');
    expect(await root.getAttribute('dir')).toBe('ltr');
  });

  it('stays as it is where the texts of a language do not come', async () => {
    await show('nine');
    const root = page.locator('html');
    const cutOff = { contentType: 'text/javascript', body: 'throw new Error("cut off")' };
    await page.route(/words\/ar-XB/, route => route.fulfill(cutOff));
    await at('#/settings', '.settings h2');
    await page.locator('#language select').selectOption('ar-XB');
    await page.getByText('The texts of that language could not be loaded.').waitFor();
    expect(await page.evaluate(() => localStorage.getItem('starling.language'))).toBeNull();
    expect(await root.getAttribute('lang')).toBe('en');
  });
});
