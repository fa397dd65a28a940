import type { Command } from '../../sw/api.ts';
import { Order } from '../../sw/engine/order.ts';
import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';

/** Rows that have another place once these were moved, by the engine's own rules. */
export function movedIn(
  torrents: ReadonlyMap<TorrentId, TorrentRow>,
  { ids, to }: Extract<Command, { do: 'move' }>,
): readonly TorrentRow[] {
  const moved = new Map<TorrentId, TorrentRow>();
  const order = new Order<{ readonly id: TorrentId; place: number }>((item, set) => {
    set();
    const row = torrents.get(item.id);
    if (row !== undefined) moved.set(item.id, { ...row, place: item.place });
  });
  const items = new Map([...torrents.values()].map(({ id, place }) => [id, { id, place }]));
  for (const item of items.values()) order.add(item, 1);
  order.move(
    ids.flatMap(id => items.get(id) ?? []),
    to,
    () => true,
  );
  return [...moved.values()];
}
