import { visit } from '../actions.ts';
import { asking } from '../adding.ts';
import { undoLast } from '../departures.ts';
import { palette } from '../palette.ts';
import { bind, characterKeys, listed } from '../shortcuts.ts';
import { store } from '../store.ts';
import { SEARCH_ID, SETTINGS_SEARCH_ID } from './search-ids.ts';

/** What letters are typed into, or chosen by. */
const TYPED = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=menu]';

const hear = bind('anywhere', {
  palette: () => void (palette.value = true),
  search: focusSearch,
  shortcuts: () => void (listed.value = true),
  add: () => void (asking.value = true),
  // What is typed is taken back by the browser.
  undo: event => !isTyped(event) && undoLast(),
  torrents: () => visit('torrents'),
  activity: () => visit('activity'),
  settings: () => visit('settings'),
});

function isTyped({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest(TYPED) !== null;
}

/** The keys that do the same wherever the keyboard is. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  // What lies over the rest, or is about to, has its own.
  if (palette.peek() || listed.peek() || document.querySelector('dialog:modal') !== null) return;
  const isAlone = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isAlone && (isTyped(event) || !characterKeys.peek())) return;
  hear(event, null);
}

/** The settings have a search of their own. */
export function focusSearch(): boolean {
  const field = document.getElementById(store.page.peek() === 'settings' ? SETTINGS_SEARCH_ID : SEARCH_ID);
  field?.focus();
  return field !== null;
}
