import { WEB_TRACKERS } from './web-trackers.ts';

/** A film that anybody may download and share, from peers and servers that a browser reaches: Sintel, by the Blender Foundation (CC BY 3.0). */
export const FREE_FILM = {
  name: 'Sintel',
  magnet: `magnet:?xt=urn:btih:08ada5a7a6183aae1e09d831df6748d566095a10&dn=Sintel${WEB_TRACKERS.map(
    url => `&tr=${encodeURIComponent(url)}`,
  ).join('')}&ws=${encodeURIComponent('https://webtorrent.io/torrents/')}&xs=${encodeURIComponent(
    'https://webtorrent.io/torrents/sintel.torrent',
  )}`,
};
