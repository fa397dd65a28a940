import type { TorrentId } from '../../sw/view-model.ts';
import { open, remove } from '../actions.ts';
import { selection } from '../selection.ts';
import { bind } from '../shortcuts.ts';
import { store } from '../store.ts';
import { moveInLine } from '../turns.ts';
import type { VirtualRows } from '../ui/virtual.ts';

const hear = bind<'list', VirtualRows>('list', {
  row: (event, rows) => go(event, rows, 'select'),
  extend: (event, rows) => go(event, rows, 'extend'),
  walk: (event, rows) => go(event, rows, 'walk'),
  select: () => onRow(id => selection.toggle(id)),
  selectTo: () => onRow(id => selection.extendTo(id)),
  all: () => selection.all(),
  clear: () => (selection.count.peek() > 0 ? selection.clear() : false),
  open: () => onRow(open),
  up: () => move('up'),
  down: () => move('down'),
  remove: () => remove(chosen()),
  removeWithFiles: () => remove(chosen(), true),
});

/** The keys of the list. */
export function onRowKey(event: KeyboardEvent, rows: VirtualRows): void {
  if (event.target instanceof Element && event.target.closest('.row') !== null) hear(event, rows);
}

function onRow(act: (id: TorrentId) => void): boolean {
  const id = selection.focused.peek();
  if (id === null || !store.order.peek().includes(id)) return false;
  act(id);
  return true;
}

function go(event: KeyboardEvent, rows: VirtualRows, how: 'select' | 'extend' | 'walk'): void {
  const order = store.order.peek();
  // Keys may come faster than drawing, so the place is the one of this moment.
  const at = order.indexOf(selection.focused.peek() ?? '');
  const places: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? 0 : at - 1,
    Home: 0,
    End: order.length - 1,
    PageDown: at + rows.page(),
    PageUp: at - rows.page(),
  };
  const moved = selection.moveTo(places[event.key] ?? at, how);
  selection.takesFocus = moved !== at;
  rows.show(moved);
}

/** What is selected, else where the keyboard stands. */
function chosen(): TorrentId[] {
  const ids = selection.ids.peek();
  const focused = selection.focused.peek();
  return store.order.peek().filter(id => (ids.size > 0 ? ids.has(id) : id === focused));
}

/** In the direction that is seen: a list by the queue may stand on its head. */
function move(to: 'up' | 'down'): void {
  const { by, descending } = store.sort.peek();
  const isBackwards = by === 'queue' && descending;
  moveInLine(chosen(), (to === 'up') !== isBackwards ? 'up' : 'down');
}
