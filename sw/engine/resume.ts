/**
 * The records that a torrent is brought back from, bencoded. They come from our own store, but a store can be torn or
 * edited: whatever does not fit is left out, and then checked against the disk instead of believed.
 */
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode } from './codec/bencode.ts';
import type { BDict, BValue } from './codec/bencode.ts';
import type { FileRange } from './codec/magnet.ts';
import { fromHex, ID_BYTES, toHex } from './model/ids.ts';
import type { TorrentHashes } from './model/ids.ts';
import { TREE_HASH_BYTES } from './model/merkle.ts';
import { readFields, writeFields } from './fields.ts';
import { readPriorities } from './priorities.ts';
import type { FilePriorities } from './priorities.ts';
import { OPTION_FIELDS } from './options.ts';
import type { TorrentOptions } from './options.ts';
import type { PartialRecord } from './partials.ts';
import type { PartsRecord } from './parts.ts';
import type { Stopped } from './seeding-limit.ts';
import type { FileStat } from './storage.ts';
import { MAX_RENAMES, MAX_STRAYS } from './whereabouts.ts';
import type { Naming, Strays } from './whereabouts.ts';

/** What its files are: large, and written when something is learnt of them alone. */
export interface InfoRecord {
  /** The info dictionary's own bytes. */
  readonly info: Uint8Array;
  /** Hashes of pieces (BEP 52) by root in hex, those that were known. */
  readonly layers: ReadonlyMap<string, Uint8Array>;
}

/** A person removed the torrent. Recorded, so that whoever ends meanwhile forgets neither that nor what it was. */
export interface Leaving {
  readonly withData: boolean;
  /** Ms since 1970. */
  readonly at: number;
}

/** What a torrent is called, and what was chosen for it. */
export interface TorrentRecord {
  /** Null in records that are older than v2 torrents. */
  readonly hashes: TorrentHashes | null;
  readonly name: string;
  readonly trackers: readonly (readonly string[])[];
  /** Peers named by a person, in a magnet or by hand, as host:port. */
  readonly peers: readonly string[];
  /** Web seeds of files (BEP 19), and of pieces (BEP 17). */
  readonly webSeeds: readonly string[];
  readonly httpSeeds: readonly string[];
  /** Where its .torrent can be had, while its files are not known. */
  readonly sources: readonly string[];
  readonly comment: string;
  /** ms since 1970. */
  readonly addedAt: number;
  readonly root: string;
  /** Names that a person gave, as {@link Naming} has them. */
  readonly folder: string;
  readonly renames: Naming['renames'];
  /** Files that are still elsewhere. */
  readonly strays: readonly Strays[];
  readonly paused: boolean;
  /** Peers may come from its trackers alone (BEP 27). */
  readonly isPrivate: boolean;
  readonly priorities: FilePriorities;
  /** The files that its magnet named, for when they are known. */
  readonly selectOnly: readonly FileRange[] | null;
  readonly options: TorrentOptions;
  /** In the line of all torrents, the least first; 0 in records that know of none. */
  readonly place: number;
  /** Why it stopped seeding by itself. */
  readonly stopped: Stopped | null;
  /** What another store of ours has of it, that of this name, is to come before anything else. */
  readonly awaited: string | null;
  /** Files, by index, that were not on the disk when that began to come: what is there of them has come from it. Null where it has not begun. */
  readonly absent: ReadonlySet<number> | null;
  /** A person removed it, and could still take that back. */
  readonly leaving: Leaving | null;
  /** Limits on its seeding do not hold until they are set anew. */
  readonly seedsOn: boolean;
}

/** How far it is: only what was flushed before this was written. */
export interface ProgressRecord {
  /** A bitfield (BEP 3 order) of the durable pieces. */
  readonly have: Uint8Array;
  /** Pieces that were being fetched or written: they may be on disk, and are verified rather than fetched again. */
  readonly maybe: readonly number[];
  /** Of each file, how it was when last flushed. */
  readonly stats: readonly (FileStat | null)[];
  /** Pieces with parts aside. */
  readonly parts: readonly PartsRecord[];
  /** Pieces laid aside half-done. */
  readonly partials: readonly PartialRecord[];
  readonly uploaded: number;
  readonly downloaded: number;
  /** ms since 1970; 0 while it is not complete. */
  readonly doneAt: number;
  /** Ms spent seeding. */
  readonly seeded: number;
}

const LIMITS = { maxDepth: 8, maxTokens: 3_000_000 };
const text = new TextEncoder();

