/** Each screen, light and dark, wide and narrow, as axe-core sees it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Browser, Page } from 'playwright';
import { DESKTOP, type MockSite } from './ui-scale.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };

interface Screen {
  readonly name: string;
  readonly scenario: string;
  readonly isFor?: 'desktop' | 'phone';
  /** Goes to it. */
  act?(page: Page): Promise<unknown>;
}

const details = async (page: Page): Promise<void> => {
  await page.locator('.row').first().dblclick();
  await page.getByRole('tabpanel').waitFor();
};
const visit =
  (name: string) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
  };

const SCREENS: readonly Screen[] = [
  { name: 'the list', scenario: 'nine' },
  { name: 'every state', scenario: 'states' },
  { name: 'hostile names', scenario: 'hostile' },
  { name: 'ten thousand', scenario: 'many' },
  { name: 'the first open', scenario: 'unpaired' },
  { name: 'no torrents', scenario: 'empty' },
  { name: 'the helper lost', scenario: 'lost' },
  { name: 'another browser at work', scenario: 'following' },
  { name: 'the settings', scenario: 'nine', act: visit('Settings') },
  { name: 'the activity', scenario: 'nine', act: visit('Activity') },
  {
    name: 'a menu',
    scenario: 'nine',
    isFor: 'desktop',
    act: async page => {
      await page.locator('.row').first().click({ button: 'right' });
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'the columns',
    scenario: 'nine',
    isFor: 'desktop',
    act: async page => {
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('menu').waitFor();
    },
  },
  {
    name: 'adding',
    scenario: 'nine',
    act: async page => {
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
];

/** `screen, light, 390: rule at element` of each. Light and dark at once: nothing of it is timed. */
export async function countViolations(browser: Browser, site: MockSite): Promise<string[]> {
  const found: string[] = [];
  for (const viewport of [DESKTOP, PHONE]) {
    const both = await Promise.all([walk(browser, site, viewport, 'light'), walk(browser, site, viewport, 'dark')]);
    found.push(...both.flat());
  }
  return found;
}

async function walk(
  browser: Browser,
  site: MockSite,
  viewport: typeof DESKTOP,
  colorScheme: 'light' | 'dark',
): Promise<readonly string[]> {
  const found: string[] = [];
  const audited = async (name: string, page: Page): Promise<void> => {
    for (const each of await audit(page)) found.push(`${name}, ${colorScheme}, ${viewport.width}: ${each}`);
  };
  for (const { name, scenario, isFor, act } of SCREENS) {
    if (isFor === 'desktop' && viewport === PHONE) continue;
    const page = await site.open(browser, scenario, { viewport, colorScheme, reducedMotion: 'reduce' });
    await act?.(page);
    await audited(name, page);
    await page.context().close();
  }
  const page = await site.open(browser, 'nine', { viewport, colorScheme, reducedMotion: 'reduce' });
  await (viewport === PHONE ? page.locator('.row').first().click() : details(page));
  await page.getByRole('tabpanel').waitFor();
  for (const tab of await page.getByRole('tab').all()) {
    await tab.click();
    await page.waitForTimeout(300);
    await audited(`the tab ${await tab.textContent()}`, page);
  }
  await page.context().close();
  return found;
}

async function audit(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof Axe };
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.flatMap(rule => rule.nodes.map(node => `${rule.id} at ${node.target.join(' ')}`));
  });
}
