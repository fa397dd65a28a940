/** Each screen as axe-core sees it, light and dark. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, DESKTOP, MAGNET, missing, openUi } from './ui.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const MEDIUM = { width: 900, height: 820 };
const PHONE = { width: 390, height: 800 };

describe.skipIf(missing)(`the interface in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste, row } = openUi(opened => (page = opened));
  let page: Page;

  async function audit(): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const { violations } = await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.map(found => `${found.id}: ${found.nodes.map(node => node.target.join(' ')).join(', ')}`);
    });
  }

  describe.each(['light', 'dark'] as const)('%s, as axe-core sees it', colorScheme => {
    it.each([
      ['the list and its details', DESKTOP, 'nine', () => row(/^ubuntu/).dblclick()],
      [
        'the files',
        DESKTOP,
        'nine',
        async () => (await row(/^ubuntu/).dblclick(), page.getByRole('tab', { name: /Files/ }).click()),
      ],
      [
        'the peers',
        DESKTOP,
        'nine',
        async () => (await row(/^ubuntu/).dblclick(), page.getByRole('tab', { name: /Peers/ }).click()),
      ],
      [
        'the add sheet',
        DESKTOP,
        'nine',
        async () => (await paste(MAGNET), page.getByRole('checkbox', { name: 'Making-of.mkv' }).waitFor()),
      ],
      ['a problem', MEDIUM, 'nine', async () => (await row(/^OpenStreetMap/).dblclick(), page.getByRole('tabpanel').waitFor())],
      [
        'the menu',
        DESKTOP,
        'nine',
        async () => (await row(/^Sintel/).click({ button: 'right' }), page.getByRole('menu').waitFor()),
      ],
      ['a phone that follows another browser', PHONE, 'following', () => row(/^ubuntu/).waitFor()],
      ['the first open', DESKTOP, 'unpaired', () => page.getByRole('button', { name: 'Browser only' }).click()],
      [
        'the activity',
        DESKTOP,
        'nine',
        async () => (
          await page.getByRole('button', { name: 'Activity' }).click(),
          page.getByRole('heading', { name: 'Trackers' }).waitFor()
        ),
      ],
      [
        'the activity on a phone, with nothing',
        PHONE,
        'empty',
        async () => (
          await page.getByRole('button', { name: 'Activity' }).click(),
          page.getByRole('heading', { name: 'Trackers' }).waitFor()
        ),
      ],
      [
        'the speeds of a torrent',
        DESKTOP,
        'nine',
        async () => (
          await row(/^ubuntu/).dblclick(),
          await page.getByRole('tab', { name: 'Speed' }).click(),
          page.getByRole('slider', { name: 'Speed over time' }).waitFor()
        ),
      ],
      [
        'the settings',
        DESKTOP,
        'nine',
        async () => (
          await page.getByRole('button', { name: 'Settings' }).click(),
          page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
        ),
      ],
      [
        'the palette',
        DESKTOP,
        'nine',
        async () => (await row(/^Sintel/).click(), await page.keyboard.press('Control+k'), page.getByRole('combobox').waitFor()),
      ],
      ['the shortcuts', DESKTOP, 'nine', async () => (await page.keyboard.press('Shift+?'), page.getByRole('dialog').waitFor())],
      [
        'the phone',
        PHONE,
        'nine',
        async () => (await page.getByRole('button', { name: 'Add' }).click(), page.getByRole('dialog').waitFor()),
      ],
      [
        'the phone’s details',
        PHONE,
        'nine',
        async () => (await row(/^OpenStreetMap/).click(), page.getByRole('tabpanel').waitFor()),
      ],
    ])('%s', async (_, viewport, scenario, act) => {
      await show(scenario, { viewport, colorScheme });
      await act();
      expect(await audit()).toEqual([]);
    });

    it.each([DESKTOP, PHONE])('more contrast, as the system asks for it, at $width pixels', async viewport => {
      await show('nine', { viewport, colorScheme, contrast: 'more' });
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('contrast');
      await row(/^ubuntu/).dblclick();
      await page.getByRole('tabpanel').waitFor();
      expect(await audit()).toEqual([]);
    });

    it('what is selected is told without the colours of the page', async () => {
      await show('nine', { viewport: DESKTOP, colorScheme, forcedColors: 'active' });
      await row(/^ubuntu/).click();
      const outlined = (selector: string): Promise<string> =>
        page
          .locator(selector)
          .first()
          .evaluate(element => getComputedStyle(element).outlineStyle);
      expect([await outlined('.row.selected'), await outlined('.side-item[aria-current]')]).not.toContain('none');
      expect(await outlined('.row:not(.selected)')).toBe('none');
    });
  });
});