export function encodeTorrentRecord(record: TorrentRecord): Uint8Array {
  return encode({
    ...(record.hashes?.v1Hash ? { v1: fromHex(record.hashes.v1Hash) } : {}),
    ...(record.hashes?.v2Hash ? { v2: fromHex(record.hashes.v2Hash) } : {}),
    name: text.encode(record.name),
    trackers: record.trackers.map(tier => tier.map(url => text.encode(url))),
    peers: record.peers.map(peer => text.encode(peer)),
    web: record.webSeeds.map(url => text.encode(url)),
    http: record.httpSeeds.map(url => text.encode(url)),
    sources: record.sources.map(url => text.encode(url)),
    comment: text.encode(record.comment),
    added: record.addedAt,
    root: text.encode(record.root),
    ...(record.folder === '' ? {} : { folder: text.encode(record.folder) }),
    ...(record.renames.size === 0 ? {} : { renames: encodeRenames(record.renames) }),
    ...(record.strays.length === 0 ? {} : { strays: record.strays.map(encodeStrays) }),
    paused: record.paused ? 1 : 0,
    private: record.isPrivate ? 1 : 0,
    priorities: record.priorities,
    ...(record.selectOnly ? { select: record.selectOnly.map(([from, to]) => [from, to]) } : {}),
    options: writeFields(OPTION_FIELDS, record.options),
    place: record.place,
    ...(record.stopped ? { stopped: [STOPS.indexOf(record.stopped.by), Math.round(record.stopped.limit * 100)] } : {}),
    on: record.seedsOn ? 1 : 0,
    ...(record.awaited === null ? {} : { awaited: text.encode(record.awaited) }),
    ...(record.absent ? { absent: encodeFiles(record.absent) } : {}),
    ...(record.leaving ? { leaving: [record.leaving.withData ? 1 : 0, record.leaving.at] } : {}),
  });
}

/** Null where the bytes are no such record. */
export function decodeTorrentRecord(bytes: Uint8Array): TorrentRecord | null {
  const dict = decodeDict(bytes);
  const root = asText(dictGet(dict, 'root'));
  const v1Hash = hexOf(dictGet(dict, 'v1'), ID_BYTES);
  const v2Hash = hexOf(dictGet(dict, 'v2'), TREE_HASH_BYTES);
  if (!dict || root === null) return null;
  return {
    hashes: v1Hash !== null || v2Hash !== null ? { v1Hash, v2Hash } : null,
    name: asText(dictGet(dict, 'name')) ?? '',
    trackers: (asList(dictGet(dict, 'trackers')) ?? []).map(tier => texts(tier)),
    peers: texts(dictGet(dict, 'peers')),
    webSeeds: texts(dictGet(dict, 'web')),
    httpSeeds: texts(dictGet(dict, 'http')),
    sources: texts(dictGet(dict, 'sources')),
    comment: asText(dictGet(dict, 'comment')) ?? '',
    addedAt: asInt(dictGet(dict, 'added')) ?? 0,
    root,
    folder: asText(dictGet(dict, 'folder')) ?? '',
    renames: renames(dictGet(dict, 'renames')),
    strays: strays(dictGet(dict, 'strays')),
    paused: asInt(dictGet(dict, 'paused')) === 1,
    isPrivate: asInt(dictGet(dict, 'private')) === 1,
    priorities: readPriorities(asBytes(dictGet(dict, 'priorities'))),
    selectOnly: ranges(dictGet(dict, 'select')),
    options: readFields(OPTION_FIELDS, asDict(dictGet(dict, 'options'))),
    place: asInt(dictGet(dict, 'place')) ?? 0,
    stopped: stopped(dictGet(dict, 'stopped')),
    seedsOn: asInt(dictGet(dict, 'on')) === 1,
    awaited: asText(dictGet(dict, 'awaited')),
    absent: files(asBytes(dictGet(dict, 'absent'))),
    leaving: readLeaving(dictGet(dict, 'leaving')),
  };
}

export function encodeInfoRecord({ info, layers }: InfoRecord): Uint8Array {
  return encode({ info, layers: [...layers].map(([root, layer]) => [fromHex(root), layer]) });
}

/** Null where the bytes are no such record. */
export function decodeInfoRecord(bytes: Uint8Array): InfoRecord | null {
  const dict = decodeDict(bytes);
  const info = asBytes(dictGet(dict, 'info'));
  return info && { info: info.slice(), layers: readLayers(dictGet(dict, 'layers')) };
}

export function encodeProgressRecord(record: ProgressRecord): Uint8Array {
  return encode({
    have: record.have,
    maybe: [...record.maybe],
    stats: record.stats.map(stat => (stat ? [stat.size, stat.mtime] : [])),
    ...(record.parts.length > 0 ? { parts: record.parts.map(part => [...part]) } : {}),
    ...(record.partials.length > 0 ? { partials: record.partials.map(partial => [...partial]) } : {}),
    up: Math.floor(record.uploaded),
    down: Math.floor(record.downloaded),
    done: record.doneAt,
    seeded: Math.floor(record.seeded),
  });
}
function readLeaving(value: BValue | undefined): Leaving | null {
  const [withData, at] = (asList(value) ?? []).map(asInt);
  return typeof withData === 'number' && typeof at === 'number' && at >= 0 ? { withData: withData === 1, at } : null;
}

