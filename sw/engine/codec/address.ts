/** Addresses of peers: as trackers and peers pack them, and as text (RFC 5952). */

export interface PeerAddress {
  /** An IP literal, without brackets, or a host name. */
  readonly host: string;
  readonly port: number;
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
