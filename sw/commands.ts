/** What a window may say, checked: the page is one more place that something hostile may speak from. */
import * as v from 'valibot';
import type { ToWorker } from './api.ts';
import { MAX_EXIT_AFTER, MIN_RATE } from './view-model.ts';

/** Longest magnet link, in characters; the engine's own limit is lower and says why. */
const MAX_URI = 64 << 10;
/** Longest torrent file, in bytes; the engine's own limit is lower and says why. */
const MAX_TORRENT = 32 << 20;
const MAX_IDS = 20_000;
const MAX_FILES = 1_000_000;

export const torrentId = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
const ids = v.pipe(v.array(torrentId), v.maxLength(MAX_IDS));
const files = v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_FILES))), v.maxLength(MAX_FILES));
export const priority = v.picklist(['skip', 'low', 'normal', 'high', 'first']);
const priorities = v.pipe(v.array(priority), v.maxLength(MAX_FILES));
export const root = v.pipe(v.string(), v.maxLength(128));
/** The engine makes names safe, and says where that is not possible. */
const name = v.pipe(v.string(), v.maxLength(1_000));
/** Printable and without spaces, as it goes into a frame beside others. */
const secret = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,256}$/));

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** A .torrent file. */
export const torrentBytes = v.pipe(
  v.instance(Uint8Array),
  v.check(bytes => bytes.length <= MAX_TORRENT),
);

export const source = v.variant('kind', [
  v.strictObject({ kind: v.literal('magnet'), uri: v.pipe(v.string(), v.maxLength(MAX_URI)) }),
  v.strictObject({
    kind: v.literal('file'),
    bytes: torrentBytes,
  }),
]);

/** Torrents; no list holds more. */
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));

const ratio = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(10_000));
const minutes = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5_256_000));
const label = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(64));
const labels = v.pipe(v.array(label), v.maxLength(20));
/** Bytes a second; 0: no limit. */
const rate = v.pipe(
  v.number(),
  v.integer(),
  v.maxValue(1e10),
  v.check(value => value === 0 || value >= MIN_RATE),
);
const hours = v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 24 - 1))), v.length(7));

/** The engine says what is wrong with one. */
const url = v.pipe(v.string(), v.maxLength(4096));
const tiers = v.pipe(v.array(v.pipe(v.array(url), v.maxLength(200))), v.maxLength(200));

const stunServer = v.pipe(
  v.string(),
  v.regex(/^stun:(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253}):[1-9]\d{0,4}$/),
  v.check(server => Number(server.slice(server.lastIndexOf(':') + 1)) <= 65_535),
);

/** IP addresses: the engine looks closer. */
const hosts = (most: number) => v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(most));

const settings = v.strictObject({
  encryption: v.picklist(['off', 'prefer', 'require']),
  utp: v.boolean(),
  lsd: v.boolean(),
  preallocate: v.boolean(),
  portMapping: v.boolean(),
  maxActiveDownloads: count,
  maxActiveSeeds: count,
  maxActive: count,
  stopRatio: ratio,
  stopSeedingTime: minutes,
  webrtc: v.boolean(),
  stunServers: v.pipe(v.array(stunServer), v.maxLength(8)),
  maxConnections: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(450)),
  maxUploads: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(100)),
  downLimit: rate,
  upLimit: rate,
  altDownLimit: rate,
  altUpLimit: rate,
  altMode: v.picklist(['off', 'on', 'scheduled']),
  altSchedule: hours,
  pauseSchedule: hours,
  banned: hosts(1_000),
});

/** Of `configure`: any of the settings, and nothing else. */
export const settingsSchema = v.partial(settings);
/** All of them. */
export const allSettings = v.object(settings.entries);

const options = v.strictObject({
  labels,
  forceStart: v.boolean(),
  stopRatio: v.nullable(ratio),
  stopSeedingTime: v.nullable(minutes),
  sequential: v.boolean(),
  firstLast: v.boolean(),
  downLimit: rate,
  upLimit: rate,
  superSeeding: v.boolean(),
  banned: hosts(100),
});
/** All of them. */
export const allOptions = v.object(options.entries);

/** What is said of names and places is looked at by the engine. */
export const choices = v.strictObject({
  priorities: v.pipe(v.string(), v.maxLength(MAX_FILES), v.regex(/^[0-4]*$/)),
  folder: v.pipe(v.string(), v.maxLength(255)),
  renames: v.pipe(
    v.array(
      v.strictObject({
        file: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_FILES)),
        path: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.minLength(1), v.maxLength(200)),
      }),
    ),
    v.maxLength(20_000),
  ),
});
const restored = v.strictObject({
  magnet: v.pipe(v.string(), v.maxLength(MAX_URI)),
  torrent: v.nullable(torrentBytes),
  root: v.pipe(root, v.nonEmpty()),
  isPaused: v.boolean(),
  options: allOptions,
  choices,
});

