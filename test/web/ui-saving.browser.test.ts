/** Saving out of the browser: what is offered, what becomes of downloads without a window, and a folder that files are written into. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Axe from 'axe-core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { TorrentRow } from '../../sw/view-model.ts';
import type {} from '../../web/folder-save.ts';
import { CHROMIUM, DESKTOP, missing, openUi } from './ui.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 800 };
const SCREENS = process.env['STARLING_SCREENS'];

describe.skipIf(missing)(`saving in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, row } = openUi(opened => (page = opened));
  let page: Page;

  async function look(name: string): Promise<void> {
    if (SCREENS !== undefined) await page.screenshot({ path: `${SCREENS}/${name}.png` });
  }

  async function violations(): Promise<string[]> {
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof Axe };
      const found = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return found.violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(' ')}`);
    });
  }

  /** The torrent at that place of the list, as one of this browser. */
  async function here(name: string, part: Partial<TorrentRow> = {}): Promise<string> {
    return page.evaluate(
      ([wanted, change]) => {
        const before = [...globalThis.mock.torrents.values()].find(each => each.name === wanted);
        if (before === undefined) throw new Error(`no ${wanted}`);
        globalThis.mock.put({ ...before, root: 'browser', ...change });
        return before.id;
      },
      [name, part] as const,
    );
  }

  async function saving(...ids: string[]): Promise<void> {
    await page.evaluate(all => {
      const { mock } = globalThis;
      mock.setConnection({
        ...mock.connection,
        browser: { isReady: true, problem: '', saving: all.map(id => ({ id, isWhole: true })) },
      });
    }, ids);
  }

  /** What is asked for below /save/, answered in the worker's place. */
  async function answered(refused: string | null, size = 300_000): Promise<string[]> {
    const asked: string[] = [];
    await page.route('**/save/**', async (route, request) => {
      const { pathname, search } = new URL(request.url());
      asked.push(`${pathname.slice(0, 6)}…${pathname.slice(46)}${search}`);
      if (search === '?ask') return route.fulfill({ json: { refused, key: refused === null ? 'k' : '' } });
      if (pathname.endsWith('/list')) {
        const names = ['a.txt', 'b.txt', 'Extra/c.txt'];
        return route.fulfill({ json: names.map((name, index) => ({ index, path: ['Set', ...name.split('/')], size })) });
      }
      return route.fulfill({ headers: { 'content-disposition': 'attachment; filename=x' }, body: Buffer.alloc(size, pathname) });
    });
    return asked;
  }

  it.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])(
    'says what becomes of each download without a window, and has one finish in the background, on a %s',
    async (name, viewport) => {
      await show('nine', { viewport });
      const asked = await answered(null);
      await here('ubuntu-26.04-desktop-amd64.iso', { hasWebSeeds: true });
      await here('Sintel (2160p)');
      await here('Fedora-Workstation-44.iso');
      await page.getByText('2 downloads wait once every window is closed.').waitFor();
      await look(`closing-line-${name}`);
      await page.getByRole('button', { name: 'What goes on' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Its web seeds could go on.').waitFor();
      await dialog.getByText('it has WebRTC peers alone').waitFor();
      expect(await dialog.getByRole('button', { name: /^Finish in the background/ }).count()).toBe(1);
      await look(`closing-dialog-${name}`);
      expect(await violations()).toEqual([]);
      const download = page.waitForEvent('download');
      await dialog.getByRole('button', { name: 'Finish in the background ubuntu-26.04-desktop-amd64.iso' }).click();
      await download;
      expect(asked).toEqual(['/save/…/in/?ask', '/save/…/in/?key=k']);
      const id = await here('ubuntu-26.04-desktop-amd64.iso', { hasWebSeeds: true });
      await saving(id);
      await dialog.getByText('Goes on from its web seeds until it is saved.').waitFor();
      await look(`closing-saved-${name}`);
      await dialog.getByRole('button', { name: 'Close' }).click();
      await here('Sintel (2160p)', { state: 'paused' });
      await page.getByText('You can close every window: 1 download goes on until saved.').waitFor();
      await here('ubuntu-26.04-desktop-amd64.iso', { state: 'seeding' });
      await page.getByText('every window').waitFor({ state: 'detached' });
    },
  );

  it('offers files and folders that are in the browser, and says why one cannot be saved', async () => {
    await show('nine');
    await answered('This torrent is paused, and this file is not all there. Resume it, then open the file again.');
    await here('Sintel (2160p)');
    await row(/^Sintel/).dblclick();
    await look('saving-general');
    await page.getByRole('tab', { name: /Files/ }).click();
    await page.getByRole('link', { name: 'Play Sintel.2160p.mkv' }).waitFor();
    await page.getByRole('button', { name: 'Save Subtitles' }).waitFor();
    await look('saving-files');
    // What is not chosen is not there to be saved.
    expect(await page.getByRole('button', { name: 'Save Making-of.mkv' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Save Sintel.en.srt' }).click();
    await page.getByText('This torrent is paused, and this file is not all there.').waitFor();
    expect(page.url()).not.toContain('/save/');
    // The helper's are on the disk as they are.
    await page.getByRole('row', { name: /^Blender/ }).click();
    await page.getByRole('tab', { name: /Files/ }).click();
    expect(await page.getByRole('button', { name: /^Save / }).count()).toBe(0);
  });

  it('writes a torrent into a folder that is chosen, beside what is there and never over it', async () => {
    await show('nine');
    await answered(null);
    await here('Sintel (2160p)');
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const chosen = await root.getDirectoryHandle('Chosen', { create: true });
      await chosen.getDirectoryHandle('Set', { create: true });
      window.showDirectoryPicker = () => Promise.resolve(chosen);
    });
    await row(/^Sintel/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Save to a folder…' }).click();
    await page.getByText('“Set (2)” was saved to “Chosen”.').waitFor();
    const found = await page.evaluate(async () => {
      const found: string[] = [];
      const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
        for await (const [name, handle] of folder as unknown as AsyncIterable<[string, FileSystemHandle]>) {
          if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle, `${path}${name}/`);
          else found.push(`${path}${name} ${(await (handle as FileSystemFileHandle).getFile()).size}`);
        }
      };
      await walk(await navigator.storage.getDirectory(), '');
      return found.sort();
    });
    expect(found).toEqual(['Chosen/Set (2)/Extra/c.txt 300000', 'Chosen/Set (2)/a.txt 300000', 'Chosen/Set (2)/b.txt 300000']);
  });

  it('says where the browser refuses a name, a folder or a file, and leaves nothing of it', async () => {
    await show('nine');
    await answered(null);
    await here('Sintel (2160p)');
    await row(/^Sintel/).dblclick();
    const refused = async (name: string, by: 'lookup' | 'writing', kind: string): Promise<string[]> => {
      await page.evaluate(
        async ([name, by, kind]) => {
          const chosen = await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
          const refuse = () => Promise.reject(kind === 'TypeError' ? new TypeError('No.') : new DOMException('No.', kind));
          if (by === 'lookup') chosen.getFileHandle = refuse;
          else FileSystemFileHandle.prototype.createWritable = refuse;
          window.showDirectoryPicker = () => Promise.resolve(chosen);
        },
        [name, by, kind] as const,
      );
      await page.getByRole('button', { name: 'Save to a folder…' }).click();
      const why = kind === 'TypeError' ? 'the browser does not allow that name there.' : 'it may not be written to.';
      await page.getByText(`“Set” could not be saved to “${name}”: ${why}`).waitFor();
      return page.evaluate(async name => {
        const names: string[] = [];
        const root = await navigator.storage.getDirectory();
        const set = await (await root.getDirectoryHandle(name)).getDirectoryHandle('Set').catch(() => null);
        for await (const each of (set as unknown as { keys(): AsyncIterable<string> } | null)?.keys() ?? []) names.push(each);
        return names;
      }, name);
    };
    expect(await refused('Named', 'lookup', 'TypeError')).toEqual([]);
    expect(await refused('Shut', 'lookup', 'NotAllowedError')).toEqual([]);
    expect(await refused('Locked', 'writing', 'NotAllowedError')).toEqual([]);
  });

  it('saves one torrent into a folder at a time, and waits while too much else is being saved', async () => {
    await show('nine');
    await answered(null);
    await here('Sintel (2160p)');
    let list = (): void => undefined;
    const held = new Promise<void>(resolve => (list = resolve));
    await page.route('**/save/*/list', async route => {
      await held;
      await route.fallback();
    });
    await page.evaluate(async () => {
      const chosen = await (await navigator.storage.getDirectory()).getDirectoryHandle('Busy', { create: true });
      window.showDirectoryPicker = () => Promise.resolve(chosen);
      const real = fetch;
      let refusals = 1;
      globalThis.fetch = (at, init) =>
        String(at).endsWith('/b.txt') && refusals-- > 0
          ? Promise.resolve(new Response('Too much is being saved at once.', { status: 503 }))
          : real(at, init);
    });
    await row(/^Sintel/).dblclick();
    await page.getByRole('button', { name: 'Save to a folder…' }).click();
    await page.getByText('Saving “Sintel (2160p)” to “Busy”').waitFor();
    await page.getByRole('button', { name: 'Save to a folder…' }).click();
    await page.getByText('One torrent is being saved to a folder already.').waitFor();
    list();
    await page.getByText('“Set” was saved to “Busy”.').waitFor();
  });

  it('warns of an update while something is being saved, and only then', async () => {
    await show('nine&update');
    const id = await here('Sintel (2160p)');
    await page.getByText('go on by themselves.', { exact: false }).waitFor();
    expect(await page.getByText('A save that is under way fails').count()).toBe(0);
    await saving(id);
    await page.getByText('A save that is under way fails, though: reload once it is done.').waitFor();
  });

  it('leaves no part of a file where a folder is full or the save is stopped, and says so', async () => {
    await show('nine');
    await answered(null);
    await here('Sintel (2160p)');
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const chosen = await root.getDirectoryHandle('Full', { create: true });
      window.showDirectoryPicker = () => Promise.resolve(chosen);
      let written = 0;
      const write = FileSystemWritableFileStream.prototype.write;
      FileSystemWritableFileStream.prototype.write = function (data) {
        if (++written > 1) return Promise.reject(new DOMException('full', 'QuotaExceededError'));
        return write.call(this, data);
      };
    });
    await row(/^Sintel/).dblclick();
    await page.getByRole('button', { name: 'Save to a folder…' }).click();
    await page
      .getByText('“Set” could not be saved to “Full”: there is no more room. Files that were saved by then stay there.')
      .waitFor();
    const names = await page.evaluate(async () => {
      const set = await (await (await navigator.storage.getDirectory()).getDirectoryHandle('Full')).getDirectoryHandle('Set');
      const names: string[] = [];
      for await (const name of (set as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
      return names;
    });
    expect(names).toEqual(['a.txt']);
  });
});
