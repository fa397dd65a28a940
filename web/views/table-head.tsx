import { signal, useSignal } from '@preact/signals';
import { ArrowDown, ArrowUp } from 'lucide';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { columnOf, MAX_WIDTH, MIN_WIDTH, moveColumn, resizeColumn, type ColumnId, type Shown } from '../columns.ts';
import { columns, isResizing, sortBy } from '../list-choices.ts';
import { bind } from '../shortcuts.ts';
import { store } from '../store.ts';
import { useCallOff } from '../ui/call-off.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

/** How far a press moves before it drags, and what an arrow adds to a width, in pixels. */
const DRAGS = 6;
const STEP = 16;
const HINT_ID = 'head-hint';

/** A column on its way to a place among those that are shown. */
const dragged = signal<{ readonly id: ColumnId; readonly to: number } | null>(null);

/** The names of the columns: pressed to sort, dragged to move, their ends dragged to resize. One stop for the Tab key. */
export function TableHead({ shown }: { shown: readonly Shown[] }): JSX.Element {
  const entry = useSignal<ColumnId>('name');
  const at = shown.some(({ id }) => id === entry.value) ? entry.value : 'name';
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" class="head-row" aria-rowindex={1}>
        {shown.map((column, index) => (
          <HeadCell
            key={column.id}
            column={column}
            index={index}
            shown={shown}
            isEntry={column.id === at}
            onEnter={() => (entry.value = column.id)}
          />
        ))}
      </div>
    </div>
  );
}

/** How the head is worked with keys, for who hears it. It stands outside the grid, which has room for rows alone. */
export function HeadHint(): JSX.Element {
  return (
    <p id={HINT_ID} class="sr-only">
      {words.table.headHint()}
    </p>
  );
}

interface CellProps {
  readonly column: Shown;
  readonly index: number;
  readonly shown: readonly Shown[];
  readonly isEntry: boolean;
  onEnter(): void;
}

function HeadCell({ column, index, shown, isEntry, onEnter }: CellProps): JSX.Element {
  const { id, label, isNumber } = columnOf(column.id);
  const { by, descending } = store.sort.value;
  const isSorted = by === id;
  const drag = dragged.value;
  const drop =
    drag === null
      ? ''
      : drag.to === index
        ? ' drop-before'
        : drag.to === shown.length && index === shown.length - 1
          ? ' drop-after'
          : '';
  return (
    <span
      role="columnheader"
      data-column={id}
      class={`cell cell-${id}${isNumber ? ' number' : ''}${drop}${drag?.id === id ? ' dragged' : ''}`}
      style={{ gridColumn: index + 1 }}
      aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <HeadButton id={id} index={index} shown={shown} isEntry={isEntry} onEnter={onEnter}>
        {isSorted && isNumber && <Icon of={descending ? ArrowDown : ArrowUp} size={12} />}
        <span class="head-label">{label}</span>
        {isSorted && !isNumber && <Icon of={descending ? ArrowDown : ArrowUp} size={12} />}
      </HeadButton>
      <Resizer id={id} shown={shown} />
    </span>
  );
}

interface ButtonProps extends Omit<CellProps, 'column'> {
  readonly id: ColumnId;
  readonly children: JSX.Element | (JSX.Element | false)[];
}

