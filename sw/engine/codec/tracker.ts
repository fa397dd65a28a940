/** Announcing to a tracker and scraping it: what is asked and answered, and both over HTTP (BEP 3, 7, 23, 24, 48). */
import { EngineError } from '../errors.ts';
import { ipText, isHost, unpackPeers, type PeerAddress } from './address.ts';
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, type BDict, type BValue } from './bencode.ts';
import { toHex } from '../model/ids.ts';
import { printable } from './text.ts';

/** What we take of an answer, bytes. */
export const MAX_ANNOUNCE_BYTES = 1 << 20;
export const MAX_PEERS = 2000;
/** Characters of a tracker's own words. */
export const MAX_TEXT = 300;
const MAX_TRACKER_ID = 256;
const DEFAULT_INTERVAL = 1800;
const MAX_INTERVAL = 7 * 24 * 3600;

export interface AnnounceRequest {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  readonly port: number;
  /** Bytes. */
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  /** `paused` is what a partial seed says where it says nothing else (BEP 21). */
  readonly event: 'started' | 'completed' | 'stopped' | 'paused' | null;
  /** How many peers we would like. */
  readonly numwant: number;
  /** A u32 by which a tracker knows us again when our address changes. */
  readonly key: number;
  /** As {@link parseAnnounce} gave it, "" for none. */
  readonly trackerId: string;
}

/** The address to GET. What the tracker's own address carries as a query stays, as it is often a passkey. */
export function announceUrl(base: string, request: AnnounceRequest): string {
  const [address = ''] = base.split('#', 1);
  const fields = [
    `info_hash=${percentEncode(request.infoHash)}`,
    `peer_id=${percentEncode(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploaded}`,
    `downloaded=${request.downloaded}`,
    `left=${request.left}`,
    'compact=1',
    `numwant=${request.numwant}`,
    `key=${(request.key >>> 0).toString(16).padStart(8, '0')}`,
  ];
  if (request.event !== null) fields.push(`event=${request.event}`);
  if (request.trackerId !== '') fields.push(`trackerid=${request.trackerId}`);
  const joint = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return address + joint + fields.join('&');
}

export interface AnnounceFailure {
  /** Why, in words fit to be shown. */
  readonly failure: string;
  /** The tracker itself said so; else its answer could not be read. */
  readonly refused: boolean;
}

export interface AnnounceAnswer {
  /** Seconds until the next announce, and the fewest that the tracker allows (0: not said). */
  readonly interval: number;
  readonly minInterval: number;
  /** Seeds and leechers; −1: not said. */
  readonly complete: number;
  readonly incomplete: number;
  /** Fit to be shown; "" for none. */
  readonly warning: string;
  /** To be sent back at the next announce, already percent-encoded; "" for none. */
  readonly trackerId: string;
  /** Our address as the tracker sees it (BEP 24). */
  readonly externalIp: string | null;
  /** At most 2,000, each once. */
  readonly peers: readonly PeerAddress[];
}

/** Reads an answer; never throws. */
export function parseAnnounce(body: Uint8Array): AnnounceFailure | AnnounceAnswer {
  if (body.length > MAX_ANNOUNCE_BYTES) return unreadable();
  let dict: BDict | null;
  try {
    dict = asDict(decode(body, { trailing: 'allow' }).value);
  } catch (error) {
    if (error instanceof EngineError) return unreadable();
    throw error;
  }
  if (dict === null) return unreadable();
  const failure = asText(dictGet(dict, 'failure reason'));
  if (failure !== null) return { failure: printable(failure, MAX_TEXT) ?? 'It gave no reason.', refused: true };
  const externalIp = asBytes(dictGet(dict, 'external ip'));
  const trackerId = asBytes(dictGet(dict, 'tracker id'));
  return {
    interval: count(dict, 'interval', MAX_INTERVAL) ?? DEFAULT_INTERVAL,
    minInterval: count(dict, 'min interval', MAX_INTERVAL) ?? 0,
    complete: count(dict, 'complete', 0xffffffff) ?? -1,
    incomplete: count(dict, 'incomplete', 0xffffffff) ?? -1,
    warning: printable(asText(dictGet(dict, 'warning message')) ?? '', MAX_TEXT) ?? '',
    trackerId: trackerId !== null && trackerId.length <= MAX_TRACKER_ID ? percentEncode(trackerId) : '',
    externalIp: externalIp === null ? null : ipText(externalIp),
    peers: readPeers(dict),
  };
}

/** How many there are of a torrent; −1: not said. */
export interface ScrapeCounts {
  readonly complete: number;
  readonly incomplete: number;
}

/** The address to GET for the counts of one torrent of 20 bytes; null where BEP 48 knows none for this tracker. */
export function scrapeUrl(base: string, infoHash: Uint8Array): string | null {
  const [address = ''] = base.split('#', 1);
  const [path = '', ...query] = address.split('?');
  const at = path.lastIndexOf('/') + 1;
  if (!path.startsWith('announce', at)) return null;
  const scrape = `${path.slice(0, at)}scrape${path.slice(at + 'announce'.length)}`;
  return `${scrape}?${[...query.filter(Boolean), `info_hash=${percentEncode(infoHash)}`].join('&')}`;
}

/** Reads the counts of that torrent out of an answer; null where they are not in it. Never throws. */
export function parseScrape(body: Uint8Array, infoHash: Uint8Array): ScrapeCounts | null {
  if (body.length > MAX_ANNOUNCE_BYTES) return null;
  try {
    const files = asDict(dictGet(asDict(decode(body, { trailing: 'allow' }).value), 'files'));
    // The decoder gives a key as text where it is UTF-8, else in hexadecimal.
    const counts = asDict(dictGet(files, toHex(infoHash)) ?? dictGet(files, new TextDecoder().decode(infoHash)));
    if (counts === null) return null;
    return { complete: count(counts, 'complete', 0xffffffff) ?? -1, incomplete: count(counts, 'incomplete', 0xffffffff) ?? -1 };
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

function unreadable(): AnnounceFailure {
  return { failure: 'Its answer is not one that a tracker gives.', refused: false };
}

function readPeers(dict: BDict): PeerAddress[] {
  const peers = dictGet(dict, 'peers');
  const packed = asBytes(peers) ?? new Uint8Array();
  const packed6 = asBytes(dictGet(dict, 'peers6')) ?? new Uint8Array();
  const found = new Map<string, PeerAddress>();
  const all = [listedPeers(asList(peers) ?? []), unpackPeers(packed, 4, MAX_PEERS), unpackPeers(packed6, 16, MAX_PEERS)].flat();
  for (const peer of all) {
    if (found.size >= MAX_PEERS) break;
    found.set(`${peer.host} ${peer.port}`, peer);
  }
  return [...found.values()];
}

/** The older form: a dictionary each. */
function listedPeers(list: readonly BValue[]): PeerAddress[] {
  const peers: PeerAddress[] = [];
  for (const entry of list.slice(0, MAX_PEERS)) {
    const dict = asDict(entry);
    const host = asText(dictGet(dict, 'ip')) ?? '';
    const port = asInt(dictGet(dict, 'port')) ?? 0;
    if (isHost(host) && port >= 1 && port <= 65535) peers.push({ host, port });
  }
  return peers;
}

/** A number from 0, at most `most`; null where there is none. */
function count(dict: BDict, key: string, most: number): number | null {
  const value = asInt(dictGet(dict, key));
  return value === null || value < 0 ? null : Math.min(value, most);
}

/** Every byte but the unreserved characters of RFC 3986 as %XX; encodeURIComponent would take the bytes for text. */
function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[0-9A-Za-z._~-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }
  return text;
}
