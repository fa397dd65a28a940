/**
 * The tracker protocol of WebTorrent: JSON messages over a WebSocket. Hashes and ids are strings of 20 characters, a
 * byte each. An announce carries offers of WebRTC connections, each of which the tracker hands to another peer; that
 * one's answer comes back by the same way.
 */
import { printable } from './text.ts';
import { MAX_TEXT, type AnnounceAnswer, type AnnounceFailure, type AnnounceRequest, type ScrapeCounts } from './tracker.ts';
import { toHex } from '../model/ids.ts';
import type { InfoHash } from '../model/ids.ts';

/** Characters of a message, of a session description and of an offer's id, at most. */
export const MAX_WS_MESSAGE = 64 << 10;
export const MAX_SDP = 16 << 10;
const MAX_OFFER_ID = 64;
/** Torrents that one answer to a scrape tells of. */
const MAX_FILES = 128;
const MAX_TRACKER_ID = 256;
const MAX_INTERVAL = 7 * 24 * 3600;
const DEFAULT_INTERVAL = 120;

/** A connection that a peer offers, or its answer to one; `offerId` is whatever the peer that offered chose. */
export interface Signal {
  readonly infoHash: InfoHash;
  /** 20 characters, a byte each. */
  readonly peerId: string;
  readonly offerId: string;
  /** The session description. */
  readonly sdp: string;
}

export type WsMessage =
  | { readonly kind: 'announced'; readonly infoHash: InfoHash; readonly answer: AnnounceAnswer }
  | { readonly kind: 'scraped'; readonly files: ReadonlyMap<InfoHash, ScrapeCounts> }
  | ({ readonly kind: 'offer' | 'answer' } & Signal)
  /** `infoHash` is null where it does not say which torrent it refuses. */
  | { readonly kind: 'failed'; readonly infoHash: InfoHash | null; readonly answer: AnnounceFailure }
  | { readonly kind: 'refused'; readonly why: WsRefusal };

/** Why a message is none: its size, its form, and what is missing or wrong in it. */
export type WsRefusal = 'too-long' | 'not-json' | 'action' | 'info-hash' | 'peer-id' | 'offer-id' | 'sdp' | 'files';

/** Whether announces can go there. Only over TLS: else a torrent could have us knock at services of this machine. */
export function isWsTracker(url: string): boolean {
  return /^wss:\/\//i.test(url);
}

/** Reads any text. */
export function parseWsMessage(text: string): WsMessage {
  if (text.length > MAX_WS_MESSAGE) return refused('too-long');
  const message = objectOf(readJson(text));
  if (!message) return refused('not-json');
  const infoHash = hashOf(message['info_hash']);
  const failure = message['failure reason'];
  if (typeof failure === 'string') {
    return { kind: 'failed', infoHash, answer: { failure: printable(failure, MAX_TEXT) ?? 'It gave no reason.', refused: true } };
  }
  if (message['action'] === 'scrape') return scraped(message);
  if (message['action'] !== 'announce') return refused('action');
  if (infoHash === null) return refused('info-hash');
  if (message['offer'] !== undefined && message['offer'] !== null) return signal('offer', infoHash, message);
  if (message['answer'] !== undefined && message['answer'] !== null) return signal('answer', infoHash, message);
  return { kind: 'announced', infoHash, answer: announced(message) };
}

/** `offers` go to as many other peers, those that the tracker chooses. */
export function encodeWsAnnounce(
  request: AnnounceRequest,
  offers: readonly { readonly offerId: string; readonly sdp: string }[],
): string {
  const { infoHash, peerId, uploaded, downloaded, left, event, trackerId } = request;
  return JSON.stringify({
    action: 'announce',
    info_hash: latin1(infoHash),
    peer_id: latin1(peerId),
    uploaded,
    downloaded,
    left,
    ...(event === null ? {} : { event }),
    ...(trackerId === '' ? {} : { trackerid: trackerId }),
    numwant: offers.length,
    offers: offers.map(({ offerId, sdp }) => ({ offer_id: offerId, offer: { type: 'offer', sdp } })),
  });
}

/** Our answer to an offer, as the tracker relays it. */
export function encodeWsAnswer(
  infoHash: Uint8Array,
  peerId: Uint8Array,
  to: Pick<Signal, 'peerId' | 'offerId'>,
  sdp: string,
): string {
  return JSON.stringify({
    action: 'announce',
    info_hash: latin1(infoHash),
    peer_id: latin1(peerId),
    to_peer_id: to.peerId,
    offer_id: to.offerId,
    answer: { type: 'answer', sdp },
  });
}

export function encodeWsScrape(infoHash: Uint8Array): string {
  return JSON.stringify({ action: 'scrape', info_hash: latin1(infoHash) });
}

/** A character a byte. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

type Fields = Readonly<Record<string, unknown>>;

function announced(message: Fields): AnnounceAnswer {
  const trackerId = message['tracker id'];
  const warning = message['warning message'];
  const minInterval = count(message['min interval'], MAX_INTERVAL) ?? 0;
  return {
    interval: count(message['interval'], MAX_INTERVAL) ?? (minInterval || DEFAULT_INTERVAL),
    minInterval,
    complete: count(message['complete'], 0xffffffff) ?? -1,
    incomplete: count(message['incomplete'], 0xffffffff) ?? -1,
    warning: typeof warning === 'string' ? (printable(warning, MAX_TEXT) ?? '') : '',
    trackerId: typeof trackerId === 'string' && trackerId.length <= MAX_TRACKER_ID ? trackerId : '',
    externalIp: null,
    peers: [],
  };
}

function scraped(message: Fields): WsMessage {
  const listed = objectOf(message['files']);
  if (!listed) return refused('files');
  const files = new Map<InfoHash, ScrapeCounts>();
  for (const [key, value] of Object.entries(listed).slice(0, MAX_FILES)) {
    const infoHash = hashOf(key);
    const counts = objectOf(value);
    if (infoHash === null || !counts) continue;
    const complete = count(counts['complete'], 0xffffffff) ?? -1;
    files.set(infoHash, { complete, incomplete: count(counts['incomplete'], 0xffffffff) ?? -1 });
  }
  return { kind: 'scraped', files };
}

function signal(kind: 'offer' | 'answer', infoHash: InfoHash, message: Fields): WsMessage {
  const { peer_id: peerId, offer_id: offerId } = message;
  if (hashOf(peerId) === null || typeof peerId !== 'string') return refused('peer-id');
  if (typeof offerId !== 'string' || offerId === '' || offerId.length > MAX_OFFER_ID) return refused('offer-id');
  const description = objectOf(message[kind]);
  const sdp = description?.['type'] === kind ? description['sdp'] : undefined;
  if (typeof sdp !== 'string' || sdp === '' || sdp.length > MAX_SDP) return refused('sdp');
  return { kind, infoHash, peerId, offerId, sdp };
}

function refused(why: WsRefusal): WsMessage {
  return { kind: 'refused', why };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError, or a RangeError where it nests deeper than the stack.
    return null;
  }
}

function objectOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A hash of 20 characters, a byte each; null for anything else. */
function hashOf(value: unknown): InfoHash | null {
  if (typeof value !== 'string' || value.length !== 20) return null;
  const bytes = new Uint8Array(20);
  for (let at = 0; at < 20; at++) {
    const code = value.charCodeAt(at);
    if (code > 0xff) return null;
    bytes[at] = code;
  }
  return toHex(bytes);
}

/** A whole number from 0, at most `most`; null where there is none. */
function count(value: unknown, most: number): number | null {
  return typeof value === 'number' && value >= 0 ? Math.min(Math.floor(value), most) : null;
}
