/**
 * What a person sets for all torrents together, and the record that it is kept in, bencoded. As with all records, what
 * cannot be read counts as not set.
 */
import {
  choice,
  count,
  flag,
  hosts,
  hours,
  hundredths,
  initialOf,
  rate,
  readFields,
  stunServers,
  writeFields,
} from './fields.ts';
import type { Fields } from './fields.ts';
import { NO_HOURS, WORKING_HOURS } from './limits.ts';
import type { AltMode, LimitSettings } from './limits.ts';
import { type Refusal, refusal } from './errors.ts';
import { asDict, asInt, decode, dictGet, encode } from './codec/bencode.ts';

/**
 * `off`: streams are plain, and who comes enciphered is refused. `prefer`: ours begin enciphered and, where that fails,
 * plain; both are let in. `require`: everything is enciphered, and who cannot do that is not talked to.
 */
export type Encryption = 'off' | 'prefer' | 'require';

export interface Settings extends LimitSettings {
  readonly encryption: Encryption;
  /** Connections may go over uTP (BEP 29), where TCP does not lead to a peer. */
  readonly utp: boolean;
  /** Peers are looked for on the same network (BEP 14). */
  readonly lsd: boolean;
  /** The space of a file is taken on the disk before it is written, else as it comes. */
  readonly preallocate: boolean;
  /** The router is asked to pass our ports on. */
  readonly portMapping: boolean;
  /** Torrents at work at once, 0: any number. Those that get nowhere count in the last alone. */
  readonly maxActiveDownloads: number;
  readonly maxActiveSeeds: number;
  readonly maxActive: number;
  /** Seeding stops at this ratio of what was sent to the size, or after so many minutes of it; 0: never. */
  readonly stopRatio: number;
  readonly stopSeedingTime: number;
  /** Peers are reached over WebRTC, where a window lends it. */
  readonly webrtc: boolean;
  /** Who tells peers over WebRTC, and us, how we look from outside: `stun:host:port`; with none only what is on this network is reached. */
  readonly stunServers: readonly string[];
  /** Connections over all torrents, and peers served at once. */
  readonly maxConnections: number;
  readonly maxUploads: number;
  /** IP literals that no peer is to have; one of IPv6 stands for its /64. */
  readonly banned: readonly string[];
}

/** The io-daemon has 500 sockets, and needs some for those that are closing. */
export const MAX_CONNECTIONS = 450;
export const MAX_UPLOADS = 100;
/** Beside those that the swarm of each torrent bans by itself. */
export const MAX_BANNED = 1_000;
export const MAX_STUN_SERVERS = 8;
/** As many torrents as the list can hold. */
export const MAX_ACTIVE = 10_000;
export const MAX_RATIO = 10_000;
/** Minutes: ten years. */
export const MAX_SEEDING_TIME = 5_256_000;

const FIELDS: Fields<Settings> = {
  encryption: choice<Encryption>('prefer', ['off', 'require']),
  utp: flag(true),
  lsd: flag(true),
  preallocate: flag(false),
  portMapping: flag(true),
  maxActiveDownloads: count(8, MAX_ACTIVE),
  maxActiveSeeds: count(8, MAX_ACTIVE),
  maxActive: count(200, MAX_ACTIVE),
  stopRatio: hundredths(0, MAX_RATIO),
  stopSeedingTime: count(0, MAX_SEEDING_TIME),
  webrtc: flag(true),
  stunServers: stunServers(['stun:stun.l.google.com:19302', 'stun:stun.cloudflare.com:3478'], MAX_STUN_SERVERS),
  maxConnections: count(200, MAX_CONNECTIONS, 1),
  maxUploads: count(8, MAX_UPLOADS, 2),
  banned: hosts(MAX_BANNED),
  downLimit: rate(0),
  upLimit: rate(0),
  altDownLimit: rate(1_000_000),
  altUpLimit: rate(100_000),
  altMode: choice<AltMode>('off', ['on', 'scheduled']),
  altSchedule: hours(WORKING_HOURS),
  pauseSchedule: hours(NO_HOURS),
};

export const DEFAULT_SETTINGS: Settings = initialOf(FIELDS);
export const SETTINGS_KEY = 'settings';

const VERSION = 1;
const LIMITS = { maxDepth: 8, maxTokens: 10_000 };

export function encodeSettings(settings: Settings): Uint8Array {
  return encode({ ...writeFields(FIELDS, settings), version: VERSION });
}

/** Total: each setting that is missing or not understood is as it is by default. */
export function decodeSettings(bytes: Uint8Array): Settings {
  try {
    const dict = asDict(decode(bytes, LIMITS).value);
    return readFields(FIELDS, asInt(dictGet(dict, 'version')) === VERSION ? dict : null);
  } catch {
    return DEFAULT_SETTINGS;
  }
}

/** For the person who changed them. */
export function notSaved(problem: string): Refusal {
  return refusal('settings-not-saved', { problem });
}
