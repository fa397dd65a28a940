import { useSignal } from '@preact/signals';
import { ArrowDown, ArrowUp } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { TorrentId } from '../../sw/view-model.ts';
import { askToRemove, open } from '../actions.ts';
import { NEWEST_FIRST, type Column } from '../list.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { useVirtualRows, type VirtualRows } from '../ui/virtual.ts';
import { EmptyList } from './empty.tsx';
import { RowMenu } from './row-menu.tsx';
import { Row } from './row.tsx';

const ROW_HEIGHT = 38;
const PHONE_ROW_HEIGHT = 72;
const HEAD_HEIGHT = 34;
const COLUMNS: readonly { readonly id: Column; readonly label: string; readonly number: boolean }[] = [
  { id: 'name', label: 'Name', number: false },
  { id: 'size', label: 'Size', number: true },
  { id: 'progress', label: 'Progress', number: false },
  { id: 'status', label: 'Status', number: false },
  { id: 'down', label: 'Down', number: true },
  { id: 'up', label: 'Up', number: true },
  { id: 'left', label: 'Left', number: true },
  { id: 'peers', label: 'Peers', number: true },
];

interface MenuPlace {
  readonly x: number;
  readonly y: number;
}

/** The list of torrents: a grid with one stop for the Tab key, moved through by arrows. */
export function Table(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const takesFocus = useRef(false);
  const menu = useSignal<MenuPlace | null>(null);
  const order = store.order.value;
  const focused = selection.focused.value;
  const focusedAt = focused === null ? -1 : order.indexOf(focused);
  const phone = layout.value === 'phone';
  const rows = useVirtualRows({
    scroller,
    count: order.length,
    rowHeight: phone ? PHONE_ROW_HEIGHT : ROW_HEIGHT,
    above: phone ? 0 : HEAD_HEIGHT,
    keep: focusedAt,
  });

  // A torrent that was revealed from elsewhere comes into view.
  useEffect(() => {
    if (focusedAt >= 0) rows.show(focusedAt);
  }, [focused]);

  return (
    <div class={phone ? 'table table-phone' : 'table'}>
      {order.length === 0 ? (
        <EmptyList />
      ) : (
        <div
          class="grid"
          role="grid"
          aria-label="Torrents"
          aria-rowcount={order.length + 1}
          aria-multiselectable="true"
          onKeyDown={event => onKey(event, rows, takesFocus)}
        >
          <div
            ref={scroller}
            class="rows"
            role="presentation"
            onPointerEnter={event => {
              store.held.value = event.pointerType === 'mouse';
            }}
            onPointerLeave={() => {
              store.held.value = false;
            }}
            onClick={onClick}
            onDblClick={event => {
              const id = rowAt(event.target);
              if (id !== null) open(id);
            }}
            onContextMenu={event => {
              const id = rowAt(event.target);
              if (id === null) return;
              event.preventDefault();
              if (layout.value === 'phone') return selection.toggle(id);
              if (!selection.ids.value.has(id)) selection.only(id);
              menu.value = placeOf(event);
            }}
          >
            {phone ? <PhoneHeader /> : <Header />}
            <div class="rows-inner" role="rowgroup" style={{ height: `${rows.height}px` }}>
              {rows.items.map(item => {
                const id = order[item.index];
                return id === undefined ? null : (
                  <Row
                    key={id}
                    id={id}
                    index={item.index}
                    top={rows.top(item)}
                    entry={item.index === Math.max(0, focusedAt)}
                    takesFocus={takesFocus}
                  />
                );
              })}
            </div>
          </div>
        </div>
      )}
      {menu.value !== null && <RowMenu x={menu.value.x} y={menu.value.y} onClose={() => (menu.value = null)} />}
    </div>
  );
}

function rowAt(target: EventTarget | null): TorrentId | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
  return row?.dataset.id ?? null;
}

/** The keyboard opens a context menu without a point: it stands at its row then. */
function placeOf(event: MouseEvent): MenuPlace {
  if (event.clientX > 0 || event.clientY > 0) return { x: event.clientX, y: event.clientY };
  const box = event.target instanceof Element ? event.target.getBoundingClientRect() : new DOMRect();
  return { x: box.left + 24, y: box.bottom };
}

function onClick(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('button') !== null) return;
  const id = rowAt(event.target);
  if (id === null) return selection.clear();
  if (event.shiftKey) selection.extendTo(id);
  else if (event.ctrlKey || event.metaKey) selection.toggle(id);
  else if (layout.value !== 'phone') selection.only(id);
  else if (selection.count.value > 0) selection.toggle(id);
  else {
    selection.focused.value = id;
    store.inspectorOpen.value = true;
  }
}

function onKey(event: KeyboardEvent, rows: VirtualRows, takesFocus: { current: boolean }): void {
  if (!(event.target instanceof Element) || event.target.closest('.row') === null) return;
  const order = store.order.peek();
  // Keys may come faster than drawing, so the place is the one of this moment.
  const at = order.indexOf(selection.focused.peek() ?? '');
  const last = order.length - 1;
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
  if (place !== undefined) {
    const moved = selection.moveTo(place, event.shiftKey);
    takesFocus.current = moved !== at;
    rows.show(moved);
  } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) selection.all();
  else if (event.key === 'Escape' && selection.count.peek() > 0) selection.clear();
  else if (event.key === 'Delete') askToRemove([...selection.ids.peek()]);
  else if (event.key === 'Enter' && id !== undefined) open(id);
  else if (event.key === ' ' && id !== undefined) selection.toggle(id);
  else return;
  event.preventDefault();
}

function Header(): JSX.Element {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="head-row" aria-rowindex={1}>
        {COLUMNS.map(column => (
          <HeaderCell key={column.id} {...column} />
        ))}
      </div>
    </div>
  );
}

function HeaderCell({ id, label, number }: (typeof COLUMNS)[number]): JSX.Element {
  const { by, descending } = store.sort.value;
  const sorted = by === id;
  return (
    <span
      role="columnheader"
      class={`cell cell-${id}${number ? ' number' : ''}`}
      aria-sort={sorted ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" class="head-button" onClick={() => sortBy(id, number)}>
        {sorted && number && <Icon of={descending ? ArrowDown : ArrowUp} size={12} />}
        {label}
        {sorted && !number && <Icon of={descending ? ArrowDown : ArrowUp} size={12} />}
      </button>
    </span>
  );
}

/** Numbers start with the largest, words with the first; the third press returns to the newest first. */
function sortBy(column: Column, number: boolean): void {
  const { by, descending } = store.sort.peek();
  if (by !== column) store.sort.value = { by: column, descending: number };
  else store.sort.value = descending === number ? { by: column, descending: !descending } : NEWEST_FIRST;
}

function PhoneHeader(): JSX.Element {
  return (
    <div role="rowgroup" class="sr-only">
      <div role="row" aria-rowindex={1}>
        {['Name', 'Speed', 'Progress', 'Status', 'Size'].map(label => (
          <span key={label} role="columnheader">
            {label}
          </span>
        ))}
      </div>
    </div>
  );
}