/** Tokens are checked where they were made; their text is bounded here. */
export const token = v.pipe(v.string(), v.maxLength(128));
const hostSettings = v.partial(
  v.strictObject({
    watched: v.pipe(
      v.array(v.strictObject({ root: token, since: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })),
      v.maxLength(32),
    ),
    exitAfter: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_EXIT_AFTER)),
    notify: v.boolean(),
  }),
);
const ask = v.variant('do', [
  v.strictObject({ do: v.literal('set'), settings: hostSettings }),
  v.strictObject({ do: v.literal('pick') }),
  v.strictObject({ do: v.literal('list'), folder: token, from: count }),
  v.strictObject({ do: v.literal('make'), folder: token, name: v.pipe(v.string(), v.maxLength(255)) }),
  v.strictObject({ do: v.literal('add'), folder: token }),
  v.strictObject({ do: v.literal('remove'), root: token }),
  v.strictObject({ do: v.literal('default'), root: token }),
  v.strictObject({ do: v.literal('rename'), root: token, name: v.pipe(v.string(), v.maxLength(255)) }),
  v.strictObject({
    do: v.literal('reveal'),
    root: token,
    path: v.pipe(v.array(v.pipe(v.string(), v.maxLength(255))), v.maxLength(200)),
  }),
]);

const command = v.variant('do', [
  v.strictObject({ do: v.literal('add'), source }),
  v.strictObject({ do: v.literal('start'), id: torrentId, priorities: v.nullable(priorities), root }),
  v.strictObject({ do: v.literal('export'), ids, withFiles: v.boolean() }),
  v.strictObject({ do: v.literal('restore'), torrent: restored }),
  v.strictObject({ do: v.literal('pause'), ids }),
  v.strictObject({ do: v.literal('recheck'), ids }),
  v.strictObject({ do: v.literal('resume'), ids }),
  v.strictObject({ do: v.literal('remove'), ids, withData: v.boolean() }),
  v.strictObject({ do: v.literal('dismiss'), ids, withData: v.boolean() }),
  v.strictObject({ do: v.literal('takeBack'), ids }),
  v.strictObject({ do: v.literal('prioritise'), id: torrentId, files, priority }),
  v.strictObject({ do: v.literal('relocate'), ids, root: v.pipe(root, v.nonEmpty()) }),
  v.strictObject({
    do: v.literal('rename'),
    id: torrentId,
    path: v.pipe(v.array(name), v.minLength(1), v.maxLength(200)),
    to: name,
  }),
  v.strictObject({ do: v.literal('set'), ids, options: v.partial(options) }),
  v.strictObject({ do: v.literal('trackers'), id: torrentId, tiers }),
  v.strictObject({ do: v.literal('announce'), ids, url: v.nullable(url) }),
  v.strictObject({ do: v.literal('askWebSeed'), id: torrentId, url }),
  v.strictObject({ do: v.literal('addPeer'), id: torrentId, host: v.pipe(v.string(), v.maxLength(255)), port }),
  v.strictObject({ do: v.literal('label'), ids, add: labels, remove: labels }),
  v.strictObject({ do: v.literal('ban'), of: v.nullable(torrentId), add: hosts(1_000), remove: hosts(1_000) }),
  v.strictObject({ do: v.literal('move'), ids, to: v.union([v.picklist(['top', 'up', 'down', 'bottom']), count]) }),
  v.strictObject({ do: v.literal('configure'), settings: settingsSchema }),
  v.strictObject({
    do: v.literal('history'),
    span: v.picklist(['minutes', 'day', 'month']),
    of: v.nullable(torrentId),
  }),
  v.strictObject({ do: v.literal('vitals') }),
  v.strictObject({ do: v.literal('testPort') }),
  v.strictObject({ do: v.literal('pair'), token: secret, installId: secret, port }),
  v.strictObject({ do: v.literal('unpair'), app: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/)) }),
  v.strictObject({ do: v.literal('reconnect') }),
  v.strictObject({ do: v.literal('host'), ask }),
  v.strictObject({ do: v.literal('take') }),
]);

export const requestId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const part = v.nullable(v.picklist(['pieces', 'log']));

const toWorker: v.GenericSchema<unknown, ToWorker> = v.variant('type', [
  v.strictObject({ type: v.literal('command'), id: requestId, command }),
  v.strictObject({ type: v.literal('watch'), visible: v.boolean(), detail: v.nullable(torrentId), part }),
  v.strictObject({ type: v.literal('focus') }),
  v.strictObject({ type: v.literal('shown'), handoff: requestId }),
]);

/** The message, or null where it is none. */
export function parseToWorker(message: unknown): ToWorker | null {
  const result = v.safeParse(toWorker, message);
  return result.success ? result.output : null;
}

/** The number that a refusal of an unreadable message can be sent to, or null. */
export function requestIdOf(message: unknown): number | null {
  const result = v.safeParse(v.object({ type: v.literal('command'), id: requestId }), message);
  return result.success ? result.output.id : null;
}
