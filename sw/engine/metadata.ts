import type { Conduct } from './conduct.ts';
import type { Outbox } from './effects.ts';
import type { Said } from '../said.ts';
import { EngineError, fail, saidOf } from './errors.ts';
import { MetadataParts } from './metadata-parts.ts';
import type { Peer } from './peer.ts';
import { parseInfo, type Metainfo } from './codec/metainfo.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';
import { encodeMetadataRequest, MAX_METADATA } from './codec/extensions.ts';
import type { MetadataMessage } from './codec/extensions.ts';

/** The id by which peers address their ut_metadata messages to us; told in the extended handshake. */
export const UT_METADATA = 2;
/** Bytes of parts that may be here, over all sizes that are named. */
const MAX_HELD = 2 * MAX_METADATA;
const PER_PEER = 4;
/** Ms until an unanswered request goes to another peer, and until a peer that refused is asked again. */
const TIMEOUT = 10_000;
const ASK_AGAIN = 30_000;
/** Answers of a peer to nothing that it is asked, beyond those that were given up, until it is dropped. */
const MAX_STRAY = 16;

/**
 * Fetches the info dictionary of a magnet from peers (BEP 9). What they say of its size may be a lie, so all that
 * are named are put together side by side. What does not hash right is thrown away.
 */
export class MetadataFetch {
  private readonly sizes = new Map<number, MetadataParts>();
  /** The last that was complete. */
  private whole: MetadataParts | null = null;
  /** Why the dictionary, which is the right one, cannot be used; empty while none is known that cannot. */
  refusal: Said | null = null;
  private readonly refusedAt = new Map<Peer, number>();
  /** Peers whose parts were in a dictionary that did not hash right, when it had several senders. */
  private readonly suspects = new Set<Peer>();
  /** Answers to nothing that a peer may give yet. */
  private readonly strays = new WeakMap<Peer, number>();

  /** Parts here, of how many, of what is nearest to its end; 0 of 0 while no peer has told the size. */
  get progress(): { done: number; of: number } {
    let best = { done: 0, of: 0 };
    for (const { done, count } of this.sizes.values()) {
      if (best.of === 0 || done * best.of > best.done * count) best = { done, of: count };
    }
    return best;
  }

  /** Bytes of parts that are here, over all sizes. */
  get held(): number {
    let held = 0;
    for (const parts of this.sizes.values()) held += parts.held;
    return held;
  }

  /** Asks peers for what is missing. Called when a peer becomes ready, after each answer, and each second. */
  fill(peers: Iterable<Peer>, now: number): void {
    if (this.refusal) return;
    for (const parts of [...this.sizes.values()]) {
      for (const peer of parts.overdue(TIMEOUT, now)) this.giveUp(peer, now);
      if (parts.isStalled(now)) this.drop(parts, now);
    }
    const named = this.named(peers, now);
    for (const [size, namers] of named) {
      let parts = this.sizes.get(size);
      if (!parts) this.sizes.set(size, (parts = new MetadataParts(size, now)));
      for (const peer of namers) this.ask(parts, peer, now);
    }
  }

  /** An answer; the whole dictionary once every part is there (not yet checked), else null. Throws `protocol`. */
  receive(peer: Peer, message: Exclude<MetadataMessage, { kind: 'request' }>, now: number): Uint8Array | null {
    const parts = this.sizes.get(peer.extended?.metadataSize ?? 0);
    if (!parts?.isAskedOf(peer, message.piece)) {
      this.allow(peer, -1);
      return null;
    }
    if (message.kind === 'reject') {
      parts.release(message.piece);
      this.refusedAt.set(peer, now);
      return null;
    }
    if (message.total !== parts.size) fail('protocol', 'It sent metadata of another size than it had named.');
    const whole = parts.land(message.piece, peer, message.bytes, now);
    if (whole) this.whole = parts;
    else this.makeRoom(now);
    return whole;
  }

