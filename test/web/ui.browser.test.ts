import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, HASH, MAGNET, missing, openUi } from './ui.ts';

/** The interface in a real browser, on a mock worker: what a person, a keyboard and a screen reader meet. */

const PHONE = { width: 390, height: 800 };

describe.skipIf(missing)(`the interface in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  it('adds a pasted magnet: live steps, files to choose, then Start', async () => {
    await show('empty');
    await paste(MAGNET);
    const sheet = page.getByRole('dialog', { name: 'Open film' });
    await sheet.getByText('file list received').waitFor();
    await sheet.getByText('9.31 GB selected · 412 GB free').waitFor();
    await sheet.getByRole('checkbox', { name: 'Folder Subtitles' }).uncheck();
    await sheet.getByRole('checkbox', { name: 'Making-of.mkv' }).check();
    await sheet.getByText('11.9 GB selected').waitFor();
    await sheet.getByRole('combobox', { name: 'Priority of Sintel.2160p.mkv' }).selectOption('High');
    await sheet.getByRole('button', { name: 'Start' }).click();
    await row(/^Open film/).waitFor();
    expect(await sheet.count()).toBe(0);
    await expect
      .poll(commands)
      .toMatchObject([
        { do: 'add' },
        { do: 'start', id: HASH, priorities: ['high', 'skip', 'skip', 'normal'], root: 'a'.repeat(64) },
      ]);
  });

  it('starts with Enter before the file list is there, and cancels with Escape', async () => {
    await show('empty');
    await paste(MAGNET.replace('Open+film', 'slow'));
    await page.getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).waitFor();
    await page.keyboard.press('Enter');
    await row(/^slow/).waitFor();
    await paste(`${'cd'.repeat(20)}`);
    await page.getByRole('dialog').waitFor();
    await page.getByRole('button', { name: 'Start' }).and(page.locator(':enabled')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(async () => (await commands()).map(command => command.do)).toEqual(['add', 'start', 'add', 'remove']);
  });

  it('warns before a disk is too small, in the folder that was chosen', async () => {
    await show('empty');
    await paste(MAGNET);
    await page.getByRole('dialog').getByRole('combobox', { name: 'Folder' }).selectOption('Films');
    await page.getByText('only 1.2 GB free').waitFor();
    await page.getByRole('status').getByText('It does not fit there.').waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await row(/^Open film/).waitFor();
    await expect.poll(async () => (await commands())[1]).toMatchObject({ root: 'b'.repeat(64) });
  });

  it('says that a torrent is there already, and shows it', async () => {
    await show('nine');
    const id = await row(/^Fedora/).getAttribute('data-id');
    await page.getByRole('searchbox', { name: 'Search torrents by name' }).fill('debian');
    await page.getByRole('searchbox').blur();
    await paste(id ?? '');
    await page.getByText('“Fedora-Workstation-44.iso” is in the list already. Nothing was added.').waitFor();
    expect(await row(/^Fedora/).getAttribute('aria-selected')).toBe('true');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await paste(`magnet:?xt=urn:btih:${id}&tr=http%3A%2F%2Ftracker.example%2Fannounce`);
    await page.getByText('The trackers or web seeds that it did not have were added to it.').waitFor();
  });

  it('takes dropped files, several at once, and says which are none', async () => {
    await show('empty');
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['not a torrent'], 'notes.torrent'));
      dataTransfer.items.add(new File(['d4:infode'], 'film.torrent'));
      document.body.dispatchEvent(new DragEvent('dragenter', { dataTransfer, bubbles: true }));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await page.getByText('“notes” was not added. This is not a torrent file').waitFor();
    await page.getByRole('dialog', { name: 'From a file' }).waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await row(/^From a file/).waitFor();
  });

  it('refuses text that is no link where it was typed', async () => {
    await show('empty');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('textbox', { name: 'Magnet link or info-hash' }).fill('hello');
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
    await page.getByRole('alert').getByText('neither a magnet link nor an info-hash').waitFor();
    expect(await commands()).toEqual([]);
  });

  it('is worked with the keyboard alone', async () => {
    await show('nine');
    const focused = (): Promise<string | null> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);
    await row(/^ubuntu/).focus();
    await page.keyboard.press('End');
    await expect.poll(focused).toMatch(/^Wikipedia/);
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused).toMatch(/^Fedora/);
    await page.keyboard.press('Shift+ArrowUp');
    expect(await page.getByRole('row', { selected: true }).count()).toBe(2);
    await page.keyboard.press('Shift+Delete');
    await page.getByRole('dialog').getByText('2 torrents').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'General' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('sintel');
    await row(/^ubuntu/).waitFor({ state: 'detached' });
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('2');
  });

  it('pauses and removes from its menu, and says what is deleted', async () => {
    await show('nine');
    await row(/^Sintel/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Pause' }).click();
    await page.getByRole('row', { name: /^Sintel \(2160p\), Paused/ }).waitFor();
    await page.keyboard.press('Shift+Delete');
    await page.getByText('downloaded files: finished files go to the trash, unfinished ones are deleted.').waitFor();
    await page.getByRole('button', { name: 'Remove and delete files' }).click();
    await row(/^Sintel/).waitFor({ state: 'detached' });
    await expect.poll(commands).toMatchObject([{ do: 'pause' }, { do: 'dismiss', withData: true }]);
  });

  it('draws ten thousand torrents as few rows, and reaches the last', async () => {
    await show('many');
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.locator('.row').first().focus();
    await page.keyboard.press('End');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'))).toBe('10001');
    expect(await page.locator('.row').count()).toBeLessThan(60);
  });

  it('chooses among a hundred thousand files', async () => {
    await show('empty');
    await paste(MAGNET.replace('Open+film', 'many'));
    await page.getByRole('searchbox', { name: 'Search files by name' }).fill('record-99999');
    await page.getByRole('checkbox', { name: 'record-99999.bin' }).uncheck();
    expect(await page.locator('.file').count()).toBeLessThan(60);
    await page.getByRole('button', { name: 'Start' }).click();
    await row(/^many/).waitFor();
    const start = (await commands())[1];
    expect(start?.do === 'start' && start.priorities?.filter(priority => priority !== 'skip').length).toBe(99_999);
  });

  it('shows hostile names as text, each in its place, and absurd numbers as none', async () => {
    await show('hostile');
    // Turned around it would end in .jpg.
    await row(/^film gpj\.exe/).waitFor();
    await row(/^Without a name/)
      .first()
      .waitFor();
    const leaving = await page.evaluate(() =>
      [...document.querySelectorAll('.row, .side-item')]
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
        .map(({ textContent }) => textContent),
    );
    expect(leaving).toEqual([]);
    await row(/^<img/).dblclick();
    await page.getByRole('region', { name: 'Details' }).waitFor();
    await page.getByRole('button', { name: /^<img/ }).click();
    await row(/^labels/).waitFor();
    await page.getByRole('button', { name: /^<img/ }).click();
    await page.getByRole('searchbox', { name: 'Search torrents by name' }).fill('o');
    expect(await page.locator('body').textContent()).not.toMatch(/NaN|Infinity|undefined|Invalid Date/);
    expect(await page.title()).toBe('Starling');
    expect(await page.locator('img').count()).toBe(0);
  });

  it('comes back after its worker was ended, with the list in sight all the time', async () => {
    await show('nine');
    await page.evaluate(() => globalThis.mock.stop());
    expect(await row(/^ubuntu/).count()).toBe(1);
    await row(/^ubuntu/).click();
    await page.getByRole('toolbar').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('row', { name: /^ubuntu-26.04-desktop-amd64.iso, Paused/ }).waitFor();
  });

  it('asks to be reloaded by a worker of another version', async () => {
    await show('outdated');
    await page.getByText('The app was updated in the background').waitFor();
    await page.getByRole('button', { name: 'Reload' }).waitFor();
  });

  it('keeps the chosen appearance', async () => {
    await show('nine', { colorScheme: 'light' });
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check();
    await page.reload();
    await page.getByRole('radio', { name: 'Dark', checked: true }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(12, 14, 18)');
  });

  it('runs where the browser keeps nothing, for as long as it is open', async () => {
    await show('nine', { colorScheme: 'light' });
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new DOMException('Access is denied.', 'SecurityError');
        },
      });
    });
    await page.reload();
    await row(/^ubuntu/).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(12, 14, 18)');
  });

  it('sets encryption, and shows with a peer how its connection is', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const group = page.getByRole('radiogroup', { name: 'Encryption' });
    expect(await group.getByRole('radio', { name: 'Prefer' }).isChecked()).toBe(true);
    await group.getByRole('radio', { name: 'Require' }).check();
    await page.getByText('Everything is encrypted.').waitFor();
    await expect.poll(commands).toEqual([{ do: 'configure', settings: { encryption: 'require' } }]);
    await page.getByRole('button', { name: /^All/ }).click();
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: /Peers/ }).click();
    await page
      .getByRole('cell', { name: /, encrypted/ })
      .first()
      .waitFor();
    await page
      .getByRole('cell', { name: /handshake encrypted/ })
      .first()
      .waitFor();
  });

  it('sets whether the space of files is taken beforehand', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const box = page.getByRole('checkbox', { name: 'Take the space of a file before it is downloaded' });
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await expect.poll(commands).toEqual([{ do: 'configure', settings: { preallocate: true } }]);
  });

  it('sets whether peers are looked for on the network, and tells with a torrent how that goes, and its web seeds', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const box = page.getByRole('checkbox', { name: 'Find peers on the same network' });
    expect(await box.isChecked()).toBe(true);
    await box.uncheck();
    await expect.poll(() => commands()).toEqual([{ do: 'configure', settings: { lsd: false } }]);
    await page.getByRole('button', { name: /^All/ }).click();
    await row(/^ubuntu/).dblclick();
    await page.getByRole('tab', { name: /Trackers/ }).click();
    await page.getByRole('listitem').filter({ hasText: 'Local network' }).getByText('Found 2 peers').waitFor();
    const mirror = page.getByRole('listitem').filter({ hasText: 'https://mirror.example.org/files/' });
    await mirror.getByText('Web seed, sends 1.5 MB/s').waitFor();
    const old = page.getByRole('listitem').filter({ hasText: 'http://old.example.net/files/' });
    await old.getByText('failed several times: “It answers with status 503.”, again in 8 min').waitFor();
    expect(await mirror.getByRole('button').count()).toBe(0);
    const url = 'http://old.example.net/files/';
    await old.getByRole('button', { name: `Ask ${url} again` }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'askWebSeed', url });
  });

  it('sets whether the router is asked for a port, and tells beside the connection what came of it', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const box = page.getByRole('checkbox', { name: 'Ask the router to open a port' });
    expect(await box.isChecked()).toBe(true);
    await page
      .getByRole('region', { name: 'Helper', exact: true })
      .getByText('Port 51413 is open through your router (UPnP).')
      .waitFor();
    await box.uncheck();
    await expect.poll(() => commands()).toEqual([{ do: 'configure', settings: { portMapping: false } }]);
  });

  it('takes STUN servers, one a line, and says what is wrong with others', async () => {
    await show('nine');
    await page.getByRole('button', { name: 'Settings' }).click();
    const field = page.getByRole('textbox', { name: 'STUN servers, one a line' });
    expect(await field.inputValue()).toBe('stun:stun.l.google.com:19302\nstun:stun.cloudflare.com:3478');
    await field.fill('https://stun.example');
    await field.press('Tab');
    await page
      .getByRole('alert')
      .filter({ hasText: '“https://stun.example” is no STUN server. Write each as stun:host:port. Nothing was changed.' })
      .waitFor();
    await field.fill('stun:stun.example:3478, stun:[:::]:1');
    await field.press('Tab');
    await page.getByRole('alert').filter({ hasText: '“stun:[:::]:1” is no STUN server.' }).waitFor();
    expect(await commands()).toEqual([]);
    await field.fill('stun.example');
    await field.press('Tab');
    await expect.poll(() => commands()).toEqual([{ do: 'configure', settings: { stunServers: ['stun:stun.example:3478'] } }]);
    await field.fill('');
    await field.press('Tab');
    await expect.poll(() => commands()).toContainEqual({ do: 'configure', settings: { stunServers: [] } });
    await page.getByRole('checkbox', { name: 'Reach peers over WebRTC' }).uncheck();
    await expect.poll(() => commands()).toContainEqual({ do: 'configure', settings: { webrtc: false } });
  });

  it('gives a thumb 44 pixels, and nothing to scroll sideways', async () => {
    await show('nine', { viewport: PHONE, hasTouch: true });
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button')]
        .filter(button => {
          const after = getComputedStyle(button, '::after');
          const reach = after.content === 'none' ? 0 : -Number.parseFloat(after.top) - Number.parseFloat(after.bottom);
          return button.offsetHeight + reach < 44;
        })
        .map(button => button.textContent),
    );
    expect(small).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width);
    await row(/^ubuntu/).tap();
    await page.getByRole('button', { name: 'Back to the list' }).click();
    // A step of the history is taken when the browser and the page come to it, which no person outruns.
    await page.waitForFunction('navigation.canGoForward');
    await row(/^Blender/).tap();
    await page.getByRole('button', { name: 'Back to the list' }).waitFor();
    await page.waitForFunction('!navigation.canGoForward');
    await page.goBack();
    await page.getByRole('button', { name: 'Back to the list' }).waitFor({ state: 'detached' });
    await row(/^ubuntu/).waitFor();
  });
});
