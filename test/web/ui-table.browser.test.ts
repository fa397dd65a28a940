import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { CHROMIUM, missing, openUi } from './ui.ts';

/** The list of torrents in a real browser, on a mock worker: columns, order, views, the queue, and what keeps its place. */

const NINE = ['ubuntu', 'Blender', 'debian', 'LibriSpeech', 'Sintel', 'archlinux', 'OpenStreetMap', 'Fedora', 'Wikipedia'];

describe.skipIf(missing)(`the list in Chromium (skipped without ${CHROMIUM})`, () => {
  const { show, commands, row } = openUi(opened => (page = opened));
  let page: Page;

  const headers = (): Promise<string[]> => page.getByRole('columnheader').allTextContents();
  const header = (name: string) => page.getByRole('columnheader', { name, exact: true });
  const menuItem = (name: string) => page.getByRole('menuitemcheckbox', { name, exact: true });
  const focused = (): Promise<string | null> =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? null);
  /** The first words of the names, from the top down. */
  const names = (): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.row')]
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map(each => /^\w+/.exec(each.getAttribute('aria-label') ?? '')?.[0] ?? ''),
    );
  const widthOf = async (name: string): Promise<number> => (await header(name).boundingBox())?.width ?? 0;
  const openColumns = (): Promise<void> => page.getByRole('button', { name: 'Columns' }).click();

  it('has its columns chosen, moved and resized by mouse and keyboard, remembers them, and forgets them again', async () => {
    await show('nine');
    const before = await headers();
    await openColumns();
    await menuItem('Ratio').click();
    await menuItem('Up').click();
    await page.keyboard.press('Escape');
    await expect.poll(headers).toEqual([...before.filter(name => name !== 'Up'), 'Ratio']);
    // Moved by the mouse, then by keys.
    const size = await header('Size').boundingBox();
    const ratio = await header('Ratio').getByRole('button').boundingBox();
    if (size === null || ratio === null) throw new Error('no such column');
    await page.mouse.move(ratio.x + 8, ratio.y + 8);
    await page.mouse.down();
    await page.mouse.move(size.x + 4, size.y + 8, { steps: 6 });
    await page.mouse.up();
    await expect.poll(async () => (await headers()).slice(0, 3)).toEqual(['Name', 'Ratio', 'Size']);
    await header('Ratio').getByRole('button').focus();
    await page.keyboard.press('Alt+ArrowRight');
    await expect.poll(async () => (await headers()).slice(0, 3)).toEqual(['Name', 'Size', 'Ratio']);
    await expect.poll(focused).toBe('Ratio');
    // Resized by keys, and to fit by two presses on its end.
    const narrow = await widthOf('Ratio');
    await page.keyboard.press('Shift+ArrowRight');
    await expect.poll(() => widthOf('Ratio')).toBe(narrow + 16);
    await header('Name').locator('.resizer').dblclick();
    const [name] = await page.locator('.cell-name bdi').all();
    await expect
      .poll(async () => (await name?.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)) ?? 1)
      .toBe(0);
    const chosen = await headers();
    await page.reload();
    await page.getByRole('grid').waitFor();
    expect(await headers()).toEqual(chosen);
    expect(await widthOf('Ratio')).toBe(narrow + 16);
    await header('Ratio').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Move “Ratio” left' }).click();
    await expect.poll(async () => (await headers()).slice(0, 2)).toEqual(['Name', 'Ratio']);
    await openColumns();
    await page.getByRole('menuitem', { name: 'Reset to default' }).click();
    await expect.poll(headers).toEqual(before);
  });

  it('draws rows in two heights', async () => {
    await show('nine');
    const height = async (): Promise<number | undefined> => (await row(/^Sintel/).boundingBox())?.height;
    expect(await height()).toBe(36);
    await openColumns();
    await page.getByRole('menuitemradio', { name: 'Compact rows' }).click();
    await expect.poll(height).toBe(28);
  });

  it('saves a view under a name, shows it again, renames and deletes it', async () => {
    await show('nine');
    await header('Name').getByRole('button').click();
    await page.getByRole('searchbox', { name: 'Search torrents by name' }).fill('iso');
    await page.getByRole('button', { name: 'Save this view…' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('Images');
    await page.keyboard.press('Enter');
    const images = page.getByRole('button', { name: 'Images', exact: true });
    await images.waitFor();
    expect(await images.getAttribute('aria-current')).toBe('true');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: /^Seeding/ }).click();
    expect(await images.getAttribute('aria-current')).toBeNull();
    await page.reload();
    await images.click();
    await expect.poll(names).toEqual(['archlinux', 'debian', 'Fedora', 'ubuntu']);
    await page.getByRole('button', { name: 'More about the view Images' }).click();
    await page.getByRole('menuitem', { name: 'Rename…' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('Discs');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Discs', exact: true }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete view' }).click();
    await page.getByRole('button', { name: 'Discs', exact: true }).waitFor({ state: 'detached' });
  });

  it('has the queue reordered by dragging and by keys, and says where one went', async () => {
    await show('nine');
    await openColumns();
    await menuItem('Queue').click();
    await page.keyboard.press('Escape');
    await header('Queue').getByRole('button').click();
    await expect.poll(names).toEqual(NINE);
    const sintel = await row(/^Sintel/).boundingBox();
    const blender = await row(/^Blender/).boundingBox();
    if (sintel === null || blender === null) throw new Error('no such row');
    await page.mouse.move(300, sintel.y + 18);
    await page.mouse.down();
    await page.mouse.move(300, sintel.y - 8, { steps: 3 });
    await page.mouse.move(300, blender.y + 3, { steps: 6 });
    await page.locator('.drop-line').waitFor();
    await page.mouse.up();
    // It is seen there at once, though the mouse is over the list.
    await expect
      .poll(names)
      .toEqual(['ubuntu', 'Sintel', 'Blender', ...NINE.filter(name => !/ubuntu|Sintel|Blender/.test(name))]);
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'move', to: 1 });
    await page.getByText('“Sintel (2160p)” is now 2 of 9 in the queue.').waitFor({ state: 'attached' });
    await row(/^Fedora/).click();
    await page.keyboard.press('Alt+ArrowUp');
    await page.getByText('“Fedora-Workstation-44.iso” is now 7 of 9 in the queue.').waitFor({ state: 'attached' });
    expect((await commands()).at(-1)).toMatchObject({ do: 'move', to: 'up' });
    await expect.poll(async () => (await names()).at(6)).toBe('Fedora');
    await expect.poll(focused).toMatch(/^Fedora/);
    // Called off, a drag moves nothing, also where the mouse goes on.
    const asked = (await commands()).length;
    await page.mouse.move(300, sintel.y + 18);
    await page.mouse.down();
    await page.mouse.move(300, blender.y + 3, { steps: 6 });
    await page.keyboard.press('Escape');
    await page.mouse.move(300, blender.y + 90, { steps: 6 });
    expect(await page.locator('.drop-line').count()).toBe(0);
    await page.mouse.up();
    expect(await commands()).toHaveLength(asked);
    const before = await headers();
    const size = await header('Size').boundingBox();
    if (size === null) throw new Error('no such column');
    await page.mouse.move(size.x + 30, size.y + 8);
    await page.mouse.down();
    await page.mouse.move(size.x - 90, size.y + 8, { steps: 6 });
    await page.keyboard.press('Escape');
    await page.mouse.move(size.x - 150, size.y + 8, { steps: 6 });
    await page.mouse.up();
    expect(await headers()).toEqual(before);
  });

  it('moves nothing that is selected or pointed at, while the others sort', async () => {
    await show('nine');
    await header('Down').getByRole('button').click();
    await page.mouse.move(640, 30);
    const speed = (name: RegExp, down: number): Promise<void> =>
      page.evaluate(
        ([pattern, rate]) => {
          for (const each of globalThis.mock.torrents.values()) {
            if (new RegExp(pattern).test(each.name)) globalThis.mock.put({ ...each, down: rate });
          }
        },
        [name.source, down] as const,
      );
    await expect.poll(async () => (await names()).slice(0, 3)).toEqual(['ubuntu', 'Blender', 'Sintel']);
    await row(/^Blender/).click();
    await page.mouse.move(640, 30);
    await speed(/^Blender/, 0);
    await speed(/^Sintel/, 2e8);
    await expect.poll(async () => (await names()).slice(0, 3)).toEqual(['Sintel', 'Blender', 'ubuntu']);
    await row(/^ubuntu/).hover();
    await speed(/^ubuntu/, 3e8);
    await row(/ubuntu.*300\.0.MB\/s down/).waitFor();
    expect((await names()).slice(0, 3)).toEqual(['Sintel', 'Blender', 'ubuntu']);
    await page.mouse.move(640, 30);
    await page.keyboard.press('Escape');
    // It has the keyboard still.
    expect((await names())[1]).toBe('Blender');
    await page.getByRole('searchbox').focus();
    await expect.poll(async () => (await names()).slice(0, 2)).toEqual(['ubuntu', 'Sintel']);
  });

  it('keeps the keyboard in the list as rows leave it, and lets the Tab key into a list that was scrolled', async () => {
    await show('many');
    await row(/./).nth(1).waitFor();
    await page
      .getByRole('grid')
      .locator('.rows')
      .evaluate(list => (list.scrollTop = 9000));
    await page.getByRole('searchbox').focus();
    const isInRow = (): Promise<boolean> => page.evaluate(() => document.activeElement?.closest('.row') != null);
    for (let turn = 0; turn < 40 && !(await isInRow()); turn++) await page.keyboard.press('Tab');
    expect(await isInRow()).toBe(true);
    await page.keyboard.press('Space');
    await page.getByRole('row', { selected: true }).waitFor();
    const id = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('data-id') ?? '');
    const first = await id();
    await page.evaluate(gone => globalThis.mock.remove(gone), first);
    await expect.poll(id).toMatch(/^[0-9a-f]{40}$/);
    expect(await id()).not.toBe(first);
    await page.keyboard.press('ArrowDown');
    await page.getByRole('row', { selected: true }).waitFor();
  });

  it('selects with keys as lists do, and one by one with Ctrl', async () => {
    await show('nine');
    const selected = async (): Promise<number> => page.getByRole('row', { selected: true }).count();
    await row(/^ubuntu/).click();
    await page.keyboard.press('Control+ArrowDown');
    await page.keyboard.press('Control+ArrowDown');
    await expect.poll(focused).toMatch(/^debian/);
    expect(await selected()).toBe(1);
    await page.keyboard.press('Control+Space');
    expect(await selected()).toBe(2);
    await page.keyboard.press('Shift+ArrowDown');
    expect(await selected()).toBe(2);
    await page.keyboard.press('Control+a');
    expect(await selected()).toBe(9);
    await page.keyboard.press('Escape');
    expect(await selected()).toBe(0);
  });

  it('has every action in a narrow window, for fingers, a mouse and keys', async () => {
    await show('nine', { viewport: { width: 390, height: 800 } });
    await page.getByRole('button', { name: 'Sort' }).click();
    await page.getByRole('menuitemradio', { name: 'Name', exact: true }).click();
    await expect.poll(async () => (await names()).slice(0, 2)).toEqual(['archlinux', 'Blender']);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Save this view…' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('By name');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'More about the view By name' }).click();
    await page.getByRole('menuitem', { name: 'Rename…' }).waitFor();
    await page.keyboard.press('Escape');
    // What it looks for is in sight wherever it is shown.
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('searchbox').fill('iso');
    await page.getByRole('button', { name: 'Save this view…' }).click();
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).count()).toBe(1);
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('Images');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Close the search' }).click();
    await page.getByRole('button', { name: 'Images', exact: true }).click();
    await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('iso');
    await page.getByRole('button', { name: 'Close the search' }).click();
    // A mouse has its menu here, too; a finger presses a button for it.
    await row(/^Sintel/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'First in the queue' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'move', to: 'top' });
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Last in the queue' }).click();
    await expect.poll(async () => (await commands()).at(-1)).toMatchObject({ do: 'move', to: 'bottom' });
  });

  it('selects by a long press, then by taps', async () => {
    await show('nine', { viewport: { width: 390, height: 800 }, hasTouch: true });
    const touch = await page.context().newCDPSession(page);
    const box = await row(/^Sintel/).boundingBox();
    if (box === null) throw new Error('no such row');
    const at = { x: box.x + 100, y: box.y + 20 };
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
    await page.getByText('1 selected').waitFor();
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await row(/^debian/).tap();
    await page.getByText('2 selected').waitFor();
    expect(await page.getByRole('button', { name: 'Back to the list' }).count()).toBe(0);
    await row(/^Sintel/).tap();
    await page.getByText('1 selected').waitFor();
    expect((await row(/^Sintel/).boundingBox())?.height).toBe(64);
  });
});
