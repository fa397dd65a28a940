import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { TorrentRow } from '../../sw/view-model.ts';
import { PLACE } from '../fakes/mock-torrents.ts';
import { CHROMIUM, DESKTOP, HASH, MAGNET, missing, openUi } from './ui.ts';

/** The app where no helper was ever there: it downloads into the browser, and says what needs the helper. */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 844 };
const SCREENS = process.env['STARLING_SCREENS'];

describe.skipIf(missing)(`without a helper, in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, paste, commands, row } = openUi(opened => (page = opened));
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

  /** Puts the torrent as the engine would have it. */
  async function put(part: Partial<TorrentRow>): Promise<void> {
    await page.evaluate(
      ([id, change]) => {
        const before = globalThis.mock.torrents.get(id);
        if (before) globalThis.mock.put({ ...before, ...change });
      },
      [HASH, part] as const,
    );
  }

  const sheet = () => page.getByRole('dialog');

  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])('begins with what can be done at once, and where files go, on a %s', async (name, viewport) => {
    await show('unpaired', { viewport });
    await page.getByRole('button', { name: 'Browser only' }).first().waitFor();
    await page.getByText('Drop a .torrent, paste a magnet').waitFor();
    await look(`alone-first-${name}`);
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Sintel' }).click();
    await expect.poll(commands).toMatchObject([{ do: 'add', source: { kind: 'magnet' } }]);
    await sheet()
      .getByText(/ this browser$/)
      .waitFor();
    await look(`alone-sheet-${name}`);
    expect(await violations()).toEqual([]);
  });

  it('starts a torrent into the browser, and asks it to keep what is stored', async () => {
    await show('unpaired');
    await page.evaluate(() => {
      navigator.storage.persist = () => {
        document.title = 'asked to keep';
        return Promise.resolve(true);
      };
    });
    await paste(MAGNET);
    await sheet().getByText('5 GB free in').waitFor();
    expect(await page.title()).not.toBe('asked to keep');
    await sheet().getByRole('button', { name: 'Start' }).click();
    await expect.poll(commands).toMatchObject([{ do: 'add' }, { do: 'start', id: HASH, root: PLACE.token }]);
    await expect.poll(() => page.title()).toBe('asked to keep');
    await row(/Open film/).click();
    await page.getByRole('button', { name: 'Show details' }).click();
    await page.getByText('This browser, kept until you remove it').waitFor();
  });

  it('says before it starts that a torrent is too large for the browser, and what else there is', async () => {
    await show('unpaired');
    await paste(MAGNET);
    await sheet().getByText('It does not fit into what this browser allows the app.').waitFor();
    await look('alone-too-large');
    expect(await sheet().getByRole('button', { name: 'Start' }).isEnabled()).toBe(true);
  });

  it('says of a torrent that nobody in reach has what it knows of, and leads to the helper', async () => {
    await show('unpaired');
    await paste(MAGNET);
    await sheet().getByRole('button', { name: 'Start' }).click();
    await put({ state: 'metadata', peers: 0, problem: { code: 'out-of-reach', trackers: 3, peers: 12 } });
    await row(/Open film, No source that this browser can reach/).click();
    await page.getByRole('button', { name: 'Show details' }).click();
    await page.getByText('For this torrent 3 trackers and 12 known peers need it.').waitFor();
    await look('alone-out-of-reach');
    await page.getByRole('button', { name: 'Get the helper' }).click();
    await expect
      .poll(() =>
        page.getByRole('heading', { name: 'Helper', exact: true }).evaluate(it => it.getBoundingClientRect().top < innerHeight),
      )
      .toBe(true);
    await look('alone-settings');
    // What needs the helper is not offered.
    expect(await page.locator('#webrtc').count()).toBe(1);
    for (const id of ['downloads', 'preallocate', 'portMapping', 'utp', 'lsd', 'encryption']) {
      expect(await page.locator(`#${id}`).count()).toBe(0);
    }
  });

  it('says what is full and what to do, moves nothing to a folder, and deletes files with their torrent', async () => {
    await show('unpaired');
    await paste(MAGNET);
    await sheet().getByRole('button', { name: 'Start' }).click();
    await put({ state: 'error', done: 3e9, problem: { code: 'disk-full', needed: 9e9 } });
    await row(/Open film, The browser’s storage is full: 9 GB needed, 5 GB free/).click();
    await page.getByRole('button', { name: 'Show details' }).click();
    await page.getByText('Remove something else, choose fewer files, or get the helper').waitFor();
    await look('alone-full');
    await row(/Open film/).click({ button: 'right' });
    expect(await page.getByRole('menuitem', { name: 'Move to…' }).count()).toBe(0);
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await sheet().getByText('will be deleted.').waitFor();
    await sheet().getByRole('button', { name: 'Remove and delete files' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toEqual({ do: 'dismiss', ids: [HASH], withData: false });
  });

  it('says before a removal of several what becomes of those in the browser', async () => {
    await show('nine');
    await page.evaluate(() => {
      const [first] = globalThis.mock.torrents.values();
      if (first) globalThis.mock.put({ ...first, root: 'browser', done: 2e9 });
    });
    await page.getByRole('row').nth(1).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await sheet().getByText('2 GB in this browser will be deleted.').waitFor();
    await sheet().getByText('stay on the disk').waitFor();
    await sheet().getByRole('button', { name: 'Remove and delete files' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'dismiss', withData: false });
  });

  it('says of a browser that keeps nothing why, and offers the helper', async () => {
    await show('unpaired');
    await page.evaluate(() => {
      const problem = 'This browser keeps no data for the app. A private window, or its settings, may be why.';
      globalThis.mock.setConnection({ ...globalThis.mock.connection, browser: { isReady: false, problem, saving: [] } });
    });
    await page.locator('.set-up').getByText('This browser keeps no data for the app.').waitFor();
    await page.getByRole('button', { name: 'Set up helper' }).first().waitFor();
    // What is opened leads to a page that needs no storage, with its link.
    await paste(MAGNET);
    const quick = sheet().getByRole('link', { name: 'Quick download' });
    expect(await quick.getAttribute('href')).toBe(`/quick.html#magnet=${encodeURIComponent(MAGNET)}`);
    await sheet().getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Quick download' }).waitFor();
  });

  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])(
    'offers to share other files than torrents, says before it starts what does not fit, and how it goes, on a %s',
    async (name, viewport) => {
      await show('unpaired', { viewport });
      const drop = (size: number): Promise<void> =>
        page.evaluate(bytes => {
          const dataTransfer = new DataTransfer();
          const file = new File(['x'], 'my <b>film.mp4');
          Object.defineProperty(file, 'size', { value: bytes });
          const items = [
            { webkitGetAsEntry: () => ({ isFile: true, name: file.name, file: (done: (it: File) => void) => done(file) }) },
          ];
          Object.defineProperty(dataTransfer, 'items', { value: items });
          Object.defineProperty(dataTransfer, 'files', { value: [file] });
          Object.defineProperty(dataTransfer, 'types', { value: ['Files'] });
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        }, size);
      await drop(9e9);
      await sheet().getByText('The files need 9 GB, and this browser gives the app only 5 GB more.').waitFor();
      expect(await sheet().getByRole('button', { name: 'Share' }).isDisabled()).toBe(true);
      await look(`share-too-large-${name}`);
      await page.keyboard.press('Escape');
      await drop(2e9);
      expect(await sheet().getByLabel('Name').inputValue()).toBe('my <b>film.mp4');
      await sheet().getByText('Options').click();
      await sheet().getByLabel('Web seeds').fill('https://seed.example/a/\nhttps://seed.example/b/');
      await sheet().getByLabel('Comment').fill(' For you ');
      await sheet().getByLabel('Size of a piece').selectOption('1 MiB');
      await look(`share-sheet-${name}`);
      expect(await violations()).toEqual([]);
      await sheet().getByRole('button', { name: 'Share' }).click();
      await sheet().getByRole('heading', { name: 'Sharing “my <b>film.mp4”' }).waitFor();
      await expect
        .poll(() => page.evaluate(() => globalThis.mock.shares[0]))
        .toMatchObject({
          trackers: expect.arrayContaining(['wss://tracker.openwebtorrent.com']) as unknown,
          webSeeds: ['https://seed.example/a/', 'https://seed.example/b/'],
          comment: 'For you',
          pieceLength: 2 ** 20,
        });
      await page.evaluate(() => globalThis.mock.tellShare({ type: 'progress', done: 5e8 }));
      await sheet()
        .getByText(/^25.%: 500.MB of 2.GB copied and checked$/)
        .waitFor();
      await look(`share-progress-${name}`);
      expect(await violations()).toEqual([]);
      await page.evaluate(() => globalThis.mock.tellShare({ type: 'refused', why: 'name-taken' }));
      await sheet().getByText('Give this another name, such as “my <b>film (2).mp4”.').waitFor();
      await sheet().getByRole('button', { name: 'Cancel' }).click();
      expect(await sheet().count()).toBe(0);
    },
  );

  it('shows of any torrent a link and a code to give away', async () => {
    await show('nine');
    await row(/Sintel/)
      .first()
      .click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Share…' }).click();
    await sheet().getByRole('img', { name: 'QR code of the magnet link' }).waitFor();
    expect(await sheet().getByLabel('Magnet link', { exact: true }).inputValue()).toMatch(/^magnet:/);
    await look('share-links');
    expect(await violations()).toEqual([]);
    await sheet().getByRole('button', { name: 'Done' }).click();
    expect(await sheet().count()).toBe(0);
  });
});
