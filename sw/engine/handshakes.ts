/** Which hash a handshake goes by, where a torrent may have two (BEP 52, upgrade), and which of two connections stays. */
import { fail } from './errors.ts';
import type { Peer } from './peer.ts';
import { hostOf } from './swarm.ts';
import { parseHostPort } from './codec/address.ts';
import { encodeHandshake } from './codec/peer-wire.ts';
import type { Handshake } from './codec/peer-wire.ts';
import { fromHex, shortHashes, toHex, truncated } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';

/** `dht`: whether we run a node that the peer may be told of. */
export function ownHandshake(infoHash: InfoHash, { v2Hash }: TorrentHashes, peerId: Uint8Array, dht: boolean): Uint8Array {
  const v2 = v2Hash !== null;
  return encodeHandshake({ infoHash: fromHex(infoHash), peerId, fast: true, extended: true, dht, v2 });
}

/** What a peer that we go to is greeted by: one of the v2 swarm by the v2 hash, any other by the one that older clients know as well. */
export function greetingOf({ v1Hash, v2Hash }: TorrentHashes, v2: boolean): InfoHash {
  const short = v2Hash && truncated(v2Hash);
  return (v2 ? (short ?? v1Hash) : (v1Hash ?? short)) ?? fail('internal', 'A torrent has a hash.');
}

/** What a peer that came to us is answered by: one that could go by the v2 hash of a hybrid is told so. */
export function answerTo({ infoHash, v2 }: Handshake, { v2Hash }: TorrentHashes): InfoHash {
  return v2 && v2Hash !== null ? truncated(v2Hash) : toHex(infoHash);
}

/** Whether the connection is one of the v2 swarm. */
export function isV2(infoHash: InfoHash, { v2Hash }: TorrentHashes): boolean {
  return v2Hash !== null && infoHash === truncated(v2Hash);
}

export function namesOne({ infoHash }: Handshake, hashes: TorrentHashes): boolean {
  return shortHashes(hashes).includes(toHex(infoHash));
}

/**
 * Which of two connections to one peer is kept; it finds the same as we do. Of two that crossed it is the one that was
 * dialled from the lower listening port, as in libtorrent, or by the lesser peer id. A stranger who copied the id gets nowhere.
 */
export function outlasts(later: Peer, earlier: Peer, own: { readonly peerId: Uint8Array; readonly listenPort: number }): boolean {
  if (hostOf(later.address) !== hostOf(earlier.address)) return false;
  if (later.incoming === earlier.incoming) return later.address === earlier.address;
  const dialled = later.incoming ? earlier : later;
  const theirs = parseHostPort(dialled.address)?.port ?? 0;
  const keepDialled = own.listenPort === theirs ? String.fromCharCode(...own.peerId) < earlier.peerId : own.listenPort < theirs;
  return keepDialled === (later === dialled);
}
