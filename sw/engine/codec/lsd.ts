/** The messages of local service discovery (BEP 14): who on this network has a torrent, in the form of an HTTP request. */
import type { InfoHash } from '../model/ids.ts';
import type { Family } from './address.ts';

export const LSD_PORT = 6771;
/** The multicast groups of each family: administratively scoped, so that no router lets them out. */
export const LSD_GROUPS: Readonly<Record<Family, string>> = { 4: '239.192.152.143', 6: 'ff15::efc0:988f' };
/** A datagram: BEP 14 asks for no more, so that it is not cut on its way. */
export const MAX_LSD_BYTES = 1400;
/** Torrents that one names: so many fit with the longest of everything else. */
export const MAX_SEARCHED = 24;

const FIRST_LINE = /^BT-SEARCH \* HTTP\/1\.[01]$/;
const HEADER = /^([!-9;-~]{1,40}):[ \t]*([ -~]{0,200})$/;
const MAX_COOKIE = 64;

/** "I have these torrents, at this port": it also asks whoever has one of them to come. */
export interface Search {
  /** Where the sender accepts connections. */
  readonly port: number;
  readonly infoHashes: readonly InfoHash[];
  /** By which the sender knows its own messages again; "" for none. */
  readonly cookie: string;
}

/** At most {@link MAX_SEARCHED} torrents; the cookie is of at most 16 printable characters. */
export function encodeSearch(family: Family, { port, infoHashes, cookie }: Search): Uint8Array {
  const group = family === 6 ? `[${LSD_GROUPS[6]}]` : LSD_GROUPS[4];
  const lines = [
    'BT-SEARCH * HTTP/1.1',
    `Host: ${group}:${LSD_PORT}`,
    `Port: ${port}`,
    ...infoHashes.map(hash => `Infohash: ${hash}`),
    `cookie: ${cookie}`,
  ];
  return new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n\r\n`);
}

/** Reads one datagram; null where it is no such message. Each torrent is told once, in lower case. */
export function decodeSearch(bytes: Uint8Array): Search | null {
  if (bytes.length > MAX_LSD_BYTES) return null;
  const [first = '', ...lines] = new TextDecoder().decode(bytes).split('\r\n');
  const end = lines.indexOf('');
  if (!FIRST_LINE.test(first) || end < 0) return null;
  const infoHashes = new Set<InfoHash>();
  let port = 0;
  let cookie = '';
  for (const line of lines.slice(0, end)) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? [];
    switch (name.toLowerCase()) {
      case '':
        return null;
      case 'port':
        if (port !== 0 || !/^\d{1,5}$/.test(value)) return null;
        port = Number(value);
        break;
      case 'infohash':
        if (!/^[0-9A-Fa-f]{40}$/.test(value)) return null;
        infoHashes.add(value.toLowerCase());
        break;
      case 'cookie':
        if (value.length > MAX_COOKIE) return null;
        cookie = value;
        break;
    }
  }
  return port >= 1 && port <= 65535 && infoHashes.size > 0 ? { port, infoHashes: [...infoHashes], cookie } : null;
}
