/** Where a web seed has the files (BEP 19) or the pieces (BEP 17) of a torrent. */
import type { Layout } from '../model/layout.ts';
import { readFileList, readFileTree } from './file-list.ts';
import { scan as scanBytes } from './scan.ts';

/** A longer one no server would take. */
const MAX_URL = 4096;
/** RFC 3986 has fewer, but these mean nothing in a path, and others leave them as they are. */
const PLAIN = /[A-Za-z0-9\-_.!~*()]/;

/**
 * The path of each file of an info dictionary, by its index in the layout: its own names and not those made safe for a
 * disk, percent-encoded and joined by slashes, the torrent's name first. Null for pads, and for what no server could have.
 */
export function webPaths(info: Uint8Array, layout: Layout): (string | null)[] {
  const scan = scanBytes(info, { trailing: 'refuse' });
  const name = percentEncode(scan.string(scan.find(0, 'name.utf-8')) ?? scan.string(scan.find(0, 'name')) ?? new Uint8Array(0));
  const list = readFileList(scan, 0, name, percentEncode);
  const files = list ?? readFileTree(scan, 0, name, percentEncode) ?? [];
  let next = 0;
  return layout.files.map(({ pad }) => {
    // The tree of v2 lists no pads; the list of v1 does.
    const path = pad && list === null ? null : files[next++]?.path;
    return pad || !path || path.some(isDots) ? null : path.join('/');
  });
}

/**
 * The address of a file at a web seed (BEP 19). One that ends in a slash, or has several files, is a folder; else it is that of
 * the one file itself. Null where it would be too long.
 */
export function fileUrl(base: string, path: string, isAlone: boolean): string | null {
  const url = isAlone && !base.endsWith('/') ? base : `${base}${base.endsWith('/') ? '' : '/'}${path}`;
  return url.length > MAX_URL ? null : url;
}

/** The address of bytes `[from, to)` of a piece at an HTTP seed (BEP 17). */
export function pieceUrl(base: string, infoHash: Uint8Array, piece: number, from: number, to: number): string {
  const hash = [...infoHash].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return `${base}${base.includes('?') ? '&' : '?'}info_hash=${hash}&piece=${piece}&ranges=${from}-${to - 1}`;
}

function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** Addresses have a meaning of their own for these. */
function isDots(component: string): boolean {
  return component === '.' || component === '..';
}
