/** Announcing to a tracker and scraping it over UDP (BEP 15), with what its address carries beside host and port (BEP 41). Integers are big-endian. */
import { unpackPeers } from './address.ts';
import { printable } from './text.ts';
import { MAX_PEERS, MAX_TEXT, type AnnounceAnswer, type AnnounceRequest, type ScrapeCounts } from './tracker.ts';

const Action = { CONNECT: 0, ANNOUNCE: 1, SCRAPE: 2, ERROR: 3 } as const;
/** BEP 15 knows no `paused`. */
const EVENTS = { paused: 0, completed: 1, started: 2, stopped: 3 } as const;
/** What a connect says in place of a connection id. */
const PROTOCOL_ID = [0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80];
const ANNOUNCE_BYTES = 98;
/** BEP 41: data of the address, a part of at most 255 bytes each. */
const OPTION_URL_DATA = 2;
const MAX_OPTION = 255;

export interface UdpTracker {
  /** A name or an IP literal without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query, "" where they say nothing. */
  readonly request: string;
}

/** Reads a tracker's `udp:` address; null for any other, and for one without a port. */
export function parseUdpTracker(text: string): UdpTracker | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const port = Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (url.protocol !== 'udp:' || host === '' || port < 1) return null;
  const request = url.pathname + url.search;
  return { host, port, request: request === '/' ? '' : request };
}

/** 16 bytes. `transaction` is a u32. */
export function encodeConnect(transaction: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(PROTOCOL_ID);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, Action.CONNECT);
  view.setUint32(12, transaction);
  return bytes;
}

/** 98 bytes and the options. `connection` is 8 bytes, as a connect was answered. */
export function encodeAnnounce(
  connection: Uint8Array,
  transaction: number,
  request: string,
  announce: AnnounceRequest,
): Uint8Array {
  const options = urlOptions(request);
  const bytes = new Uint8Array(ANNOUNCE_BYTES + options.length);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number, value: number): void => {
    view.setUint32(at, Math.floor(value / 2 ** 32));
    view.setUint32(at + 4, value % 2 ** 32);
  };
  bytes.set(connection);
  view.setUint32(8, Action.ANNOUNCE);
  view.setUint32(12, transaction);
  bytes.set(announce.infoHash, 16);
  bytes.set(announce.peerId, 36);
  u64(56, announce.downloaded);
  u64(64, announce.left);
  u64(72, announce.uploaded);
  view.setUint32(80, announce.event === null ? 0 : EVENTS[announce.event]);
  // At 84: our address, 0 for the one that this comes from.
  view.setUint32(88, announce.key);
  view.setInt32(92, announce.numwant);
  view.setUint16(96, announce.port);
  bytes.set(options, ANNOUNCE_BYTES);
  return bytes;
}

/** 36 bytes: one torrent of 20 bytes is asked about. */
export function encodeScrape(connection: Uint8Array, transaction: number, infoHash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  bytes.set(connection);
  view.setUint32(8, Action.SCRAPE);
  view.setUint32(12, transaction);
  bytes.set(infoHash, 16);
  return bytes;
}

export type UdpReply =
  | { readonly action: 'connect'; readonly transaction: number; readonly connection: Uint8Array }
  | { readonly action: 'announce'; readonly transaction: number; readonly answer: AnnounceAnswer }
  | { readonly action: 'scrape'; readonly transaction: number; readonly counts: ScrapeCounts }
  | { readonly action: 'error'; readonly transaction: number; readonly message: string };

/** Reads a tracker's datagram; null for what is none. `ipBytes`, 4 or 16, is how long addresses are where it came from. */
export function parseUdpReply(bytes: Uint8Array, ipBytes: 4 | 16): UdpReply | null {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const action = view.getUint32(0);
  const transaction = view.getUint32(4);
  if (action === Action.CONNECT && bytes.length >= 16) {
    return { action: 'connect', transaction, connection: bytes.slice(8, 16) };
  }
  if (action === Action.ANNOUNCE && bytes.length >= 20) {
    const answer: AnnounceAnswer = {
      interval: view.getUint32(8),
      minInterval: 0,
      complete: view.getUint32(16),
      incomplete: view.getUint32(12),
      warning: '',
      trackerId: '',
      externalIp: null,
      peers: unpackPeers(bytes.subarray(20), ipBytes, MAX_PEERS),
    };
    return { action: 'announce', transaction, answer };
  }
  if (action === Action.SCRAPE && bytes.length >= 20) {
    return { action: 'scrape', transaction, counts: { complete: view.getUint32(8), incomplete: view.getUint32(16) } };
  }
  if (action === Action.ERROR) {
    const text = new TextDecoder().decode(bytes.subarray(8));
    return { action: 'error', transaction, message: printable(text, MAX_TEXT) ?? 'It gave no reason.' };
  }
  return null;
}

function urlOptions(request: string): Uint8Array {
  const data = new TextEncoder().encode(request);
  const parts: number[] = [];
  for (let at = 0; at < data.length; at += MAX_OPTION) {
    const part = data.subarray(at, at + MAX_OPTION);
    parts.push(OPTION_URL_DATA, part.length, ...part);
  }
  return Uint8Array.from(parts);
}
