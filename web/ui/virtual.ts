import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem } from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  /** Where each row stands is counted from the first one. */
  readonly top: (item: VirtualItem) => number;
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
  /** Pixels. */
  readonly rowHeight: number;
  /** Height of what stays in view above the rows, in pixels. */
  readonly above: number;
  /** A row that is drawn in any case, as it holds the keyboard's focus; -1 for none. */
  readonly keep: number;
}

/** Draws only the rows of a long list that are in view. */
export function useVirtualRows({ scroller, count, rowHeight, above, keep }: Options): VirtualRows {
  const [, redraw] = useReducer<number, void>(times => times + 1, 0);
  const options = {
    count,
    overscan: 8,
    scrollMargin: above,
    scrollPaddingStart: above,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    rangeExtractor: (range: { startIndex: number; endIndex: number; overscan: number }) => {
      const first = Math.max(0, range.startIndex - range.overscan);
      const last = Math.min(count - 1, range.endIndex + range.overscan);
      const indexes = Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => first + offset);
      if (keep >= 0 && keep < first) indexes.unshift(keep);
      if (keep > last && keep < count) indexes.push(keep);
      return indexes;
    },
    onChange: () => redraw(),
  };
  const held = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null);
  held.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  const virtualizer = held.current;
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  return {
    items: virtualizer.getVirtualItems(),
    top: item => item.start - above,
    height: count * rowHeight,
    show: index => virtualizer.scrollToIndex(index),
    page: () => Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - above) / rowHeight) - 1),
  };
}
