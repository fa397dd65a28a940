/** Info-hashes, peer ids and what they tell. */
import { fail } from '../errors.ts';

/** 40 lower-case hex digits: the SHA-1 of the bytes of a torrent's info dictionary. */
export type InfoHash = string;

export const ID_BYTES = 20;

/** What goes for an info-hash of v2 where there is room for 20 bytes (BEP 52): on the wire, at trackers, in our records. */
export function truncated(v2Hash: string): InfoHash {
  return v2Hash.slice(0, 2 * ID_BYTES);
}

/** By what a torrent is known; at least one is there, both of a hybrid once its info dictionary is. */
export interface TorrentHashes {
  /** SHA-1 of the info dictionary (BEP 3). */
  readonly v1Hash: InfoHash | null;
  /** SHA-256 of it (BEP 52), 64 lower-case hex digits. */
  readonly v2Hash: string | null;
}

/** What peers and trackers call it: the v1 hash, and the first 20 bytes of the v2 one. */
export function shortHashes({ v1Hash, v2Hash }: TorrentHashes): InfoHash[] {
  return [v1Hash, v2Hash && truncated(v2Hash)].filter(hash => hash !== null);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of pairs of hex digits in either case. Throws `hex` on anything else. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) fail('hex', 'This is not a hexadecimal number.');
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const PEER_ID_PREFIX = '-SG0100-';
/** 64 printable characters, so that six bits of a random byte choose one without bias. */
const PEER_ID_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

/** A peer id in the Azureus style (BEP 20). `random` gives 12 bytes or more. */
export function makePeerId(random: Uint8Array): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  for (let i = 0; i < PEER_ID_PREFIX.length; i++) id[i] = PEER_ID_PREFIX.charCodeAt(i);
  for (let i = PEER_ID_PREFIX.length; i < ID_BYTES; i++) {
    const byte = random[i - PEER_ID_PREFIX.length] ?? fail('internal', 'A peer id needs 12 random bytes.');
    id[i] = PEER_ID_ALPHABET.charCodeAt(byte & 63);
  }
  return id;
}

/** Clients by their two letters in an Azureus-style peer id (BEP 20 and common use). */
const CLIENTS: ReadonlyMap<string, string> = new Map([
  ['AG', 'Ares'],
  ['AZ', 'Vuze'],
  ['BC', 'BitComet'],
  ['BI', 'BiglyBT'],
  ['BL', 'BitLord'],
  ['BT', 'BitTorrent'],
  ['BW', 'BitTorrent Web'],
  ['DE', 'Deluge'],
  ['FD', 'Free Download Manager'],
  ['FL', 'Flud'],
  ['FX', 'Freebox'],
  ['GT', 'anacrolix/torrent'],
  ['JS', 'JSTorrent'],
  ['KT', 'KTorrent'],
  ['LR', 'LibreTorrent'],
  ['LT', 'libtorrent'],
  ['PI', 'PicoTorrent'],
  ['SG', 'Starling'],
  ['TL', 'Tribler'],
  ['TR', 'Transmission'],
  ['UM', 'µTorrent Mac'],
  ['UT', 'µTorrent'],
  ['UW', 'µTorrent Web'],
  ['WD', 'WebTorrent Desktop'],
  ['WW', 'WebTorrent'],
  ['XL', 'Xunlei'],
  ['lt', 'rTorrent'],
  ['qB', 'qBittorrent'],
  ['rQ', 'rqbit'],
]);

/**
 * The client that a peer id names, such as "qBittorrent 4.5.2"; "" where it names none.
 * Only letters, digits and dots of the id itself ever reach the result.
 */
export function clientName(peerId: Uint8Array): string {
  const text = String.fromCharCode(...peerId.subarray(0, ID_BYTES));
  const azureus = /^-([A-Za-z]{2})([0-9A-Za-z]{3})([0-9A-Za-z])-/.exec(text);
  if (azureus !== null) {
    const [, code = '', version = '', fourth = ''] = azureus;
    return `${CLIENTS.get(code) ?? code} ${azureusVersion(code, version, fourth)}`;
  }
  const dashed = /^(A2|M)-?(\d{1,3})-(\d{1,3})-(\d{1,3})-/.exec(text);
  if (dashed !== null) {
    const [, code, major = '', minor = '', patch = ''] = dashed;
    return `${code === 'A2' ? 'aria2' : 'BitTorrent'} ${major}.${minor}.${patch}`;
  }
  const tixati = /^TIX(\d)(\d)(\d)(\d)-/.exec(text);
  if (tixati !== null) return `Tixati ${Number(`${tixati[1]}${tixati[2]}`)}.${tixati[3]}${tixati[4]}`;
  return '';
}

function azureusVersion(code: string, version: string, fourth: string): string {
  const digits = [...version].map(character => parseInt(character, 36));
  // Transmission wrote its minor version in two digits up to 3.00.
  if (code === 'TR' && (digits[0] ?? 0) < 4) return `${version[0]}.${version.slice(1)}`;
  // The fourth place is as often a build letter as a number; only a number other than 0 is told.
  if (/[1-9]/.test(fourth)) digits.push(Number(fourth));
  while (digits.length > 2 && digits.at(-1) === 0) digits.pop();
  return digits.join('.');
}
