import type { Command, Restored, Told } from '../../sw/api.ts';
import type { TorrentRow } from '../../sw/view-model.ts';

/** What torrents are exported as, all of them as links. */
export function exportedOf({ ids }: Extract<Command, { do: 'export' }>): Told {
  const torrents = ids.map(id => ({
    id,
    magnet: `magnet:?xt=urn:btih:${id}&tr=http%3A%2F%2Ftracker.example%2Fannounce`,
    torrent: null,
    isPrivate: false,
    choices: { priorities: '20', folder: '', renames: [] },
  }));
  return { told: 'exported', exported: { torrents, looked: ids } };
}

/** What is so of one that comes back. */
export function restored({ root, isPaused, options }: Restored): Partial<TorrentRow> {
  return { state: isPaused ? 'paused' : 'queued', root, options };
}
