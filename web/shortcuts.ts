/**
 * The shortcuts of the app: this table binds them, and is what the list of them shows. Keys are written as tinykeys reads them; `$mod` is ⌘ on a
 * Mac, else Ctrl.
 */
import { signal } from '@preact/signals';
import { createKeybindingsHandler } from 'tinykeys';
import { readStoredText, writeStoredText } from './stored.ts';

const ALONG = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'] as const;

/** Where they hold, and in there by what they do. */
export const SHORTCUTS = {
  anywhere: {
    palette: ['$mod+k'],
    search: ['/'],
    // Which layout has it where, and with what, is told by no browser.
    shortcuts: ['?', 'Shift+?'],
    add: ['n'],
    undo: ['$mod+z'],
    torrents: ['g t'],
    activity: ['g a'],
    settings: ['g s'],
  },
  columns: {
    column: ['ArrowLeft', 'ArrowRight', 'Home', 'End'],
    moveColumn: ['Alt+ArrowLeft', 'Alt+ArrowRight', 'Alt+Home', 'Alt+End'],
    sizeColumn: ['Shift+ArrowLeft', 'Shift+ArrowRight'],
  },
  details: {
    closeDetails: ['Escape'],
  },
  list: {
    row: ALONG,
    extend: ALONG.map(key => `Shift+${key}`),
    walk: ALONG.map(key => `$mod+${key}`),
    select: ['Space', '$mod+Space'],
    selectTo: ['Shift+Space'],
    all: ['$mod+a'],
    clear: ['Escape'],
    open: ['Enter'],
    up: ['Alt+ArrowUp'],
    down: ['Alt+ArrowDown'],
    remove: ['Delete'],
    removeWithFiles: ['Shift+Delete'],
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export type Where = keyof typeof SHORTCUTS;

/** The list of shortcuts is open. */
export const listed = signal(false);

const CHARACTERS_KEY = 'starling.characterKeys';

/** Keys that are characters do something without Ctrl or ⌘. Whoever speaks to the computer may have to switch that off (WCAG 2.1.4). */
export const characterKeys = signal(readStoredText(CHARACTERS_KEY) !== 'off');

export function chooseCharacterKeys(areOn: boolean): void {
  characterKeys.value = areOn;
  writeStoredText(CHARACTERS_KEY, areOn ? null : 'off');
}

/** False: it was not for this one, and goes on to whoever is next. */
type Act<Context> = (event: KeyboardEvent, context: Context) => unknown;

/** What listens to the shortcuts that hold there, each of which does something. What takes a key keeps it. */
export function bind<W extends Where, Context>(
  where: W,
  acts: Readonly<Record<keyof (typeof SHORTCUTS)[W], Act<Context>>>,
): (event: KeyboardEvent, context: Context) => void {
  let context: Context;
  const bindings: Record<string, (event: KeyboardEvent) => void> = {};
  for (const [what, act] of Object.entries<Act<Context>>(acts)) {
    for (const keys of keysOf(where, what)) {
      bindings[keys] = event => {
        if (act(event, context) === false) return;
        event.preventDefault();
        event.stopPropagation();
      };
    }
  }
  const hear = createKeybindingsHandler(bindings);
  return (event, at) => {
    context = at;
    hear(event);
  };
}

export function keysOf(where: Where, what: string): readonly string[] {
  const here: Readonly<Record<string, readonly string[] | undefined>> = SHORTCUTS[where];
  return here[what] ?? [];
}

const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgent);
const SIGNS: Readonly<Record<string, string>> = {
  $mod: IS_MAC ? '⌘' : 'Ctrl',
  Shift: IS_MAC ? '⇧' : 'Shift',
  Alt: IS_MAC ? '⌥' : 'Alt',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
  Escape: 'Esc',
};

/** What stands on the keys, those that are pressed one after another or together each by itself; of `keys` as the table has them. */
export function signsOf(keys: string): readonly string[] {
  return keys.split(/[ +]/).map(key => SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}
