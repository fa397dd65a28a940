/** Trackers over WebSocket that anybody may use: they introduce browsers to each other. */
export const WEB_TRACKERS: readonly string[] = [
  'wss://tracker.openwebtorrent.com',
  'wss://tracker.btorrent.xyz',
  'wss://tracker.webtorrent.dev',
];
