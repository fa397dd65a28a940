import type { TorrentId } from '../sw/view-model.ts';
import { FILTERS, type Filter } from './list.ts';
import { TABS, type Tab } from './store.ts';

/** What a window shows, as far as its address says it. */
export type Place =
  | {
      readonly page: 'torrents';
      readonly filter: Filter;
      readonly label: string | null;
      /** The torrent whose details are open, with the part of them. */
      readonly torrent: TorrentId | null;
      readonly tab: Tab;
      /** The file of it, by its index, that is open in the player. */
      readonly film: number | null;
    }
  | { readonly page: 'activity' }
  /** `section`: the id of a section or field to be shown; empty: from the top. */
  | { readonly page: 'settings'; readonly section: string };

export const HOME: Place = { page: 'torrents', filter: 'all', label: null, torrent: null, tab: 'general', film: null };

const MAX_LABEL = 64;

/**
 * The part of an address from its `#` on:
 * - `#/` and `#/torrents/FILTER`, with `?label=NAME`;
 * - `#/torrents/FILTER/ID/TAB`, with `?play=FILE` too;
 * - `#/activity`, `#/settings`, `#/settings/SECTION`.
 */
export function formatPlace(place: Place): string {
  if (place.page === 'activity') return '#/activity';
  if (place.page === 'settings') return place.section === '' ? '#/settings' : `#/settings/${encodeURIComponent(place.section)}`;
  const { filter, label, torrent, tab, film } = place;
  const query = new URLSearchParams();
  if (label !== null) query.set('label', label);
  if (torrent !== null && film !== null) query.set('play', String(film));
  const asked = query.size > 0 ? `?${query.toString()}` : '';
  if (torrent !== null) return `#/torrents/${filter}/${torrent}/${tab}${asked}`;
  return filter === 'all' && asked === '' ? '#/' : `#/torrents/${filter}${asked}`;
}

/** Reads what {@link formatPlace} makes; null for what is none, or leads nowhere. */
export function parsePlace(hash: string): Place | null {
  if (hash === '' || hash === '#' || hash === '#/') return HOME;
  const [path = '', asked = ''] = hash.split(/[?](.*)/s);
  const [start, page, ...rest] = path.split('/');
  if (start !== '#') return null;
  if (page === 'activity') return rest.length === 0 ? { page } : null;
  if (page === 'settings') return parseSettings(rest);
  return page === 'torrents' ? parseTorrents(rest, new URLSearchParams(asked)) : null;
}

function parseSettings(rest: readonly string[]): Place | null {
  const [section = '', ...more] = rest;
  return more.length === 0 && /^[\w-]{0,64}$/.test(section) ? { page: 'settings', section } : null;
}

function parseTorrents(rest: readonly string[], asked: URLSearchParams): Place | null {
  const [shown = 'all', torrent = null, part = 'general', ...more] = rest;
  const filter = FILTERS.find(({ id }) => id === shown)?.id;
  const tab = TABS.find(known => known === part);
  if (filter === undefined || tab === undefined || more.length > 0) return null;
  if (torrent !== null && !/^[0-9a-f]{40}$/.test(torrent)) return null;
  const label = asked.get('label');
  const film = asked.get('play') ?? '';
  return {
    page: 'torrents',
    filter,
    label: label === null || label === '' || label.length > MAX_LABEL ? null : label,
    torrent,
    tab,
    film: torrent !== null && /^\d{1,7}$/.test(film) ? Number(film) : null,
  };
}