  /** The dictionary was not the right one: it is begun anew. Returns those who alone can have sent it wrong. */
  corrupt(): Peer[] {
    const senders = this.whole?.senders ?? [];
    if (this.whole) this.sizes.delete(this.whole.size);
    this.whole = null;
    if (senders.length === 1) return senders;
    for (const peer of senders) this.suspects.add(peer);
    return [];
  }

  /** The dictionary was the right one and cannot be used: nobody is asked for it again. */
  refuse(why: Said, now: number): void {
    this.refusal = why;
    this.whole = null;
    for (const parts of [...this.sizes.values()]) this.drop(parts, now);
  }

  gone(peer: Peer): void {
    for (const parts of this.sizes.values()) {
      parts.forget(peer);
      if (parts.isEmpty) this.sizes.delete(parts.size);
    }
    this.refusedAt.delete(peer);
    this.suspects.delete(peer);
  }

  /** Peers that may be asked, by the size that they name. */
  private named(peers: Iterable<Peer>, now: number): Map<number, Peer[]> {
    const named = new Map<number, Peer[]>();
    for (const peer of peers) {
      const size = peer.extended?.metadataSize ?? 0;
      if (peer.stage !== 'open' || !peer.takes('ut_metadata') || size < 1 || size > MAX_METADATA) continue;
      if (now - (this.refusedAt.get(peer) ?? -Infinity) < ASK_AGAIN) continue;
      const namers = named.get(size);
      if (namers) namers.push(peer);
      else named.set(size, [peer]);
    }
    return named;
  }

  private ask(parts: MetadataParts, peer: Peer, now: number): void {
    // After a wrong dictionary from several senders, one peer alone is asked for all of it, to tell who lies.
    if (this.suspects.size > 0 && parts.isShared(peer)) return;
    for (const part of parts.ask(peer, PER_PEER, now)) peer.sendExtended('ut_metadata', encodeMetadataRequest(part), now);
  }

  /** Where too much is held, the largest goes that is not whole yet: the true one is seldom large. */
  private makeRoom(now: number): void {
    if (this.held <= MAX_HELD) return;
    const [largest] = [...this.sizes.values()].sort((a, b) => b.held - a.held);
    if (largest) this.drop(largest, now);
  }

  /** Nothing came of that size: whoever had a hand in it may have lied. */
  private drop(parts: MetadataParts, now: number): void {
    this.sizes.delete(parts.size);
    for (const peer of parts.overdue(-1, now)) this.giveUp(peer, now);
    for (const peer of parts.senders) this.refusedAt.set(peer, now);
  }

  /** A request is not waited for any more; its answer may come yet. */
  private giveUp(peer: Peer, now: number): void {
    this.refusedAt.set(peer, now);
    this.allow(peer, 1);
  }

  private allow(peer: Peer, more: number): void {
    const left = (this.strays.get(peer) ?? MAX_STRAY) + more;
    if (left < 0) fail('protocol', 'It sends metadata that it was not asked for.');
    this.strays.set(peer, left);
  }
}

/**
 * What the bytes say that peers sent as the info dictionary. Null where they are not it, and whoever alone can have sent that is
 * banned; and where they are it and cannot be used, which is nobody's fault.
 */
export function readMetadata(
  torrent: {
    readonly id: InfoHash;
    readonly hashes: TorrentHashes;
    readonly fetch: MetadataFetch | null;
    readonly peerSet: { readonly conduct: Pick<Conduct, 'ban'> };
    readonly out: Outbox;
  },
  bytes: Uint8Array,
  now: number,
): Metainfo | null {
  try {
    return parseInfo(bytes, torrent.hashes);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    torrent.out({ do: 'log', level: 'warn', text: `${torrent.id}: metadata from peers was refused: ${error.message}` });
    if (error.code !== 'info-hash') {
      torrent.fetch?.refuse(saidOf(error), now);
      return null;
    }
    for (const peer of torrent.fetch?.corrupt() ?? []) torrent.peerSet.conduct.ban(peer.address, 'its metadata was wrong', now);
    return null;
  }
}
