/** Addresses of peers: as trackers and peers pack them, and as text (RFC 5952). */

export interface PeerAddress {
  /** An IP literal, without brackets, or a host name. */
  readonly host: string;
  readonly port: number;
}

export type Family = 4 | 6;

/** Of an IP literal. */
export function familyOf(host: string): Family {
  return host.includes(':') ? 6 : 4;
}

/** 4 or 16 bytes as an IP literal; null for any other number of bytes. */
export function ipText(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at]! << 8) | bytes[at + 1]!);
  const { start, length } = longestZeros(groups);
  const hex = groups.map(group => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** The 4 or 16 bytes of an IP literal; null for anything else. An IPv6 one may end in an IPv4 one. */
export function ipBytes(text: string): Uint8Array | null {
  if (!text.includes(':')) return ipv4Bytes(text);
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupBytes);
  if (!head || tail === null || (tail !== undefined && halves[0]!.includes('.'))) return null;
  if (tail === undefined) return head.length === 16 ? Uint8Array.from(head) : null;
  if (head.length + tail.length > 14) return null;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** An address as trackers and nodes pack it: 6 bytes, or 18 for IPv6; null where the host is no IP literal. */
export function packPeer(host: string, port: number): Uint8Array | null {
  const ip = ipBytes(host);
  return ip && Uint8Array.from([...ip, port >> 8, port & 255]);
}

/** `host:port`, an IPv6 address in brackets: what {@link parseHostPort} reads. */
export function hostPort({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What stands for one owner of an IP literal: itself, or the /64 of an IPv6 one, where every house has all addresses. */
export function subnetOf(host: string): string {
  const ip = host.includes(':') ? ipBytes(host) : null;
  return ip ? ip.subarray(0, 8).join('.') : host;
}

/**
 * Addresses packed one after another, the port behind each (BEP 23, BEP 7). `ipBytes` is 4 or 16. Stops after `limit`;
 * an incomplete last one, and any with port 0, is left out.
 */
export function unpackPeers(bytes: Uint8Array, ipBytes: 4 | 16, limit: number): PeerAddress[] {
  const peers: PeerAddress[] = [];
  const each = ipBytes + 2;
  for (let at = 0; at + each <= bytes.length && peers.length < limit; at += each) {
    const port = (bytes[at + ipBytes]! << 8) | bytes[at + ipBytes + 1]!;
    const host = ipText(bytes.subarray(at, at + ipBytes));
    if (port !== 0 && host !== null) peers.push({ host, port });
  }
  return peers;
}

/** Whether text can be a host name or an IP literal; no more than its characters and length is looked at. */
export function isHost(text: string): boolean {
  return /^[0-9A-Za-z._:-]{1,253}$/.test(text);
}

/** A name or an IP literal, in brackets or not, in its one spelling; null where it is neither. */
export function readHost(text: string): string | null {
  const ip = ipBytes(/^\[(.*:.*)\]$/.exec(text)?.[1] ?? text);
  if (ip) return ipText(ip);
  return isHost(text) && !text.includes(':') ? text.toLowerCase() : null;
}

/** Reads `host:port`, an IPv6 address in brackets; null if it is none. */
export function parseHostPort(text: string): PeerAddress | null {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9A-Za-z._-]{1,253})):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port >= 1 && port <= 65535 ? { host, port } : null;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}

function ipv4Bytes(text: string): Uint8Array | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes?.every(byte => byte < 256) === true ? Uint8Array.from(bytes) : null;
}

/** One side of the `::` of an IPv6 address. */
function groupBytes(text: string): number[] | null {
  const bytes: number[] = [];
  const groups = text === '' ? [] : text.split(':');
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? ipv4Bytes(group) : null;
    if (v4) bytes.push(...v4);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 255);
    else return null;
  }
  return bytes;
}
