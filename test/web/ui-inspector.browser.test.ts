/** The parts of a torrent's details that are made for who looks: pieces and log; and peers that are kept out. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(missing)(`the details in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const open = async (tab: RegExp): Promise<void> => {
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: tab }).click();
  };
  const violations = async (): Promise<string[]> => {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const found = await axe.run('.inspector');
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
  };

  it.each(['light', 'dark'] as const)('shows where the pieces are, in squares and in words, in %s', async colorScheme => {
    await show('nine', { colorScheme });
    await open(/^Pieces/);
    await page.getByText('8,879 pieces: 3,438 here, 231 on their way, 4,500 missing, 710 left out.').waitFor();
    const grid = page.getByRole('slider', { name: 'Pieces' });
    // Pieces that are here have one colour, what is drawn has several.
    const colours = await grid.evaluate(canvas => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      const seen = new Set<number>();
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255) seen.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      return seen.size;
    });
    expect(colours).toBeGreaterThan(4);
    await grid.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => grid.getAttribute('aria-valuetext')).toMatch(/^Pieces 0 to \d+: .*here/);
    await page.keyboard.press('End');
    await expect.poll(() => grid.getAttribute('aria-valuetext')).toMatch(/left out$/);
    const box = await grid.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 3, (box?.y ?? 0) + 3);
    await page
      .locator('.pieces-told')
      .getByText(/^Pieces 0 to/)
      .waitFor();
    expect(await violations()).toEqual([]);
  });

  it('has a log by kind and by words, shows what others say as text, and copies what is shown', async () => {
    await show('nine', { permissions: ['clipboard-read', 'clipboard-write'] });
    await open(/^Log/);
    const lines = page.getByRole('list', { name: /^Log/ }).getByRole('listitem');
    await expect.poll(() => lines.count()).toBe(10);
    expect(await lines.first().textContent()).toContain('Stopped: the disk is full');
    await page.getByText('“unregistered <b>torrent</b>”').waitFor();
    expect(await violations()).toEqual([]);
    await page.getByRole('combobox', { name: 'Kind of lines' }).selectOption('peer');
    await expect.poll(() => lines.count()).toBe(2);
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('banned');
    await expect.poll(() => lines.count()).toBe(1);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('Log copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^2026-11-20T.* warn 203\.0\.113\.4 was banned/);
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('nothing like it');
    await page.getByText('No line of the log is like this.').waitFor();
  });

  it('sorts peers by a column, says how they are connected, bans one from a torrent and from all, and lets it in again', async () => {
    await show('nine');
    await open(/^Peers/);
    const first = page.getByRole('table').getByRole('row').nth(1);
    expect(await first.textContent()).toContain('it sends to us, we send to it, it came to us, encrypted');
    await page.getByRole('button', { name: 'Has' }).click();
    await expect.poll(() => first.textContent()).toContain('203.0.113.9');
    await page.getByRole('button', { name: 'Has' }).click();
    await expect.poll(() => first.textContent()).toContain('203.0.113.1:');
    expect(await page.getByRole('columnheader', { name: 'Has' }).getAttribute('aria-sort')).toBe('ascending');
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Actions for 203.0.113.1:6881' }).click();
    await page.getByRole('menuitem', { name: 'Ban from this torrent' }).click();
    const letIn = page.getByRole('button', { name: 'Let 203.0.113.1 in again' });
    await letIn.click();
    await letIn.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Actions for 203.0.113.2:6881' }).click();
    await page.getByRole('menuitem', { name: 'Ban from all torrents' }).click();
    const said = async () => (await commands()).filter(command => command.do === 'ban');
    await expect.poll(said).toMatchObject([
      { add: ['203.0.113.1'], remove: [] },
      { add: [], remove: ['203.0.113.1'] },
      { of: null, add: ['203.0.113.2'], remove: [] },
    ]);
    await page.getByRole('button', { name: 'Settings' }).first().click();
    const list = page.getByRole('textbox', { name: 'IP addresses, one a line' });
    await expect.poll(() => list.inputValue()).toBe('203.0.113.2');
    await list.fill('203.0.113.9\n2001:db8::7');
    // What another window bans meanwhile stays.
    await page.evaluate(() => globalThis.mock.ban({ of: null, add: ['203.0.113.3'], remove: [] }));
    await list.blur();
    await expect.poll(() => list.inputValue()).toBe('203.0.113.3\n203.0.113.9\n2001:db8::7');
    // Who types on while it is saved goes on from that.
    await list.evaluate(area => {
      const type = (text: string, ...events: string[]): void => {
        (area as HTMLTextAreaElement).value += text;
        for (const name of events) area.dispatchEvent(new Event(name, { bubbles: true }));
      };
      type('\n203.0.113.10', 'input', 'change');
      type('\n203.0.113.11', 'input');
    });
    await expect.poll(async () => (await said()).at(-1)).toMatchObject({ add: ['203.0.113.10'], remove: [] });
    expect(await list.inputValue()).toContain('\n203.0.113.11');
    await list.dispatchEvent('change');
    await expect.poll(async () => (await said()).at(-1)).toMatchObject({ add: ['203.0.113.11'], remove: [] });
  });

  it('has a file shown in its folder on this computer, and all of it', async () => {
    await show('nine');
    await open(/^Files/);
    await page.getByRole('button', { name: 'Show Sintel.en.srt in its folder' }).click();
    const shown = { do: 'host', ask: { do: 'reveal', path: ['Sintel', 'Subtitles', 'Sintel.en.srt'] } };
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject(shown);
    expect(await violations()).toEqual([]);
    await page.getByRole('tab', { name: 'General' }).click();
    await page.getByRole('button', { name: 'Show in folder' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ ask: { path: ['Sintel'] } });
  });

  it('asks all trackers again, and says when each last answered', async () => {
    await show('nine');
    await open(/^Trackers/);
    await page.getByText(/Answered with 50 peers .*, 1.min ago, again in/).waitFor();
    await page.getByRole('button', { name: 'Ask all again' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'announce', url: null });
    await expect.poll(violations).toEqual([]);
  });
});
