/** What people do with the app, without a mouse: with the keyboard alone on a desktop, and by touch alone on a phone. */
import type { Locator, Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { HANDS, TOUCH } from './hands.ts';
import { CHROMIUM, MAGNET, missing, openUi } from './ui.ts';

describe.skipIf(missing)(`the interface in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const button = (name: string | RegExp): Locator =>
    page.getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });
  const field = (name: string | RegExp): Locator => page.getByRole('textbox', { name });
  const item = (name: string): Locator => page.getByRole('menuitem', { name, exact: true });
  const last = async () => (await commands()).at(-1);

  describe.each(HANDS)('$name', hand => {
    const { press, type, open, menu } = hand;
    const start = (): Promise<void> => show('nine', hand.options);
    /** A part of the details of ubuntu. */
    const part = async (name: RegExp): Promise<void> => {
      await start();
      await open(row(/^ubuntu/));
      await press(page.getByRole('tab', { name }));
    };

    it('a magnet link is typed, a file left out, and it starts', async () => {
      await start();
      await press(button('Add'));
      await type(field('Magnet link or info-hash'), MAGNET);
      await press(page.getByRole('dialog').getByRole('button', { name: 'Add' }));
      const box = page.getByRole('checkbox', { name: 'Making-of.mkv' });
      const before = await box.isChecked();
      await press(box);
      expect(await box.isChecked()).toBe(!before);
      await press(button(/^Start/));
      await expect.poll(last).toMatchObject({ do: 'start' });
      await row(/^Open film/).waitFor();
    });

    it('the list is narrowed by state, and by words', async () => {
      await start();
      await press(button(/^Seeding\s*2/));
      await row(/^ubuntu/).waitFor({ state: 'detached' });
      await press(button(/^All\s*9/));
      await row(/^ubuntu/).waitFor();
      if (hand === TOUCH) await press(button('Search'));
      await type(page.getByRole('searchbox'), 'iso');
      await row(/^Sintel/).waitFor({ state: 'detached' });
      await row(/^ubuntu/).waitFor();
    });

    it('the list is sorted', async () => {
      await start();
      if (hand === TOUCH) {
        await press(button('Sort'));
        await press(page.getByRole('menuitemradio', { name: 'Name', exact: true }));
      } else await press(page.getByRole('columnheader', { name: 'Name' }).getByRole('button').first());
      await expect.poll(() => page.locator('.row').first().getAttribute('aria-label')).toMatch(/^archlinux/);
    });

    it('a torrent is paused, and one moved in the queue', async () => {
      await start();
      await menu(row(/^Sintel/));
      await press(item('Pause'));
      await expect.poll(last).toMatchObject({ do: 'pause' });
      await menu(row(/^debian/));
      await press(item('Last in the queue'));
      await expect.poll(last).toMatchObject({ do: 'move', to: 'bottom' });
    });

    it('a torrent is removed, and that is taken back', async () => {
      await start();
      await menu(row(/^Sintel/));
      await press(page.getByRole('menuitem', { name: /^Remove(?! with)/ }));
      await row(/^Sintel/).waitFor({ state: 'detached' });
      await press(button('Undo'));
      await row(/^Sintel/).waitFor();
      expect(await last()).toMatchObject({ do: 'takeBack' });
    });

    it('a link and a code of a torrent are shown', async () => {
      await start();
      await menu(row(/^Sintel/));
      await press(item('Share…'));
      await page.getByRole('img', { name: 'QR code of the magnet link' }).waitFor();
      await press(button('Done'));
      expect(await page.getByRole('dialog').count()).toBe(0);
    });

    it('a file is left out', async () => {
      await part(/^Files/);
      await press(page.getByRole('tabpanel').getByRole('checkbox').last());
      await expect.poll(last).toMatchObject({ do: 'prioritise' });
    });

    it('a tracker is added, and asked again', async () => {
      await part(/^Trackers/);
      await type(field('New tracker'), 'udp://new.example:80/announce');
      await press(button('Add tracker'));
      await page.getByText('udp://new.example:80/announce').waitFor();
      await press(button('Actions for udp://new.example:80/announce'));
      await press(item('Ask again'));
      await expect.poll(last).toMatchObject({ do: 'announce', url: 'udp://new.example:80/announce' });
    });

    it('a peer is banned, and let in again', async () => {
      await part(/^Peers/);
      await press(button('Actions for 203.0.113.1:6881'));
      await press(item('Ban from this torrent'));
      await press(button('Let 203.0.113.1 in again'));
      await button('Let 203.0.113.1 in again').waitFor({ state: 'detached' });
    });

    it('the log is searched, and pieces and speeds are looked at', async () => {
      await part(/^Log/);
      await type(page.getByRole('searchbox', { name: 'Search the log' }), 'banned');
      await expect.poll(() => page.getByRole('list', { name: /^Log/ }).getByRole('listitem').count()).toBe(1);
      await press(page.getByRole('tab', { name: /^Pieces/ }));
      await page.getByRole('tabpanel').getByText('5,551 pieces').first().waitFor();
      await press(page.getByRole('tab', { name: /^Speed/ }));
      await page.getByRole('tabpanel').locator('canvas').first().waitFor();
    });

    it('another time is chosen for the speeds of all', async () => {
      await start();
      await press(button('Activity'));
      await press(page.getByRole('radio', { name: '24 h' }));
      await page.getByText(/^In the last 24 hours/).waitFor();
    });

    it('an export is taken in', async () => {
      await start();
      await press(button('Settings'));
      await type(page.getByRole('searchbox', { name: 'Search the settings' }), 'export');
      await press(button(/^Export(?! to)/));
      const [download] = await Promise.all([page.waitForEvent('download'), press(button('Export to a file'))]);
      const file = page.getByLabel('Import from a file…');
      const [chosen] = await Promise.all([page.waitForEvent('filechooser'), press(file)]);
      await chosen.setFiles(await download.path());
      await press(button('Import'));
      await page.getByText('No torrent was new; 9 were there; nothing was refused.').waitFor();
    });

    it('the app is made dark, and slow mode set for some hours', async () => {
      await start();
      await press(button('Settings'));
      await press(page.getByRole('radio', { name: 'Dark' }));
      await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
      await press(page.getByRole('radio', { name: 'By the hour' }));
      await press(button(/^Monday, 12.AM to 1.AM/));
      await expect.poll(last).toMatchObject({ do: 'configure' });
    });
  });
});
