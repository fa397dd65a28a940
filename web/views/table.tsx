import { useSignal } from '@preact/signals';
import { Columns3 } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { fittingColumns, isColumn, leastWidth, tracksOf, type ColumnId } from '../columns.ts';
import { columns } from '../list-choices.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { density } from '../theme.ts';
import { said } from '../turns.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { lazy } from '../ui/lazy.tsx';
import { useVirtualRows } from '../ui/virtual.ts';
import { words } from '../words/words.ts';
import { EmptyList } from './empty.tsx';
import { onRowKey } from './row-keys.ts';
import { dropGap, isByQueue, rowAt, useRowPointer } from './row-pointer.ts';
import { Row } from './row.tsx';
import { HeadHint, TableHead } from './table-head.tsx';

const RowMenu = lazy(
  async () => (await import('./row-menu.tsx')).RowMenu,
  ({ onClose }) => onClose(),
  'folderSave',
  'menus',
);
const ColumnsMenu = lazy(
  async () => (await import('./columns-menu.tsx')).ColumnsMenu,
  ({ onClose }) => onClose(),
  'menus',
);

/** Pixels. */
const ROW_HEIGHTS = { comfortable: 36, compact: 28 } as const;
const PHONE_ROW_HEIGHT = 64;
const HEAD_HEIGHT = 34;

interface MenuPlace {
  readonly x: number;
  readonly y: number;
  readonly of: 'rows' | 'columns';
  readonly column: ColumnId | null;
}

/** The list of torrents. */
export function Table(): JSX.Element {
  const menu = useSignal<MenuPlace | null>(null);
  const isEmpty = store.order.value.length === 0;
  const phone = layout.value === 'phone';
  const close = (): void => {
    menu.value = null;
  };
  return (
    <div class={phone ? 'table table-phone' : 'table'}>
      {isEmpty ? <EmptyList /> : <Grid phone={phone} openMenu={place => (menu.value = place)} />}
      {!isEmpty && !phone && (
        <button
          type="button"
          class="columns-button"
          aria-label={words.table.columns()}
          title={words.table.columns()}
          aria-haspopup="menu"
          onClick={event => {
            const { right, bottom } = event.currentTarget.getBoundingClientRect();
            menu.value = { x: right, y: bottom, of: 'columns', column: null };
          }}
        >
          <Icon of={Columns3} size={14} />
        </button>
      )}
      {!phone && <HeadHint />}
      <p class="sr-only" role="status">
        {said}
      </p>
      {menu.value?.of === 'rows' && <RowMenu x={menu.value.x} y={menu.value.y} onClose={close} />}
      {menu.value?.of === 'columns' && <ColumnsMenu x={menu.value.x} y={menu.value.y} at={menu.value.column} onClose={close} />}
    </div>
  );
}

/** A grid with one stop for the Tab key, moved through by arrows. */
function Grid({ phone, openMenu }: { readonly phone: boolean; openMenu(place: MenuPlace): void }): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  const order = store.order.value;
  const focused = selection.focused.value;
  const focusedAt = focused === null ? -1 : order.indexOf(focused);
  const rowHeight = phone ? PHONE_ROW_HEIGHT : ROW_HEIGHTS[density.value];
  const above = phone ? 0 : HEAD_HEIGHT;
  const rows = useVirtualRows({ scroller, count: order.length, rowHeight, above, keep: Math.max(0, focusedAt) });
  const pointer = useRowPointer(scroller, rowHeight, above, event => openMenu({ ...placeOf(event), of: 'rows', column: null }));
  const shown = useMemo(() => fittingColumns(columns.value, width.value), [columns.value, width.value]);
  const gap = dropGap.value;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    width.value = element.clientWidth;
    const watch = new ResizeObserver(() => (width.value = element.clientWidth));
    watch.observe(element);
    return () => {
      watch.disconnect();
      // A grid that goes tells of no pointer or keyboard that leaves it.
      store.held.value = false;
      selection.hasKeyboard.value = false;
    };
  }, []);
  // A torrent that was revealed from elsewhere, or moved, comes into view.
  useEffect(() => {
    if (focusedAt >= 0) rows.show(focusedAt);
  }, [focused, store.moved.value]);

  return (
    <div
      class="grid"
      role="grid"
      aria-label={words.table.label()}
      aria-rowcount={order.length + 1}
      aria-colcount={phone ? undefined : shown.length}
      aria-multiselectable="true"
      style={phone ? {} : { '--columns': tracksOf(shown), '--least': `${leastWidth(shown)}px`, '--row-height': `${rowHeight}px` }}
      onKeyDown={event => onRowKey(event, rows)}
      onFocusIn={event => {
        const id = rowAt(event.target);
        selection.hasKeyboard.value = id !== null;
        // The Tab key enters at the first row where none was stood on.
        if (focusedAt < 0 && id !== null) selection.focused.value = id;
      }}
      onFocusOut={() => (selection.hasKeyboard.value = false)}
    >
      <div
        {...pointer}
        ref={scroller}
        class={isByQueue() ? 'rows by-queue' : 'rows'}
        role="presentation"
        onPointerEnter={event => {
          store.held.value = event.pointerType === 'mouse';
        }}
        onPointerLeave={() => {
          store.held.value = false;
        }}
        onContextMenu={event => {
          const column = columnAt(event.target);
          if (column === null) return pointer.onContextMenu(event);
          event.preventDefault();
          openMenu({ ...placeOf(event), of: 'columns', column });
        }}
      >
        {phone ? <PhoneHeader /> : <TableHead shown={shown} />}
        <div class="rows-inner" role="rowgroup" style={{ height: `${rows.height}px` }}>
          {rows.items.map(item => {
            const id = order[item.index];
            return id === undefined ? null : (
              <Row
                key={id}
                id={id}
                index={item.index}
                top={rows.top(item)}
                columns={shown}
                entry={item.index === Math.max(0, focusedAt)}
              />
            );
          })}
          {gap !== null && (
            <div class="drop-line" role="presentation" style={{ transform: `translateY(${gap * rowHeight}px)` }} />
          )}
        </div>
      </div>
    </div>
  );
}

function columnAt(target: EventTarget | null): ColumnId | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[role=columnheader]') : null;
  const id = cell?.dataset.column;
  return isColumn(id) ? id : null;
}

/** The keyboard opens a context menu without a point: it stands at what has the focus then. */
function placeOf(event: MouseEvent): { readonly x: number; readonly y: number } {
  if (event.clientX > 0 || event.clientY > 0) return { x: event.clientX, y: event.clientY };
  const box = event.target instanceof Element ? event.target.getBoundingClientRect() : new DOMRect();
  return { x: box.left + 24, y: box.bottom };
}

function PhoneHeader(): JSX.Element {
  return (
    <div role="rowgroup" class="sr-only">
      <div role="row" aria-rowindex={1}>
        <span role="columnheader">{words.table.name()}</span>
        <span role="columnheader">{words.table.speed()}</span>
        <span role="columnheader">{words.table.progress()}</span>
        <span role="columnheader">{words.table.status()}</span>
        <span role="columnheader">{words.table.size()}</span>
      </div>
    </div>
  );
}
