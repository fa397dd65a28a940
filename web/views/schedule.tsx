import { useSignal } from '@preact/signals';
import type { ComponentProps, JSX, TargetedPointerEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { HourKind } from '../../sw/view-model.ts';
import { kindAt, painted, toggled, type Hours } from '../limits.ts';
import { regional } from '../format.ts';
import { stepAlong } from '../ui/arrows.ts';
import { useCallOff } from '../ui/call-off.ts';
import { words } from '../words/words.ts';

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};
const KINDS: readonly HourKind[] = ['usual', 'slow', 'paused'];
/** How long a finger rests before it paints in place of scrolling, ms. */
const HOLD_MS = 350;

const hours = new Intl.DateTimeFormat(regional, { hour: 'numeric', timeZone: 'UTC' });

interface Cell {
  readonly day: number;
  readonly hour: number;
}

/** Hours that are being painted over, from one to another. */
interface Stroke {
  readonly from: Cell;
  readonly to: Cell;
  readonly kind: HourKind;
}

interface Props {
  readonly value: Hours;
  onChange(value: Hours): void;
}

/**
 * The hours of the week, each of one of three kinds. One place of it is in the order of Tab; the arrows move within, Space sets the kind that is
 * chosen above, or takes it back. A mouse that is drawn over hours, or a finger that rests and then is, changes all from the first to the last.
 */
