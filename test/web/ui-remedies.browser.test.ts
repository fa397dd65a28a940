import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../sw/api.ts';
import { BROWSER_ROOT, type Problem } from '../../sw/view-model.ts';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** Why a torrent does not move, in its details: one button for each cause, and what pressing it does. */

const NAME = 'downloading, all well';
const OTHER = 'metadata, all well';

/** What each cause is answered with; null: nothing that could be pressed helps. */
const BUTTONS: Readonly<Record<Problem['code'], string | null>> = {
  'disk-full': 'Move to…',
  'disk-quota': 'Move to…',
  'file-too-large': 'Move to…',
  'read-only': 'Try again',
  denied: 'Try again',
  'folder-gone': 'Try again',
  'file-gone': 'Resume',
  'file-busy': 'Remove',
  'file-unsafe': 'Resume',
  'file-conflict': 'Resume',
  io: 'Try again',
  limit: 'Try again',
  'not-moved': 'Move to…',
  moving: null,
  bringing: 'Keep it in the browser',
  'not-brought': 'Keep it in the browser',
  queued: 'Start now',
  scheduled: 'Start now',
  stopped: 'Resume',
  'daemon-away': 'Reconnect',
  'no-peers': 'Trackers',
  'no-metadata': 'Look for more peers',
  'metadata-refused': 'Remove',
  'list-too-long': 'Save the .torrent file',
  'record-lost': 'Add the .torrent file',
  'no-source-has-missing': 'Look for more peers',
  choked: 'Look for more peers',
  silent: 'Look for more peers',
  unreached: 'Look for more peers',
  'peers-gone': 'Look for more peers',
  'no-connections': 'Settings',
  'nothing-chosen': 'Choose files',
  'out-of-reach': 'Get the helper',
  tracker: 'Copy error',
  'state-not-saved': 'Copy error',
  'state-not-read': 'Copy error',
};

describe.skipIf(missing)(`what can be done about a torrent that does not move, in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const asked = (command: (id: string) => Partial<Command>) => async (id: string) => {
    const last = async () => (await commands()).at(-1);
    await expect.poll(last).toMatchObject(command(id));
  };
  const dialog = (name: RegExp) => async () => {
    await page.getByRole('dialog', { name }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  };
  const tab = (name: string) => async () => {
    await page.getByRole('tab', { name, selected: true }).waitFor();
  };
  const settings = async (): Promise<void> => {
    await expect.poll(() => page.url()).toContain('#/settings');
    await page.goBack();
  };
  const DOES: Readonly<Record<string, (id: string) => Promise<void>>> = {
    Resume: asked(id => ({ do: 'resume', ids: [id] })),
    'Try again': asked(id => ({ do: 'resume', ids: [id] })),
    'Start now': asked(id => ({ do: 'set', ids: [id] })),
    'Keep it in the browser': asked(id => ({ do: 'relocate', ids: [id], root: BROWSER_ROOT })),
    Reconnect: asked(() => ({ do: 'reconnect' })),
    'Look for more peers': asked(id => ({ do: 'announce', ids: [id] })),
    'Choose files': tab('Files'),
    Trackers: tab('Trackers'),
    'Move to…': dialog(/^Move/),
    Remove: async id => {
      await asked(() => ({ do: 'dismiss', ids: [id], withData: false }))(id);
      await page.getByRole('button', { name: 'Undo' }).click();
    },
    'Add the .torrent file': dialog(/Add/),
    'Save the .torrent file': dialog(/Share/),
    'Get the helper': settings,
    'Copy error': async () => {
      await page.getByText('Error copied.').waitFor();
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).toContain(await page.getByRole('note').locator('p').innerText());
    },
    Settings: settings,
  };

  it('is one thing for each cause, done by one press', { timeout: 120_000 }, async () => {
    await show('states', { permissions: ['clipboard-read', 'clipboard-write'] });
    const problems = await page.evaluate(() => [...globalThis.mock.torrents.values()].flatMap(each => each.problem ?? []));
    expect(problems.map(({ code }) => code).sort()).toEqual(Object.keys(BUTTONS).sort());
    const pressed = new Set<string>();
    for (const problem of problems) {
      // One that was removed a moment ago is left alone.
      const which = problem.code === 'metadata-refused' ? OTHER : NAME;
      const put = () =>
        page.evaluate(
          ([named, given]) => {
            const found = [...globalThis.mock.torrents.values()].find(each => each.name === named);
            if (found === undefined) throw new Error('no such torrent');
            globalThis.mock.put({ ...found, problem: given });
            return found.id;
          },
          [which, problem] as const,
        );
      const id = await put();
      await row(new RegExp(which)).click();
      // One that was removed and taken back is not looked at any more.
      const details = page.getByRole('button', { name: 'Show details' });
      if (await details.isVisible()) await details.click();
      await page.getByRole('tab', { name: 'General' }).click();
      const buttons = page.getByRole('note').getByRole('button');
      const name = BUTTONS[problem.code];
      // The worker may yet be at what the one before asked for.
      const shown = async () => (await put(), buttons.allInnerTexts());
      await expect.poll(shown, { message: problem.code }).toEqual(name === null ? [] : [name]);
      if (name === null || pressed.has(name)) continue;
      pressed.add(name);
      await buttons.click();
      await DOES[name]?.(id);
    }
    expect([...pressed].sort()).toEqual(Object.keys(DOES).sort());
  });
});
