import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem } from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  /** Height of all rows, in pixels. */
  readonly height: number;
  /** Brings a row into view. */
  show(index: number): void;
  /** Rows that fit the view. */
  page(): number;
}

/** Draws only the rows of a long list that are in view, and row `keep` (-1 for none), which holds the keyboard's focus. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  keep: number,
): VirtualRows {
  const [, redraw] = useReducer<number, void>(times => times + 1, 0);
  const options = {
    count,
    overscan: 8,
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
    height: virtualizer.getTotalSize(),
    show: index => virtualizer.scrollToIndex(index),
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2),
  };
}
