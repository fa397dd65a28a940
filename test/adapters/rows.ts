/** Torrents as windows are shown them. */
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';

export const A = 'a'.repeat(40);
export const B = 'b'.repeat(40);
export const row = (id: string, done = 0): TorrentRow => ({
  id,
  name: id,
  size: 9,
  done,
  state: 'downloading',
  problem: null,
  down: 0,
  up: 0,
  eta: -1,
  peers: 0,
  seeds: 0,
  active: 0,
  webSeeds: 0,
  hasWebSeeds: false,
  uploaded: 0,
  downloaded: 0,
  addedAt: 0,
  doneAt: 0,
  root: 'r',
  options: DEFAULT_OPTIONS,
  limits: { down: 0, up: 0 },
  place: 1,
});
export const detail = (id: string): TorrentDetail => ({
  id,
  hasMetadata: true,
  isPrivate: false,
  comment: `of ${id[0]}`,
  pieceLength: 16_384,
  pieces: 1,
  piecesDone: 0,
  copies: 0,
  outOfReach: null,
  names: 1,
  files: [{ path: ['folder', 'file'], size: 9, done: 0, priority: 'normal' }],
  peers: [],
  trackers: [],
  dht: null,
  lsd: null,
  webSeeds: [],
  magnet: `magnet:?xt=urn:btih:${id}`,
  map: null,
  log: null,
});
