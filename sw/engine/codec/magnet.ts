/** Magnet links: BEP 9, with the hashes of v2 (BEP 52) and the file selection of BEP 53. */
import { refuse } from '../errors.ts';
import { toHex, truncated, type InfoHash } from '../model/ids.ts';
import { parseHostPort, type PeerAddress } from './address.ts';
import { printable } from './text.ts';
import { trackerUrl, webSeedUrl } from './urls.ts';

/** Characters: what a torrent of a hundred trackers and as many web seeds takes. */
const MAX_LENGTH = 64 << 10;
const MAX_TRACKERS = 100;
const MAX_PEERS = 100;
const MAX_WEB_SEEDS = 100;
const MAX_SOURCES = 100;
const MAX_RANGES = 1000;
/** How a multihash that is a SHA-256 begins: its kind, and 32 bytes. */
const SHA256_MULTIHASH = '1220';
const V2_TOPIC = new RegExp(`^urn:btmh:${SHA256_MULTIHASH}([0-9a-f]{64})$`, 'i');
const MAX_FILE_INDEX = 0x7fffffff;
const MAX_NAME = 240;

/** Indexes of files, both ends included. */
export type FileRange = readonly [from: number, to: number];

export interface Magnet {
  /** The v1 hash where there is one, else the first 20 bytes of the v2 hash. */
  readonly infoHash: InfoHash;
  readonly v1Hash: InfoHash | null;
  /** 64 lower-case hex digits. */
  readonly v2Hash: string | null;
  /** What to call it until its metadata is there; fit to be shown, not to be a file name. */
  readonly name: string | null;
  readonly trackers: readonly string[];
  readonly peers: readonly PeerAddress[];
  readonly webSeeds: readonly string[];
  /** Where the torrent file itself can be fetched from: exact sources (`xs`), then acceptable ones (`as`). */
  readonly exactSources: readonly string[];
  /** The files to fetch; null for all. */
  readonly selectOnly: readonly FileRange[] | null;
}

/** @throws {Refusal} where the link is none, or names no torrent; a field that cannot be is taken as not there. */
export function parseMagnet(uri: string): Magnet {
  const text = uri.trim();
  if (!/^magnet:\?/i.test(text)) refuse('magnet');
  if (text.length > MAX_LENGTH) refuse('magnet-too-long');
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
    ...readHashes(all('xt')),
    name: printable(all('dn')[0] ?? '', MAX_NAME),
    trackers: distinct(all('tr').map(trackerUrl)).slice(0, MAX_TRACKERS),
    peers: all('x.pe')
      .map(parseHostPort)
      .filter(peer => peer !== null)
      .slice(0, MAX_PEERS),
    webSeeds: distinct(all('ws').map(webSeedUrl)).slice(0, MAX_WEB_SEEDS),
    exactSources: distinct([...all('xs'), ...all('as')].map(webSeedUrl)).slice(0, MAX_SOURCES),
    selectOnly: readRanges(all('so')),
  };
}

/** What a link can say of a torrent; of the hashes, at least one is there. */
type Shared = Pick<Magnet, 'v1Hash' | 'v2Hash' | 'name' | 'trackers'> & Partial<Pick<Magnet, 'webSeeds' | 'selectOnly'>>;

/** What would make it longer than one may be is left out, the last first. */
export function formatMagnet({ v1Hash, v2Hash, name, trackers, webSeeds = [], selectOnly = null }: Shared): string {
  const parts: string[] = [];
  let length = 'magnet:?'.length;
  const add = (part: string): void => {
    length += part.length + 1;
    if (length <= MAX_LENGTH) parts.push(part);
  };
  if (v1Hash !== null) add(`xt=urn:btih:${v1Hash}`);
  if (v2Hash !== null) add(`xt=urn:btmh:${SHA256_MULTIHASH}${v2Hash}`);
  const shown = printable(name ?? '', MAX_NAME);
  if (shown !== null) add(`dn=${encodeURIComponent(shown)}`);
  const ranges = selectOnly?.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
  if (ranges !== undefined) add(`so=${ranges.join(',')}`);
  for (const tracker of distinct(trackers.map(trackerUrl))) add(`tr=${encodeURIComponent(tracker)}`);
  for (const seed of distinct(webSeeds.map(webSeedUrl))) add(`ws=${encodeURIComponent(seed)}`);
  return `magnet:?${parts.join('&')}`;
}

/** The first hash of each kind. A second one of the same kind would be another torrent. */
function readHashes(topics: readonly string[]): Pick<Magnet, 'infoHash' | 'v1Hash' | 'v2Hash'> {
  let v1Hash: InfoHash | null = null;
  let v2Hash: string | null = null;
  for (const topic of topics) {
    const v1 = /^urn:btih:(?:([0-9a-f]{40})|([2-7a-z]{32}))$/i.exec(topic);
    if (v1?.[1] !== undefined) v1Hash ??= v1[1].toLowerCase();
    else if (v1?.[2] !== undefined) v1Hash ??= toHex(fromBase32(v1[2]));
    else v2Hash ??= V2_TOPIC.exec(topic)?.[1]?.toLowerCase() ?? null;
  }
  const infoHash = v1Hash ?? truncated(v2Hash ?? refuse('magnet-of-nothing'));
  return { infoHash, v1Hash, v2Hash };
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
function readRanges(values: readonly string[]): FileRange[] | null {
  const ranges: FileRange[] = [];
  for (const part of values.flatMap(value => value.split(','))) {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part.trim());
    if (match === null || ranges.length >= MAX_RANGES) continue;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from <= to && to <= MAX_FILE_INDEX) ranges.push([from, to]);
  }
  return ranges.length > 0 ? ranges : null;
}

/**
 * The indexes of the files, pads aside, that a selection leaves out. One that names none of them cannot be meant for
 * this torrent, and leaves out none.
 */
export function leftOut(selectOnly: readonly FileRange[] | null, files: readonly { readonly pad: boolean }[]): number[] {
  const named = new Uint8Array(files.length);
  for (const [from, to] of selectOnly ?? []) named.fill(1, from, to + 1);
  const isNamed = ({ pad }: { readonly pad: boolean }, index: number): boolean => !pad && named[index] === 1;
  if (!files.some(isNamed)) return [];
  return files.flatMap((file, index) => (file.pad || named[index] === 1 ? [] : [index]));
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
