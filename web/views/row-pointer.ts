import { signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { TorrentId } from '../../sw/view-model.ts';
import { open } from '../actions.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { moveToGap } from '../turns.ts';
import { useCallOff } from '../ui/call-off.ts';
import { layout } from '../ui/layout.ts';

/** How far a press moves before it drags, in pixels. */
const DRAGS = 6;
/** How long a finger rests on a row to select it, in ms. */
const LONG_PRESS = 500;
/** Within so many pixels of an end of the list, dragging scrolls it, by so many a frame. */
const NEAR_END = 32;
const SCROLLED = 9;

/** The gap that dragged rows would go to, 0 above the first; null: nothing is dragged. */
export const dropGap = signal<number | null>(null);

export function rowAt(target: EventTarget | null): TorrentId | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
  return row?.dataset.id ?? null;
}

/** Rows are dragged where they stand in the order of the queue. */
export function isByQueue(): boolean {
  return store.sort.value.by === 'queue';
}

interface Press {
  readonly id: TorrentId;
  readonly x: number;
  readonly y: number;
  /** Of a finger: what is left to wait for. */
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

interface RowPointer {
  onPointerDown(event: PointerEvent): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(): void;
  onPointerCancel(): void;
  onClick(event: MouseEvent): void;
  onDblClick(event: MouseEvent): void;
  onContextMenu(event: MouseEvent): void;
}

/**
 * What a mouse, a pen and a finger do with rows: click and double-click, select by a long press, open the menu, drag in the queue.
 * `above`: pixels over the first row; `menu` is told where one is asked for.
 */
export function useRowPointer(
  scroller: RefObject<HTMLElement | null>,
  rowHeight: number,
  above: number,
  menu: (event: MouseEvent) => void,
): RowPointer {
  const press = useRef<Press | null>(null);
  /** What follows a long press or a drag is no click. */
  const isOver = useRef(false);
  const y = useRef(0);
  const lead = useRef<TorrentId | null>(null);

  const letGo = (): void => {
    clearTimeout(press.current?.timer);
    press.current = null;
  };
  const gapAt = (clientY: number): number => {
    const { current } = scroller;
    if (current === null) return 0;
    const inside = clientY - current.getBoundingClientRect().top + current.scrollTop - above;
    return Math.min(Math.max(Math.round(inside / rowHeight), 0), store.order.peek().length);
  };
  const stopDragging = (): void => {
    lead.current = null;
    dropGap.value = null;
  };
  const scrollOn = (): void => {
    const { current } = scroller;
    if (lead.current === null || current === null) return;
    const { top, bottom } = current.getBoundingClientRect();
    if (y.current < top + above + NEAR_END) current.scrollTop -= SCROLLED;
    else if (y.current > bottom - NEAR_END) current.scrollTop += SCROLLED;
    dropGap.value = gapAt(y.current);
    requestAnimationFrame(scrollOn);
  };

  useEffect(() => {
    return () => {
      letGo();
      stopDragging();
    };
  }, []);
  useCallOff(
    () => lead.current !== null,
    () => {
      letGo();
      stopDragging();
    },
  );

  return {
    onPointerDown(event) {
      isOver.current = false;
      const id = rowAt(event.target);
      letGo();
      if (id === null || event.button !== 0) return;
      const byFinger = event.pointerType === 'touch';
      // The browser has the keyboard go where a mouse is pressed, whatever comes of it.
      if (!byFinger) selection.focused.value = id;
      const selects = (): void => {
        isOver.current = true;
        selection.toggle(id);
      };
      const timer = byFinger ? setTimeout(selects, LONG_PRESS) : undefined;
      press.current = { id, x: event.clientX, y: event.clientY, timer };
    },
    onPointerMove(event) {
      const { current } = press;
      if (current === null) return;
      y.current = event.clientY;
      if (lead.current !== null) {
        dropGap.value = gapAt(event.clientY);
        return;
      }
      if (Math.hypot(event.clientX - current.x, event.clientY - current.y) < DRAGS) return;
      if (event.pointerType === 'touch' || !isByQueue()) return letGo();
      scroller.current?.setPointerCapture(event.pointerId);
      isOver.current = true;
      lead.current = current.id;
      requestAnimationFrame(scrollOn);
    },
    onPointerUp() {
      const gap = dropGap.peek();
      const id = lead.current;
      letGo();
      stopDragging();
      if (id === null || gap === null) return;
      const ids = selection.ids.peek();
      const order = store.order.peek();
      moveToGap(id, ids.has(id) ? order.filter(each => ids.has(each)) : [id], gap);
    },
    onPointerCancel() {
      letGo();
      stopDragging();
    },
    onClick(event) {
      if (isOver.current) isOver.current = false;
      else click(event);
    },
    onDblClick(event) {
      const id = rowAt(event.target);
      if (id !== null) open(id);
    },
    onContextMenu(event) {
      const id = rowAt(event.target);
      if (id === null) return;
      event.preventDefault();
      // Also a narrow window may have a mouse, and a keyboard with a key for the menu.
      if (isFinger(event) || press.current?.timer !== undefined) {
        // Some browsers tell of a long press so, before ours is over or after.
        if (!isOver.current) selection.toggle(id);
        isOver.current = true;
        return letGo();
      }
      if (!selection.ids.peek().has(id)) selection.only(id);
      menu(event);
    },
  };
}

function isFinger(event: MouseEvent): boolean {
  return event instanceof PointerEvent && event.pointerType === 'touch';
}

/** A tap, or a click where the details are a page. */
function isTouch(event: MouseEvent): boolean {
  return layout.peek() === 'phone' || isFinger(event);
}

function click(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('button, .table-head') !== null) return;
  const id = rowAt(event.target);
  if (id === null) return selection.clear();
  if (event.shiftKey) selection.extendTo(id);
  else if (event.ctrlKey || event.metaKey) selection.toggle(id);
  else if (!isTouch(event)) selection.only(id);
  else if (selection.count.peek() > 0) selection.toggle(id);
  else {
    selection.focused.value = id;
    store.inspectorOpen.value = true;
  }
}
