import { computed, effect, signal } from '@preact/signals';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { TorrentId, TorrentRow } from '../sw/view-model.ts';
import { move } from './actions.ts';
import type { MoveTo } from '../sw/api.ts';
import { formatCount, isolated, shownName } from './format.ts';
import { store } from './store.ts';
import { words } from './words/words.ts';

/** The lines that torrents wait in: that of the helper, and that of this browser by itself. */
type Side = 'helper' | 'browser';

function sideOf(row: TorrentRow): Side {
  return row.root === BROWSER_ROOT ? 'browser' : 'helper';
}

/** The torrents of each line, the first in it first. Put together where somebody looks, and where a place changed. */
const lines = computed<Readonly<Record<Side, readonly TorrentId[]>>>(() => {
  void store.placed.value;
  const rows = store
    .all()
    .filter(row => row.place !== 0)
    .sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));
  const of = (side: Side): TorrentId[] => rows.filter(row => sideOf(row) === side).map(row => row.id);
  return { helper: of('helper'), browser: of('browser') };
});

/** Where each stands in its line, from 1. */
export const turns = computed<ReadonlyMap<TorrentId, number>>(
  () => new Map(Object.values(lines.value).flatMap(line => line.map((id, at) => [id, at + 1] as const))),
);

/** Said to who does not see the list: where one went. */
export const said = signal('');

/** How long a move may take before it is said that nothing moved, in ms. */
const PATIENCE_MS = 1500;
let stopListening: () => void = () => undefined;

/** Moves torrents in their line, shows them there where the list has the order of the queue, and says where the first of them went. */
export function moveInLine(ids: readonly TorrentId[], to: MoveTo): void {
  const [first] = ids;
  if (first === undefined) return;
  move(ids, to);
  stopListening();
  const places = turns.peek();
  const before = places.get(first);
  const tell = (): void => {
    stopListening();
    const row = store.row(first)?.peek();
    const at = turns.peek().get(first);
    if (row === undefined || at === undefined) return;
    const of = lines.peek()[sideOf(row)].length;
    const values = { name: isolated(shownName(row.name)), place: formatCount(at), count: formatCount(of) };
    said.value = at === before ? words.queueMoves.stays(values) : words.queueMoves.moved(values);
  };
  const timer = setTimeout(tell, PATIENCE_MS);
  const dispose = effect(() => {
    const { value } = turns;
    if (ids.every(id => value.get(id) === places.get(id))) return;
    queueMicrotask(() => {
      if (store.sort.peek().by === 'queue') store.moved.value++;
      tell();
    });
  });
  stopListening = () => {
    clearTimeout(timer);
    dispose();
  };
}

/**
 * Moves torrents to a gap between the rows of a list that is sorted by the queue: 0 is above the first. They go before the row that
 * follows in the line, or after the last one before it.
 */
export function moveToGap(lead: TorrentId, ids: readonly TorrentId[], gap: number): void {
  const side = sideAt(lead);
  const moving = new Set(ids.filter(id => sideAt(id) === side));
  const line = lines.peek()[side].filter(id => !moving.has(id));
  const places = new Map(line.map((id, at) => [id, at]));
  const order = store.order.peek();
  const above = order
    .slice(0, gap)
    .filter(id => places.has(id))
    .at(-1);
  const below = order.slice(gap).find(id => places.has(id));
  const [before, after] = store.sort.peek().descending ? [below, above] : [above, below];
  const to = after !== undefined ? places.get(after) : before !== undefined ? (places.get(before) ?? 0) + 1 : 0;
  moveInLine([lead, ...[...moving].filter(id => id !== lead)], to ?? 0);
}

function sideAt(id: TorrentId): Side {
  const row = store.row(id)?.peek();
  return row === undefined ? 'helper' : sideOf(row);
}
