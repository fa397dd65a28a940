import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { TorrentRow } from '../../sw/view-model.ts';
import { PLACE, ROOTS } from '../fakes/mock-torrents.ts';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';

/** A helper is there, and torrents that came into the browser before it was. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };
const SCREENS = process.env['STARLING_SCREENS'];
const DOWNLOADS = ROOTS[0]?.token ?? '';

describe.skipIf(missing)(`torrents of the browser and a helper, in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  async function violations(): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return found.violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(' ')}`);
    });
  }

  async function look(name: string): Promise<void> {
    if (SCREENS !== undefined) await page.screenshot({ path: `${SCREENS}/${name}.png` });
  }

  /** So many of the list, the first ones, are in the browser; gives their ids. */
  async function here(count: number): Promise<string[]> {
    return page.evaluate(
      ([most, root]) => {
        const rows = [...globalThis.mock.torrents.values()].slice(0, most);
        for (const each of rows) globalThis.mock.put({ ...each, root });
        return rows.map(({ id }) => id);
      },
      [count, PLACE.token] as const,
    );
  }

  async function put(id: string, part: Partial<TorrentRow>): Promise<void> {
    await page.evaluate(
      ([which, change]) => {
        const before = globalThis.mock.torrents.get(which);
        if (before) globalThis.mock.put({ ...before, ...change });
      },
      [id, part] as const,
    );
  }

  const banner = () => page.locator('.banner');

  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])('are offered to be moved, and show how far they are, on a %s', async (name, viewport) => {
    await show('nine', { viewport });
    expect(await banner().count()).toBe(0);
    const ids = await here(3);
    await banner().getByText('3 torrents are kept in this browser. Move them to “Downloads” on this computer?').waitFor();
    await look(`moving-in-banner-${name}`);
    expect(await violations()).toEqual([]);
    await banner().getByRole('button', { name: 'Move' }).click();
    await expect.poll(commands).toEqual([{ do: 'relocate', ids, root: DOWNLOADS }]);
    const [first = ''] = ids;
    const problem = { code: 'bringing', moved: 43, of: 100, isHere: true } as const;
    for (const id of ids) await put(id, { root: DOWNLOADS, state: 'moving', problem, down: 0, up: 0, eta: -1 });
    await row(/Moving to this computer, 43.%/)
      .first()
      .waitFor();
    await expect.poll(() => banner().count()).toBe(0);
    await row(/ubuntu/).click();
    if (name === 'desktop') await page.getByRole('button', { name: 'Show details' }).click();
    await page.getByText('It stays in the browser until all of it is there').waitFor();
    await look(`moving-in-going-${name}`);
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Keep it in the browser' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toEqual({ do: 'relocate', ids: [first], root: PLACE.token });
    await put(first, { problem: { ...problem, isHere: false } });
    await page.getByText('Open the app in that one and it goes on').waitFor();
    await look(`moving-in-waits-${name}`);
    await page.getByRole('note').getByRole('button', { name: 'Resume' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toEqual({ do: 'resume', ids: [first] });
  });

  it('say what becomes of what the browser has of one that is removed while it moves', async () => {
    await show('nine');
    const [first = ''] = await here(1);
    const problem = { code: 'bringing', moved: 0, of: 100, isHere: true } as const;
    await put(first, { root: DOWNLOADS, state: 'moving', done: 0, problem, inBrowser: { done: 3e9, isMoving: true } });
    await row(/ubuntu/).click();
    await page.keyboard.press('Shift+Delete');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('3 GB of it in this browser goes as well.').waitFor();
    await look('moving-in-remove-all');
    await dialog.getByRole('button', { name: 'Remove and delete files' }).click();
    await expect.poll(commands).toEqual([{ do: 'dismiss', ids: [first], withData: true }]);
  });

  it('say why they do not get on, and can be kept in the browser', async () => {
    await show('nine');
    const [first = ''] = await here(1);
    const text = 'What there is of it cannot be read from the storage of this browser just now (“io”).';
    const why = { code: 'bring-unreadable', values: { problem: 'io' } } as const;
    const inBrowser = { done: 3e9, isMoving: true };
    await put(first, { root: DOWNLOADS, state: 'moving', problem: { code: 'not-brought', why }, inBrowser });
    await row(/Cannot be moved for now/).click();
    await page.getByRole('button', { name: 'Show details' }).click();
    const note = page.getByRole('note');
    await note.getByText(text).waitFor();
    await look('moving-in-stuck');
    expect(await violations()).toEqual([]);
    await put(first, { state: 'error', problem: { code: 'disk-full', needed: 9e9 } });
    await note.getByText('Or keep it in the browser, which still has all of it.').waitFor();
    await look('moving-in-full');
    await note.getByRole('button', { name: 'Keep it in the browser' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toEqual({ do: 'relocate', ids: [first], root: PLACE.token });
  });

  it('stay where a person would leave them, until there are more; and one can be moved by itself', async () => {
    await show('nine');
    await here(2);
    await banner().getByRole('button', { name: 'Not now' }).click();
    await expect.poll(() => banner().count()).toBe(0);
    await page.reload();
    await here(2);
    await row(/ubuntu/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Move to this computer…' }).click();
    await page.getByText('What is in this browser stays here until all of it is there.').waitFor();
    await look('moving-in-dialog');
    expect(await banner().count()).toBe(0);
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
    await expect.poll(commands).toMatchObject([{ do: 'relocate', root: DOWNLOADS }]);
    await here(3);
    await banner().waitFor();
    await page.evaluate(() => globalThis.mock.setConnection({ ...globalThis.mock.connection, following: 'Firefox' }));
    await here(4);
    await expect.poll(() => banner().count()).toBe(0);
  });
});
