/** The two ways to work the interface without a mouse: the keyboard, and a finger on a phone. */
import type { BrowserContextOptions, Locator } from 'playwright';
import { expect } from 'vitest';
import { DESKTOP } from './ui.ts';

const PHONE = { width: 390, height: 844 };
/** More presses of Tab and of arrows than lead anywhere. */
const ENOUGH = 150;

export interface Hand {
  readonly name: string;
  /** Of the window that it works. */
  readonly options: BrowserContextOptions;
  /** Does what the control does: a button, a box, a tab, a place in a menu. */
  press(control: Locator): Promise<void>;
  /** In place of what is in the field. */
  type(field: Locator, text: string): Promise<void>;
  /** The details of a torrent. */
  open(row: Locator): Promise<void>;
  /** The menu of a torrent. */
  menu(row: Locator): Promise<void>;
}

/** Which key leads on from where the focus is to that element; null where it is there. */
function keyTo(target: Element): string | null {
  const at = document.activeElement;
  if (at === target) return null;
  const isRadio = (element: Element | null): element is HTMLInputElement =>
    element instanceof HTMLInputElement && element.type === 'radio';
  if (isRadio(at) && isRadio(target) && at.name === target.name) return 'ArrowDown';
  const group = target.closest('[role=tablist], [role=menu], [role=grid], [role=listbox]');
  // Beside its rows a grid has heads of columns, which Tab leads out of; some places of a menu are boxes.
  const kind = (element: Element | null): string => (element?.getAttribute('role') ?? '').replace(/(?<=^menuitem).*/, '');
  const isInside = group?.contains(at) === true && kind(at) === kind(target);
  if (group === null || at === null || !isInside) return 'Tab';
  const isBefore = (at.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING) > 0;
  if (group.getAttribute('role') === 'tablist') return isBefore ? 'ArrowLeft' : 'ArrowRight';
  return isBefore ? 'ArrowUp' : 'ArrowDown';
}

async function reach(target: Locator): Promise<void> {
  const page = target.page();
  await target.waitFor();
  for (let pressed = 0; pressed < ENOUGH; pressed++) {
    const key = await target.evaluate(keyTo);
    if (key === null) return;
    await page.keyboard.press(key);
  }
  throw new Error(`no key leads to ${target.toString()}`);
}

export const KEYS: Hand = {
  name: 'with the keyboard alone',
  options: { viewport: DESKTOP },
  async press(control) {
    await reach(control);
    const isBox = await control.evaluate(element => element instanceof HTMLInputElement);
    await control.page().keyboard.press(isBox ? 'Space' : 'Enter');
  },
  async type(field, text) {
    await reach(field);
    await field.page().keyboard.press('Control+a');
    await field.page().keyboard.type(text);
  },
  async open(row) {
    await reach(row);
    await row.page().keyboard.press('Enter');
  },
  async menu(row) {
    await reach(row);
    await row.page().keyboard.press('Shift+F10');
    await row.page().getByRole('menu').waitFor();
  },
};

/** A finger that stays until the row is selected. */
async function hold(row: Locator): Promise<void> {
  const page = row.page();
  const box = await row.boundingBox();
  if (box === null) throw new Error(`${row.toString()} is not in sight`);
  const touch = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
  await expect.poll(() => row.getAttribute('aria-selected')).toBe('true');
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

export const TOUCH: Hand = {
  name: 'by touch alone',
  options: { viewport: PHONE, hasTouch: true, isMobile: true },
  press: control => control.tap(),
  async type(field, text) {
    await field.tap();
    await field.selectText();
    await field.page().keyboard.type(text);
  },
  open: row => row.tap(),
  async menu(row) {
    await hold(row);
    await row.page().getByRole('button', { name: 'More', exact: true }).tap();
    await row.page().getByRole('menu').waitFor();
  },
};

export const HANDS: readonly Hand[] = [KEYS, TOUCH];
