/**
 * What one engine leaves to the next that is in no other record: what we are called, which trackers know us, and whom to go to
 * first. Bencoded; a record that does not fit as a whole counts as none, and trackers then hear of us anew.
 */
import type { PassedPeer, PeerSource } from './swarm.ts';
import type { PassedTracker } from './tracker.ts';
import { packPeer, unpackPeers } from './codec/address.ts';
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode } from './codec/bencode.ts';
import type { BValue } from './codec/bencode.ts';
import { fromHex, ID_BYTES, toHex } from './model/ids.ts';
import type { InfoHash } from './model/ids.ts';

export interface PassedTorrent {
  readonly trackers: readonly PassedTracker[];
  readonly peers: readonly PassedPeer[];
}

export interface Handover {
  /** Ms since 1970: when it was written, and since when we are called so. */
  readonly at: number;
  readonly since: number;
  readonly peerId: Uint8Array;
  /** What proves to trackers that we are who we were (BEP 7). */
  readonly key: number;
  /** Where peers reached us; 0: nowhere. */
  readonly port: number;
  readonly torrents: ReadonlyMap<InfoHash, PassedTorrent>;
}

export const HANDOVER_KEY = 'handover';
/** Of all torrents together, and of one: those that we are connected to come first. */
export const MAX_PASSED_PEERS = 2_000;
export const MAX_PEERS_EACH = 50;
/** Torrents with something to pass on. */
export const MAX_PASSED_TORRENTS = 10_000;
export const MAX_TRACKERS_EACH = 100;

const VERSION = 1;
const LIMITS = { maxDepth: 8, maxTokens: 3_000_000 };
const SOURCES: readonly PeerSource[] = ['tracker', 'person', 'pex', 'dht', 'lsd'];
/** Of a peer: its source in the low bits, and these. */
const SEED = 8;
const PLAIN = 16;
const V2 = 32;
const UTP = 64;
const SOURCE_BITS = 7;
/** Of a tracker. */
const KNOWS_US = 1;
const OWES_COMPLETED = 2;
const MAX_KEY = 2 ** 32;
const text = new TextEncoder();

export function encodeHandover({ at, since, peerId, key, port, torrents }: Handover): Uint8Array {
  return encode({
    version: VERSION,
    at,
    since,
    id: peerId,
    key,
    port,
    torrents: [...torrents].map(([id, { trackers, peers }]) => [
      fromHex(id),
      trackers.map(encodeTracker),
      peers.map(encodePeer).filter(peer => peer !== null),
    ]),
  });
}

/** Null where the bytes are no such record, as a whole. */
export function decodeHandover(bytes: Uint8Array): Handover | null {
  try {
    const dict = asDict(decode(bytes, LIMITS).value);
    const peerId = asBytes(dictGet(dict, 'id'));
    const list = asList(dictGet(dict, 'torrents'));
    if (asInt(dictGet(dict, 'version')) !== VERSION || peerId?.length !== ID_BYTES) return null;
    if (!list || list.length > MAX_PASSED_TORRENTS) return null;
    const torrents = new Map<InfoHash, PassedTorrent>();
    for (const item of list) {
      const [id, trackers, peers] = tuple(item, 3);
      const hash = asBytes(id);
      if (hash?.length !== ID_BYTES) throw new Misfit();
      torrents.set(toHex(hash), {
        trackers: items(trackers, MAX_TRACKERS_EACH).map(decodeTracker),
        peers: items(peers, MAX_PEERS_EACH).map(decodePeer),
      });
    }
    return {
      at: number(dictGet(dict, 'at')),
      since: number(dictGet(dict, 'since')),
      peerId: peerId.slice(),
      key: number(dictGet(dict, 'key'), MAX_KEY - 1),
      port: number(dictGet(dict, 'port'), 65_535),
      torrents,
    };
  } catch {
    return null;
  }
}

function encodeTracker(tracker: PassedTracker): BValue {
  const { url, nextAt, allowedAt, earliestAt, knowsUs, owesCompleted, failures, trackerId, seeds, leechers } = tracker;
  const flags = (knowsUs ? KNOWS_US : 0) | (owesCompleted ? OWES_COMPLETED : 0);
  const id = Uint8Array.from(trackerId, character => character.charCodeAt(0));
  return [text.encode(url), nextAt, allowedAt, earliestAt, flags, failures, id, seeds + 1, leechers + 1];
}

function decodeTracker(value: BValue): PassedTracker {
  const [url, nextAt, allowedAt, earliestAt, flags, failures, trackerId, seeds, leechers] = tuple(value, 9);
  const name = asText(url);
  const id = asBytes(trackerId);
  const bits = number(flags, KNOWS_US | OWES_COMPLETED);
  if (name === null || id === null) throw new Misfit();
  return {
    url: name,
    nextAt: number(nextAt),
    allowedAt: number(allowedAt),
    earliestAt: number(earliestAt),
    knowsUs: (bits & KNOWS_US) !== 0,
    owesCompleted: (bits & OWES_COMPLETED) !== 0,
    failures: number(failures),
    trackerId: String.fromCharCode(...id),
    seeds: number(seeds) - 1,
    leechers: number(leechers) - 1,
  };
}

/** A byte of flags, and the packed address; null of one that goes by a name. */
function encodePeer({ host, port, source, isSeed, plain, v2, transport }: PassedPeer): Uint8Array | null {
  const address = packPeer(host, port);
  const flags = (isSeed ? SEED : 0) | (plain ? PLAIN : 0) | (v2 ? V2 : 0) | (transport === 'utp' ? UTP : 0);
  return address && Uint8Array.from([SOURCES.indexOf(source) | flags, ...address]);
}

function decodePeer(value: BValue): PassedPeer {
  const bytes = asBytes(value) ?? new Uint8Array(0);
  const [flags = 0] = bytes;
  const [address] =
    bytes.length === 7 || bytes.length === 19 ? unpackPeers(bytes.subarray(1), bytes.length === 7 ? 4 : 16, 1) : [];
  const source = SOURCES[flags & SOURCE_BITS];
  if (!address || source === undefined || flags >= 2 * UTP) throw new Misfit();
  return {
    ...address,
    source,
    isSeed: (flags & SEED) !== 0,
    plain: (flags & PLAIN) !== 0,
    v2: (flags & V2) !== 0,
    transport: flags & UTP ? 'utp' : 'tcp',
  };
}

/** It is not what it should be. */
class Misfit extends Error {}

function items(value: BValue | undefined, most: number): readonly BValue[] {
  const list = asList(value);
  if (!list || list.length > most) throw new Misfit();
  return list;
}

function tuple(value: BValue | undefined, length: number): readonly BValue[] {
  const list = items(value, length);
  if (list.length !== length) throw new Misfit();
  return list;
}

function number(value: BValue | undefined, most = Number.MAX_SAFE_INTEGER): number {
  const found = asInt(value);
  if (found === null || found < 0 || found > most) throw new Misfit();
  return found;
}