function HeadButton({ id, index, shown, isEntry, onEnter, children }: ButtonProps): JSX.Element {
  const from = useRef<number | null>(null);
  const wasDragged = useRef(false);
  const end = (): void => {
    const drag = dragged.peek();
    from.current = null;
    dragged.value = null;
    if (drag !== null) moveTo(shown, drag.id, drag.to > index ? drag.to - 1 : drag.to);
  };
  const callOff = (): void => {
    dragged.value = null;
    end();
  };
  useCallOff(() => wasDragged.current && from.current !== null, callOff);
  return (
    <button
      type="button"
      class="head-button"
      tabIndex={isEntry ? 0 : -1}
      aria-describedby={HINT_ID}
      onFocus={onEnter}
      onKeyDown={event => hear(event, { button: event.currentTarget, id, index, shown })}
      onClick={() => {
        if (!wasDragged.current) sortBy(id);
        wasDragged.current = false;
      }}
      onPointerDown={event => {
        wasDragged.current = false;
        if (event.button !== 0 || event.pointerType === 'touch') return;
        from.current = event.clientX;
        // A fast hand has left it by the first move.
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={event => {
        if (from.current === null || (dragged.peek() === null && Math.abs(event.clientX - from.current) < DRAGS)) return;
        wasDragged.current = true;
        dragged.value = { id, to: gapAt(event.currentTarget, event.clientX) };
      }}
      onPointerUp={end}
      onPointerCancel={callOff}
    >
      {children}
    </button>
  );
}

/** The gap between the columns of the head that a point is nearest to. */
function gapAt(button: HTMLElement, x: number): number {
  const cells = button.closest('.head-row')?.querySelectorAll('[role=columnheader]') ?? [];
  return [...cells].filter(cell => {
    const { left, width } = cell.getBoundingClientRect();
    return towards(button) * (x - left - width / 2) > 0;
  }).length;
}

/** Whoever arranges columns has chosen those that are seen: what gave way where it is narrow does not come back under the hand. */
function moveTo(shown: readonly Shown[], id: ColumnId, to: number): void {
  if (shown[to]?.id !== id) columns.value = moveColumn(shown, id, to);
}

interface Head {
  readonly button: HTMLElement;
  readonly id: ColumnId;
  readonly index: number;
  readonly shown: readonly Shown[];
}

const hear = bind<'columns', Head>('columns', {
  column: (event, at) => focusOn(at, at.shown[placeOf(event, at)]?.id),
  moveColumn: (event, at) => {
    const place = placeOf(event, at);
    if (place >= 0 && place < at.shown.length) moveTo(at.shown, at.id, place);
    focusOn(at, at.id);
  },
  sizeColumn: (event, { button, id, shown }) => resize(shown, id, widthOf(button) + stepOf(event, button) * STEP),
});

function placeOf(event: KeyboardEvent, { button, index, shown }: Head): number {
  const ends: Readonly<Record<string, number>> = { Home: 0, End: shown.length - 1 };
  return ends[event.key] ?? index + stepOf(event, button);
}

function stepOf({ key }: KeyboardEvent, button: HTMLElement): number {
  return key === 'ArrowRight' ? towards(button) : -towards(button);
}

function focusOn({ button }: Head, id: ColumnId | undefined): void {
  const head = button.closest('.head-row');
  // It may stand elsewhere by then.
  requestAnimationFrame(() => head?.querySelector<HTMLElement>(`[data-column=${id}] button`)?.focus());
}

function resize(shown: readonly Shown[], id: ColumnId, width: number): void {
  columns.value = resizeColumn(shown, id, width);
}

/** 1 where columns follow each other to the right, -1 where to the left. */
function towards(inside: Element): number {
  return getComputedStyle(inside).direction === 'rtl' ? -1 : 1;
}

function widthOf(inside: Element): number {
  return inside.closest('[role=columnheader]')?.getBoundingClientRect().width ?? MIN_WIDTH;
}

/** The end of a column: dragged to resize it, pressed twice to fit what is in it. Keys do the same on its name. */
function Resizer({ id, shown }: { id: ColumnId; shown: readonly Shown[] }): JSX.Element {
  const start = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const end = (): void => {
    start.current = null;
    isResizing.value = false;
  };
  return (
    <span
      class="resizer"
      role="presentation"
      onPointerDown={event => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width: widthOf(event.currentTarget) };
        isResizing.value = true;
      }}
      onPointerMove={event => {
        const { current } = start;
        if (current === null) return;
        resize(shown, id, current.width + towards(event.currentTarget) * (event.clientX - current.x));
      }}
      onPointerUp={end}
      onPointerCancel={end}
      onDblClick={() => fit(shown, id)}
    />
  );
}

/** As wide as what is in it and in view. */
export function fit(shown: readonly Shown[], id: ColumnId): void {
  const range = document.createRange();
  const widths = [...document.querySelectorAll(`.grid .cell-${id}`)].map(cell => {
    range.selectNodeContents(cell.querySelector('.head-label, bdi') ?? cell);
    // A bar has no width of its own.
    return id === 'progress' ? columnOf(id).width : range.getBoundingClientRect().width;
  });
  const SORT_MARK = 16;
  resize(shown, id, Math.min(MAX_WIDTH, Math.ceil(Math.max(MIN_WIDTH, ...widths) + SORT_MARK)));
}
