import type { TorrentRow } from '../../sw/view-model.ts';
import { nineTorrents, PLACE } from './mock-torrents.ts';

/** One that was just added: in the browser where no helper is paired. */
export function newTorrent(id: string, name: string, isAlone: boolean): TorrentRow {
  const [template] = nineTorrents();
  if (template === undefined) throw new Error('no template');
  return {
    ...template,
    id,
    name,
    size: 0,
    done: 0,
    state: 'adding',
    down: 0,
    up: 0,
    eta: -1,
    peers: 0,
    active: 0,
    webSeeds: 0,
    root: isAlone ? PLACE.token : template.root,
  };
}
