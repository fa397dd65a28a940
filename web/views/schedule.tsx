import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { hasHour, toggled } from '../limits.ts';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const EVERY_DAY = DAYS.map((_, day) => day);
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface Props {
  /** For each day from Monday the bits of its hours. */
  readonly value: readonly number[];
  onChange(value: number[]): void;
}

/** The hours of the week. One place of it is in the order of Tab; the arrows move within, Space switches. */
export function Schedule({ value, onChange }: Props): JSX.Element {
  const table = useRef<HTMLTableElement>(null);
  // Rows and columns from 0, which are the headers.
  const at = useSignal<readonly [number, number]>([1, 1]);
  const place = (row: number, column: number) => ({
    'data-at': `${row}:${column}`,
    tabIndex: at.value[0] === row && at.value[1] === column ? 0 : -1,
    onFocus: () => (at.value = [row, column]),
  });
  function move(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const row = Math.min(24, Math.max(0, at.value[0] + step[0]));
    const column = Math.min(7, Math.max(0, at.value[1] + step[1]));
    table.current?.querySelector<HTMLElement>(`[data-at="${row}:${column}"]`)?.focus();
  }
  return (
    <table class="hours" ref={table} onKeyDown={move} aria-label="Hours of slow mode">
      <thead>
        <tr>
          <td />
          {DAYS.map((day, index) => (
            <th key={day} scope="col">
              <button
                type="button"
                aria-label={`${day.slice(0, 3)}, all hours`}
                {...place(0, index + 1)}
                onClick={() => onChange(toggled(value, [index], HOURS))}
              >
                {day.slice(0, 3)}
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
                aria-label={`${span(hour)}, every day`}
                {...place(hour + 1, 0)}
                onClick={() => onChange(toggled(value, EVERY_DAY, [hour]))}
              >
                {twoDigits(hour)}
              </button>
            </th>
            {DAYS.map((day, index) => (
              <td key={day}>
                <input
                  type="checkbox"
                  aria-label={`${day}, ${span(hour)}`}
                  checked={hasHour(value, index, hour)}
                  {...place(hour + 1, index + 1)}
                  onChange={() => onChange(toggled(value, [index], [hour]))}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function span(hour: number): string {
  return `${twoDigits(hour)} to ${twoDigits(hour + 1)}`;
}

function twoDigits(hour: number): string {
  return String(hour).padStart(2, '0');
}
