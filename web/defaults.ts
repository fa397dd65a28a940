/** What each setting is where nobody chose. */
import type { HostSettings, Settings } from '../sw/view-model.ts';

/** As the engine has them. */
export const DEFAULT_SETTINGS: Settings = {
  encryption: 'prefer',
  utp: true,
  lsd: true,
  preallocate: false,
  portMapping: true,
  maxActiveDownloads: 8,
  maxActiveSeeds: 8,
  maxActive: 200,
  stopRatio: 0,
  stopSeedingTime: 0,
  webrtc: true,
  stunServers: ['stun:stun.l.google.com:19302', 'stun:stun.cloudflare.com:3478'],
  maxConnections: 200,
  maxUploads: 8,
  banned: [],
  downLimit: 0,
  upLimit: 0,
  altDownLimit: 1_000_000,
  altUpLimit: 100_000,
  altMode: 'off',
  // Working hours: from nine to five, Monday to Friday.
  altSchedule: [0x1fe00, 0x1fe00, 0x1fe00, 0x1fe00, 0x1fe00, 0, 0],
  pauseSchedule: [0, 0, 0, 0, 0, 0, 0],
};

/** As the helper has them. */
export const DEFAULT_HOST_SETTINGS: HostSettings = { watched: [], exitAfter: 0, notify: true };
