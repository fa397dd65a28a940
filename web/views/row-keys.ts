import { askToRemove, open } from '../actions.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { moveInLine } from '../turns.ts';
import type { VirtualRows } from '../ui/virtual.ts';

/** The keys of the list. */
export function onRowKey(event: KeyboardEvent, rows: VirtualRows): void {
  if (!(event.target instanceof Element) || event.target.closest('.row') === null) return;
  const order = store.order.peek();
  // Keys may come faster than drawing, so the place is the one of this moment.
  const at = order.indexOf(selection.focused.peek() ?? '');
  const last = order.length - 1;
  const control = event.ctrlKey || event.metaKey;
  const places: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? 0 : at - 1,
    Home: 0,
    End: last,
    PageDown: at + rows.page(),
    PageUp: at - rows.page(),
  };
  const id = order[at];
  const place = places[event.key];
  if (event.altKey) {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const ids = selection.ids.peek();
    const moving = ids.size > 0 ? order.filter(each => ids.has(each)) : id === undefined ? [] : [id];
    const { by, descending } = store.sort.peek();
    const isBackwards = by === 'queue' && descending;
    moveInLine(moving, (event.key === 'ArrowUp') !== isBackwards ? 'up' : 'down');
  } else if (place !== undefined) {
    const moved = selection.moveTo(place, event.shiftKey ? 'extend' : control ? 'walk' : 'select');
    selection.takesFocus = moved !== at;
    rows.show(moved);
  } else if (event.key === 'a' && control) selection.all();
  else if (event.key === 'Escape' && selection.count.peek() > 0) selection.clear();
  else if (event.key === 'Delete') askToRemove([...selection.ids.peek()]);
  else if (event.key === 'Enter' && id !== undefined) open(id);
  else if (event.key === ' ' && id !== undefined) {
    if (event.shiftKey) selection.extendTo(id);
    else selection.toggle(id);
  } else return;
  event.preventDefault();
}
