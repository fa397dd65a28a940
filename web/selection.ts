import { computed, effect, signal } from '@preact/signals';
import type { TorrentId } from '../sw/view-model.ts';
import { store, type Store } from './store.ts';

/** Which torrents of the list are selected, and which one the keyboard stands on. What leaves the list leaves both. */
export class Selection {
  readonly ids = signal<ReadonlySet<TorrentId>>(new Set());
  readonly focused = signal<TorrentId | null>(null);
  /** The keyboard is in the list. */
  readonly hasKeyboard = signal(false);
  /** Set where the row that the keyboard stands on is to take the focus once it is drawn. */
  takesFocus = false;
  /** Selecting is a mode that a person enters, as on a phone, where it takes the place of the bar. */
  isMode = false;
  readonly count = computed(() => this.ids.value.size);
  /** Where a range starts. */
  #anchor: TorrentId | null = null;
  readonly #store: Store;
  #order: readonly TorrentId[] = [];

  constructor(of: Store) {
    this.#store = of;
    effect(() => {
      const { value } = of.order;
      const before = this.#order;
      this.#order = value;
      const ids = this.ids.peek();
      const focused = this.focused.peek();
      if (ids.size === 0 && focused === null) return;
      const order = new Set(value);
      const left = [...ids].filter(id => order.has(id));
      if (left.length !== ids.size) this.ids.value = new Set(left);
      // What is read about stays open where the list no longer shows it.
      const isRead = focused !== null && of.inspectorOpen.peek() && of.row(focused) !== undefined;
      if (focused === null || order.has(focused) || isRead) return;
      const hadKeyboard = this.hasKeyboard.peek();
      // Where the keyboard was, it stays: on the row that comes to stand there.
      const heir = hadKeyboard ? closest(before, focused, order) : null;
      this.focused.value = left[0] ?? heir;
      this.takesFocus ||= hadKeyboard;
    });
    effect(() => {
      const focused = this.hasKeyboard.value ? this.focused.value : null;
      const ids = this.ids.value;
      of.pinned.value = focused === null || ids.has(focused) ? ids : new Set([...ids, focused]);
    });
  }

  only(id: TorrentId): void {
    this.#anchor = id;
    this.focused.value = id;
    this.ids.value = new Set([id]);
  }

  /** Stands on one that is shown. It is selected too where it is in the list, unless that would enter the mode. */
  turnTo(id: TorrentId): void {
    if (!this.isMode && this.#store.order.peek().includes(id)) this.only(id);
    else this.focused.value = id;
  }

  /** Selects those of them that are in the list, as {@link turnTo} does one, and has the first take the focus. */
  these(ids: readonly TorrentId[]): void {
    const order = this.#store.order.peek();
    const chosen = new Set(ids);
    const there = order.filter(id => chosen.has(id));
    const [first] = there;
    if (first === undefined) return;
    this.takesFocus = true;
    this.turnTo(first);
    if (!this.isMode) this.ids.value = new Set(there);
  }

  toggle(id: TorrentId): void {
    const ids = new Set(this.ids.peek());
    if (!ids.delete(id)) ids.add(id);
    this.#anchor = id;
    this.focused.value = id;
    this.ids.value = ids;
  }

  /** Everything from where the range started to `id`. */
  extendTo(id: TorrentId): void {
    const order = this.#store.order.peek();
    const to = order.indexOf(id);
    const from = this.#anchor === null ? to : order.indexOf(this.#anchor);
    if (to < 0 || from < 0) return this.only(id);
    this.focused.value = id;
    this.ids.value = new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1));
  }

  /**
   * Moves the focus to a place of the list, within its ends; answers that place, -1 in an empty list. `how`: with the selection, extending
   * it, or without it.
   */
  moveTo(index: number, how: 'select' | 'extend' | 'walk'): number {
    const order = this.#store.order.peek();
    const place = Math.min(Math.max(index, 0), order.length - 1);
    const id = order[place];
    if (id === undefined) return -1;
    if (how === 'extend') this.extendTo(id);
    else if (how === 'select') this.only(id);
    else this.focused.value = id;
    return place;
  }

  all(): void {
    this.ids.value = new Set(this.#store.order.peek());
  }

  clear(): void {
    this.ids.value = new Set();
    this.#anchor = null;
  }
}

/** The first behind `id` that is still there, or else the last before it. */
function closest(before: readonly TorrentId[], id: TorrentId, there: ReadonlySet<TorrentId>): TorrentId | null {
  const at = before.indexOf(id);
  return (
    before.slice(at + 1).find(each => there.has(each)) ??
    before.slice(0, Math.max(at, 0)).findLast(each => there.has(each)) ??
    null
  );
}

export const selection = new Selection(store);
