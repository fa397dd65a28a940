/** The scope of an address (RFC 4007), so that nobody can point us at places that are nearer to us than to them. */

/** `none`: nobody can be dialled there. */
export type Scope = 'public' | 'local' | 'loopback' | 'none';

/** Of an address of 4 or 16 bytes. Local are private, shared and link-local ranges (RFC 1918, 6598, 3927, 4193, 4291). */
export function scopeOf(ip: Uint8Array): Scope {
  const [a = 0, b = 0] = ip;
  if (ip.length === 4) {
    if (a === 127) return 'loopback';
    if (a === 0 || a >= 224) return 'none';
    const isShared = a === 100 && b >= 64 && b < 128;
    const isPrivate = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
    return isShared || isPrivate || (a === 169 && b === 254) ? 'local' : 'public';
  }
  if (ip.length !== 16 || a === 0xff) return 'none';
  // What is left of these ranges is unassigned, or an IPv4 address in disguise.
  if (ip.subarray(0, 10).every(byte => byte === 0))
    return ip.subarray(10, 15).every(byte => byte === 0) && ip[15] === 1 ? 'loopback' : 'none';
  return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) ? 'local' : 'public';
}

/** Whether one at an address of scope `from` may name one of this scope: never one nearer to us than it is itself. */
export function mayName(from: Scope, named: Scope): boolean {
  return named !== 'none' && NEARNESS[named] <= NEARNESS[from];
}

const NEARNESS: Readonly<Record<Scope, number>> = { none: 0, public: 0, local: 1, loopback: 2 };