export function Schedule({ value, onChange }: Props): JSX.Element {
  const table = useRef<HTMLTableElement>(null);
  // Rows and columns from 0, which are the headers.
  const at = useSignal<readonly [number, number]>([1, 1]);
  const brush = useSignal<HourKind>('slow');
  const stroke = useSignal<Stroke | null>(null);
  const shown = stroke.value === null ? value : paintedBy(value, stroke.value);
  const pointer = usePainting(stroke, brush.value, value, onChange);
  const place = (row: number, column: number) => ({
    'data-at': `${row}:${column}`,
    tabIndex: at.value[0] === row && at.value[1] === column ? 0 : -1,
    onFocus: () => (at.value = [row, column]),
  });
  function move(event: KeyboardEvent): void {
    const along = stepAlong(event.key);
    const step = STEPS[event.key] ?? [0, along];
    if (step[0] === 0 && step[1] === 0) return;
    event.preventDefault();
    const row = Math.min(24, Math.max(0, at.value[0] + step[0]));
    const column = Math.min(7, Math.max(0, at.value[1] + step[1]));
    table.current?.querySelector<HTMLElement>(`[data-at="${row}:${column}"]`)?.focus();
  }
  const { settings } = words;
  return (
    <>
      <Brushes value={brush.value} onChange={kind => (brush.value = kind)} />
      <table class="hours" ref={table} onKeyDown={move} aria-label={settings.hours()} aria-describedby="hours-text" {...pointer}>
        <thead>
          <tr>
            <td />
            {DAYS.map(day => (
              <th key={day} scope="col">
                <button
                  type="button"
                  aria-label={settings.day({ day: nameOf(day, 'short') })}
                  {...place(0, day + 1)}
                  onClick={() => onChange(toggled(value, [day], HOURS, brush.value))}
                >
                  {nameOf(day, 'short')}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {HOURS.map(hour => (
            <tr key={hour}>
              <th scope="row">
                <button
                  type="button"
                  aria-label={settings.hour({ hours: span(hour) })}
                  {...place(hour + 1, 0)}
                  onClick={() => onChange(toggled(value, DAYS, [hour], brush.value))}
                >
                  {nameOfHour(hour)}
                </button>
              </th>
              {DAYS.map(day => {
                const kind = kindAt(shown, day, hour);
                return (
                  <td key={day}>
                    <button
                      type="button"
                      class={`hour hour-${kind}`}
                      data-cell={`${day}:${hour}`}
                      aria-label={settings.cell({ day: nameOf(day, 'long'), hours: span(hour), kind: nameOfKind(kind) })}
                      {...place(hour + 1, day + 1)}
                      onClick={() => onChange(toggled(value, [day], [hour], brush.value))}
                    />
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p id="hours-text" class="quiet">
        {settings.hoursText()}
      </p>
    </>
  );
}

interface BrushesProps {
  readonly value: HourKind;
  onChange(kind: HourKind): void;
}

/** What hours are to be, each beside how such an hour looks. */
function Brushes({ value, onChange }: BrushesProps): JSX.Element {
  return (
    <div class="segments brushes" role="radiogroup" aria-label={words.settings.paint()}>
      {KINDS.map(kind => (
        <label key={kind} class="segment">
          <input type="radio" name="hour-kind" value={kind} checked={value === kind} onChange={() => onChange(kind)} />
          <span>
            <i class={`hour hour-${kind}`} aria-hidden />
            {nameOfKind(kind)}
          </span>
        </label>
      ))}
    </div>
  );
}

function nameOfKind(kind: HourKind): string {
  return words.settings[`${kind}Hours`]();
}

type Painting = Pick<
  ComponentProps<'table'>,
  'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel' | 'onClickCapture'
>;

/** What follows a pointer over the hours. A press on one alone stays with its box. */
function usePainting(
  stroke: { value: Stroke | null; peek(): Stroke | null },
  brush: HourKind,
  value: Hours,
  onChange: (value: Hours) => void,
): Painting {
  const began = useRef<Cell | null>(null);
  const hold = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hasPainted = useRef(false);
  const end = (): void => {
    clearTimeout(hold.current);
    began.current = null;
    stroke.value = null;
  };
  useCallOff(() => stroke.peek() !== null, end);
  useEffect(() => {
    // Once a finger paints, the page does not scroll under it.
    const stay = (event: TouchEvent): void => {
      if (stroke.peek() !== null) event.preventDefault();
    };
    document.addEventListener('touchmove', stay, { passive: false });
    return () => document.removeEventListener('touchmove', stay);
  }, []);
  const begin = (cell: Cell): void => {
    stroke.value = { from: cell, to: cell, kind: kindAt(value, cell.day, cell.hour) === brush ? 'usual' : brush };
  };
  return {
    onPointerDown: ({ button, pointerType, clientX, clientY }: TargetedPointerEvent<HTMLTableElement>) => {
      hasPainted.current = false;
      const cell = cellAt(clientX, clientY);
      if (button !== 0 || cell === null) return;
      began.current = cell;
      if (pointerType === 'touch') hold.current = setTimeout(() => begin(cell), HOLD_MS);
    },
    onPointerMove: ({ pointerType, buttons, clientX, clientY }: TargetedPointerEvent<HTMLTableElement>) => {
      const cell = cellAt(clientX, clientY);
      const from = began.current;
      if (from === null || cell === null) return;
      // It was let go outside of the window.
      if (buttons === 0) return end();
      const isAway = cell.day !== from.day || cell.hour !== from.hour;
      if (stroke.value === null && isAway && pointerType !== 'touch') begin(from);
      if (stroke.value !== null) stroke.value = { ...stroke.value, to: cell };
    },
    onPointerUp: () => {
      const { value: drawn } = stroke;
      end();
      if (drawn === null) return;
      hasPainted.current = true;
      onChange(paintedBy(value, drawn));
    },
    onPointerCancel: end,
    // What was painted is not switched back by the click that may follow; a key is no such click.
    onClickCapture: event => {
      if (hasPainted.current && event.detail > 0) event.stopPropagation();
      hasPainted.current = false;
    },
  };
}

function cellAt(x: number, y: number): Cell | null {
  const [, day, hour] = /^(\d):(\d+)$/.exec(document.elementFromPoint(x, y)?.getAttribute('data-cell') ?? '') ?? [];
  return day === undefined ? null : { day: Number(day), hour: Number(hour) };
}

function paintedBy(value: Hours, { from, to, kind }: Stroke): Hours {
  const between = (a: number, b: number, all: readonly number[]): number[] =>
    all.filter(each => each >= Math.min(a, b) && each <= Math.max(a, b));
  return painted(value, between(from.day, to.day, DAYS), between(from.hour, to.hour, HOURS), kind);
}

/** Of a day from Monday on. */
function nameOf(day: number, weekday: 'long' | 'short'): string {
  return new Intl.DateTimeFormat(regional, { weekday, timeZone: 'UTC' }).format(Date.UTC(2024, 0, 1 + day));
}

function span(hour: number): string {
  return words.settings.span({ from: nameOfHour(hour), to: nameOfHour(hour + 1) });
}

function nameOfHour(hour: number): string {
  return hours.format(Date.UTC(2024, 0, 1, hour));
}
