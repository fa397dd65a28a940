import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualRow {
  readonly index: number;
}

export interface VirtualRows {
  readonly items: readonly VirtualRow[];
  /** Where each row stands is counted from the first one. */
  readonly top: (item: VirtualRow) => number;
  /** Height of all rows, in pixels. */
  readonly height: number;
  /** Brings a row into view. */
  show(index: number): void;
  /** Rows that fit the view. */
  page(): number;
}

interface Options {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly count: number;
  /** Pixels; all rows have it. */
  readonly rowHeight: number;
  /** Height of what stays in view above the rows, in pixels. */
  readonly above: number;
  /** A row that is drawn in any case, as it holds the keyboard's focus; -1 for none. */
  readonly keep: number;
}

/** Rows that are drawn beyond either end of the view. */
const BEYOND = 8;

/** Draws only the rows of a long list that are in view. As all are of one height, which those are is a division. */
export function useVirtualRows({ scroller, count, rowHeight, above, keep }: Options): VirtualRows {
  const [, redraw] = useReducer<number, void>(times => times + 1, 0);
  /** What of the rows is in view, in pixels from the first. */
  const view = useRef({ from: 0, height: 0 });
  const range = (): readonly [number, number] => {
    const { from, height } = view.current;
    const first = Math.floor(from / rowHeight) - BEYOND;
    const last = Math.ceil((from + height) / rowHeight) + BEYOND;
    return [Math.min(Math.max(first, 0), Math.max(count - 1, 0)), Math.min(last, count)];
  };
  const [first, end] = range();

  const look = useRef<() => void>(() => undefined);
  look.current = () => {
    const { current } = scroller;
    if (current === null) return;
    view.current = { from: current.scrollTop, height: Math.max(0, current.clientHeight - above) };
    const [newFirst, newEnd] = range();
    if (newFirst !== first || newEnd !== end) redraw();
  };
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const onChange = (): void => look.current();
    const resized = new ResizeObserver(onChange);
    resized.observe(current);
    current.addEventListener('scroll', onChange, { passive: true });
    return () => {
      resized.disconnect();
      current.removeEventListener('scroll', onChange);
    };
  }, []);
  // A list that became shorter may have been scrolled by that.
  useLayoutEffect(() => look.current(), [count, rowHeight, above]);

  const items = Array.from({ length: Math.max(0, end - first) }, (_, at) => ({ index: first + at }));
  if (keep >= 0 && keep < first) items.unshift({ index: keep });
  if (keep >= end && keep < count) items.push({ index: keep });
  return {
    items,
    top: ({ index }) => index * rowHeight,
    height: count * rowHeight,
    show: index => {
      const { current } = scroller;
      if (current === null) return;
      const top = index * rowHeight;
      const bottom = top + rowHeight - (current.clientHeight - above);
      if (top < current.scrollTop) current.scrollTop = top;
      else if (bottom > current.scrollTop) current.scrollTop = bottom;
    },
    page: () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - above) / rowHeight) - 1),
  };
}
