import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';

/** What a person does with the queue, labels and limits, on a mock worker. */
describe.skipIf(missing)(`queue and labels in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const last = async (): Promise<unknown> => (await commands()).at(-1);

  async function alter(name: string, part: object): Promise<string> {
    return page.evaluate(
      ([of, change]) => {
        const torrent = [...globalThis.mock.torrents.values()].find(candidate => candidate.name.startsWith(of));
        if (!torrent) throw new Error('no such torrent');
        globalThis.mock.put({ ...torrent, ...change });
        return torrent.id;
      },
      [name, part] as const,
    );
  }

  it('says how many are ahead, and starts one at once on a click', async () => {
    await show('nine');
    const id = await alter('Sintel', { state: 'queued', problem: { code: 'queued', ahead: 3 }, down: 0, eta: -1, peers: 0 });
    await row(/^Sintel.*Waiting in the queue, 3 ahead/).dblclick();
    await page.getByRole('note').getByText('3 others come first').waitFor();
    await page.getByRole('button', { name: 'Start now' }).click();
    await expect.poll(last).toEqual({ do: 'set', ids: [id], options: { forceStart: true } });
  });

  it('moves what is selected in the queue', async () => {
    await show('nine');
    await row(/^Sintel/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'First in the queue' }).click();
    await expect.poll(last).toMatchObject({ do: 'move', to: 'top' });
  });

  it('sets limits, and none that there cannot be', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const field = page.getByRole('spinbutton', { name: 'Downloads at once' });
    await field.fill('3');
    await field.blur();
    await expect.poll(last).toEqual({ do: 'configure', settings: { maxActiveDownloads: 3 } });
    await field.fill('-1');
    await field.blur();
    await field.and(page.locator('[aria-invalid=true]')).waitFor();
    await expect.poll(last).toEqual({ do: 'configure', settings: { maxActiveDownloads: 3 } });
    await field.press('Escape');
    await expect.poll(() => field.inputValue()).toBe('3');
    const ratio = page.getByRole('spinbutton', { name: 'At ratio' });
    await ratio.fill('1.5');
    await ratio.blur();
    await expect.poll(last).toEqual({ do: 'configure', settings: { stopRatio: 1.5 } });
  });

  it('gives a torrent limits of its own, and takes them back', async () => {
    await show('nine');
    await row(/^debian/).dblclick();
    const field = page.getByRole('spinbutton', { name: 'After minutes' });
    expect(await field.getAttribute('placeholder')).toBe('Never');
    await field.fill('90');
    await field.blur();
    await expect.poll(last).toMatchObject({ do: 'set', options: { stopSeedingTime: 90 } });
    await field.fill('');
    await field.blur();
    await expect.poll(last).toMatchObject({ do: 'set', options: { stopSeedingTime: null } });
  });

  it('tells why seeding stopped, and resumes it', async () => {
    await show('nine');
    const id = await alter('debian', { state: 'done', up: 0, problem: { code: 'stopped', by: 'ratio', limit: 2 } });
    await row(/^debian.*Stopped at ratio 2/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Resume' }).click();
    await expect.poll(last).toEqual({ do: 'resume', ids: [id] });
  });

  it('labels a torrent, narrows the list to the label, and takes it away', async () => {
    await show('nine', { viewport: DESKTOP });
    await row(/^Sintel/).dblclick();
    await page.getByRole('combobox', { name: 'New label' }).fill('  films ');
    await page.keyboard.press('Enter');
    const filter = page.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: 'films 1' });
    await filter.click();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.getByRole('button', { name: 'Remove the label films' }).click();
    await filter.waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('row').count()).toBe(10);
  });

  it('labels several at once', async () => {
    await show('nine');
    await alter('Sintel', { options: { labels: ['films'], forceStart: false, stopRatio: null, stopSeedingTime: null } });
    await row(/^Sintel/).click();
    await row(/^archlinux/).click({ modifiers: ['Control'] });
    await row(/^archlinux/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Labels…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Labels of 2 torrents' });
    const check = dialog.getByRole('checkbox', { name: 'films' });
    expect(await check.evaluate(element => (element as HTMLInputElement).indeterminate)).toBe(true);
    await check.click();
    await expect.poll(last).toMatchObject({ do: 'label', add: ['films'], remove: [] });
    await page.getByRole('button', { name: 'films 2' }).waitFor({ state: 'attached' });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
  });

  it('adds, edits, moves and removes trackers, and says what is no address of one', async () => {
    await show('nine');
    await row(/^Sintel/).dblclick();
    await page.getByRole('tab', { name: /Trackers/ }).click();
    const field = page.getByRole('textbox', { name: 'New tracker' });
    await field.fill('tracker');
    await page.getByRole('button', { name: 'Add tracker' }).click();
    await page.getByRole('alert').getByText('“tracker” is no address of a tracker').waitFor();
    await field.fill('udp://new.example:80/announce');
    await field.press('Enter');
    const list = page.getByRole('list', { name: 'Trackers' });
    await list.getByText('udp://new.example:80/announce').waitFor();
    expect(await field.inputValue()).toBe('');
    const actions = async (url: string, item: string): Promise<void> => {
      await list.getByRole('button', { name: `Actions for ${url}` }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await actions('udp://new.example:80/announce', 'Edit');
    await list.getByRole('textbox').fill('udp://newer.example:80/');
    await list.getByRole('button', { name: 'Save' }).click();
    await list.getByText('udp://newer.example:80/').waitFor();
    await actions('udp://newer.example:80/', 'Move to an earlier tier');
    await list.getByText('Tier 3').nth(1).waitFor();
    await actions('http://old.example.net:6969/announce', 'Remove');
    await list.getByText('http://old.example.net:6969').waitFor({ state: 'detached' });
    await actions('udp://newer.example:80/', 'Ask again');
    await expect.poll(last).toMatchObject({ do: 'announce', url: 'udp://newer.example:80/' });
    await expect
      .poll(async () => (await commands()).at(-2))
      .toMatchObject({
        do: 'trackers',
        tiers: [['https://tracker.example.org/announce'], ['wss://tracker.example.com/announce', 'udp://newer.example:80/']],
      });
  });
});