/** Null where the bytes are no such record. */
export function decodeProgressRecord(bytes: Uint8Array): ProgressRecord | null {
  const dict = decodeDict(bytes);
  const have = asBytes(dictGet(dict, 'have'));
  if (!have) return null;
  return {
    have: have.slice(),
    maybe: counts(dictGet(dict, 'maybe')),
    stats: (asList(dictGet(dict, 'stats')) ?? []).map(stat => {
      const [size, mtime] = counts(stat);
      return size === undefined || mtime === undefined ? null : { size, mtime };
    }),
    parts: (asList(dictGet(dict, 'parts')) ?? []).map(counts),
    partials: (asList(dictGet(dict, 'partials')) ?? []).map(counts),
    uploaded: Math.max(0, asInt(dictGet(dict, 'up')) ?? 0),
    downloaded: Math.max(0, asInt(dictGet(dict, 'down')) ?? 0),
    doneAt: Math.max(0, asInt(dictGet(dict, 'done')) ?? 0),
    seeded: Math.max(0, asInt(dictGet(dict, 'seeded')) ?? 0),
  };
}

function encodeRenames(renames: Naming['renames']): BValue[] {
  return [...renames].map(([index, path]) => [index, ...path.map(name => text.encode(name))]);
}

/** Root, folder, names, and a bitfield of the files. */
function encodeStrays({ naming, files }: Strays): BValue[] {
  return [text.encode(naming.root), text.encode(naming.folder), encodeRenames(naming.renames), encodeFiles(files)];
}

/** A bitfield of files, by index. */
function encodeFiles(files: ReadonlySet<number>): Uint8Array {
  let most = -1;
  for (const index of files) most = Math.max(most, index);
  const bits = new Uint8Array((most >> 3) + 1);
  for (const index of files) bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
  return bits;
}

function files(bits: Uint8Array | null): Set<number> | null {
  if (!bits) return null;
  const set = new Set<number>();
  for (let index = 0; index < bits.length * 8; index++) if ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) set.add(index);
  return set;
}

function renames(value: BValue | undefined): Naming['renames'] {
  const named = new Map<number, readonly string[]>();
  for (const item of (asList(value) ?? []).slice(0, MAX_RENAMES)) {
    const [first, ...rest] = asList(item) ?? [];
    const index = asInt(first);
    const path = texts(rest);
    if (index !== null && index >= 0 && path.length > 0 && path.length === rest.length) named.set(index, path);
  }
  return named;
}

function strays(value: BValue | undefined): Strays[] {
  return (asList(value) ?? []).slice(0, MAX_STRAYS).flatMap(item => {
    const [first, second, third, fourth] = asList(item) ?? [];
    const root = asText(first);
    const away = files(asBytes(fourth));
    if (root === null || !away) return [];
    return [{ naming: { root, folder: asText(second) ?? '', renames: renames(third) }, files: away }];
  });
}

function decodeDict(bytes: Uint8Array): BDict | null {
  try {
    return asDict(decode(bytes, LIMITS).value);
  } catch {
    return null;
  }
}

function hexOf(value: BValue | undefined, length: number): string | null {
  const bytes = asBytes(value);
  return bytes?.length === length ? toHex(bytes) : null;
}

function readLayers(value: BValue | undefined): Map<string, Uint8Array> {
  const known = new Map<string, Uint8Array>();
  for (const item of asList(value) ?? []) {
    const [root, layer] = asList(item) ?? [];
    const hex = hexOf(root, TREE_HASH_BYTES);
    const bytes = asBytes(layer);
    if (hex !== null && bytes) known.set(hex, bytes.slice());
  }
  return known;
}

const STOPS = ['ratio', 'time'] as const;

function stopped(value: BValue | undefined): Stopped | null {
  const [which, limit] = counts(value);
  const by = STOPS[which ?? -1];
  return by === undefined || limit === undefined ? null : { by, limit: limit / 100 };
}

function texts(value: BValue | undefined): string[] {
  return (asList(value) ?? []).map(item => asText(item)).filter(item => item !== null);
}

function ranges(value: BValue | undefined): FileRange[] | null {
  const list = asList(value);
  if (!list) return null;
  return list.flatMap(item => {
    const [from, to] = counts(item);
    return from === undefined || to === undefined ? [] : [[from, to] as const];
  });
}

function counts(value: BValue | undefined): number[] {
  return (asList(value) ?? []).map(item => asInt(item)).filter(item => item !== null && item >= 0) as number[];
}
