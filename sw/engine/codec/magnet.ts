/** Magnet links: BEP 9, with the file selection of BEP 53. */
import { fail } from '../errors.ts';
import { fromHex, toHex, type InfoHash } from '../model/ids.ts';
import { parseHostPort, type PeerAddress } from './address.ts';
import { printable } from './text.ts';
import { trackerUrl, webSeedUrl } from './urls.ts';

const MAX_LENGTH = 8192;
const MAX_TRACKERS = 100;
const MAX_PEERS = 100;
const MAX_WEB_SEEDS = 100;
const MAX_RANGES = 1000;
const MAX_FILE_INDEX = 0x7fffffff;
const MAX_NAME = 240;

export interface Magnet {
  readonly infoHash: InfoHash;
  /** What to call it until its metadata is there; fit to be shown, not to be a file name. */
  readonly name: string | null;
  readonly trackers: readonly string[];
  readonly peers: readonly PeerAddress[];
  readonly webSeeds: readonly string[];
  /** The files to fetch, as ranges of indexes, both ends included; null for all. */
  readonly selectOnly: readonly (readonly [from: number, to: number])[] | null;
}

/** Throws `magnet` where the link is none, or names no torrent; a field that cannot be is taken as not there. */
export function parseMagnet(uri: string): Magnet {
  const text = uri.trim();
  if (!/^magnet:\?/i.test(text)) fail('magnet', 'This is not a magnet link. One begins with “magnet:?”.');
  if (text.length > MAX_LENGTH)
    fail('magnet', 'This magnet link is longer than any real one. Copy it again from where you found it.');
  const fields = new Map<string, string[]>();
  for (const part of text.slice('magnet:?'.length).split('&')) {
    const equals = part.indexOf('=');
    // Several of a kind may be numbered: xt.1, tr.2. `x.pe` is a name of its own.
    const key = part
      .slice(0, Math.max(0, equals))
      .toLowerCase()
      .replace(/\.\d+$/, '');
    const values = fields.get(key) ?? [];
    // Names are often written as forms are, with + for a space.
    values.push(percentDecode(key === 'dn' ? part.slice(equals + 1).replaceAll('+', ' ') : part.slice(equals + 1)));
    fields.set(key, values);
  }
  const all = (key: string): readonly string[] => fields.get(key) ?? [];
  return {
    infoHash: readInfoHash(all('xt')),
    name: printable(all('dn')[0] ?? '', MAX_NAME),
    trackers: distinct(all('tr').map(trackerUrl)).slice(0, MAX_TRACKERS),
    peers: all('x.pe')
      .map(parseHostPort)
      .filter(peer => peer !== null)
      .slice(0, MAX_PEERS),
    webSeeds: distinct(all('ws').map(webSeedUrl)).slice(0, MAX_WEB_SEEDS),
    selectOnly: readRanges(all('so')),
  };
}

export function formatMagnet(torrent: { infoHash: InfoHash; name: string | null; trackers: readonly string[] }): string {
  const parts = [`xt=urn:btih:${torrent.infoHash}`];
  const name = printable(torrent.name ?? '', MAX_NAME);
  if (name !== null) parts.push(`dn=${encodeURIComponent(name)}`);
  for (const tracker of distinct(torrent.trackers.map(trackerUrl))) parts.push(`tr=${encodeURIComponent(tracker)}`);
  return `magnet:?${parts.join('&')}`;
}

function readInfoHash(topics: readonly string[]): InfoHash {
  for (const topic of topics) {
    const hash = /^urn:btih:(?:([0-9a-f]{40})|([2-7a-z]{32}))$/i.exec(topic);
    if (hash?.[1] !== undefined) return toHex(fromHex(hash[1]));
    if (hash?.[2] !== undefined) return toHex(fromBase32(hash[2]));
  }
  if (topics.some(topic => /^urn:btmh:/i.test(topic))) {
    fail(
      'v2-only',
      'This magnet link is for BitTorrent v2 alone, which Starling cannot download yet. Look for a v1 or hybrid link of the same files.',
    );
  }
  return fail('magnet', 'This magnet link does not say which torrent it is for. Copy it again, whole, from where you found it.');
}

/** 32 characters of RFC 4648's alphabet, in either case, to 20 bytes. */
function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text.toLowerCase()) {
    held = ((held << 5) | 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >>> bits;
  }
  return bytes;
}

/** `0,2,4-6`; a part that is none is left out, and where none is left all files are meant. */
function readRanges(values: readonly string[]): [number, number][] | null {
  const ranges: [number, number][] = [];
  for (const part of values.flatMap(value => value.split(','))) {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part.trim());
    if (match === null || ranges.length >= MAX_RANGES) continue;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from <= to && to <= MAX_FILE_INDEX) ranges.push([from, to]);
  }
  return ranges.length > 0 ? ranges : null;
}

/** What is no valid encoding is left as it stands. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function distinct(urls: readonly (string | null)[]): string[] {
  return [...new Set(urls.filter(url => url !== null))];
}
