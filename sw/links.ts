/** The links of all torrents, for who takes the list elsewhere. */
import type { TorrentLink } from './api.ts';
import type { TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';

interface List {
  rows(): readonly Pick<TorrentRow, 'id' | 'state'>[];
  detail(id: TorrentId): Pick<TorrentDetail, 'magnet'> | null;
}

/** How many are looked at before others have a turn. */
const TURN = 50;

/** `after` calls back once after so many ms. */
export async function linksOf(list: List, after: (ms: number, act: () => void) => unknown): Promise<Response> {
  const links: TorrentLink[] = [];
  for (const { id, state } of list.rows()) {
    if (state === 'adding') continue;
    links.push({ id, magnet: list.detail(id)?.magnet ?? `magnet:?xt=urn:btih:${id}` });
    if (links.length % TURN === 0) await new Promise<void>(resolve => after(0, resolve));
  }
  return Response.json(links, { headers: { 'cache-control': 'no-store' } });
}
