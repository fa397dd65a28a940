import type { Conduct } from './conduct.ts';
import type { Outbox } from './effects.ts';
import { EngineError } from './errors.ts';
import type { Peer } from './peer.ts';
import { parseInfo, type Metainfo } from './codec/metainfo.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';
import {
  decodeMetadata,
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
  MAX_METADATA,
  METADATA_PART,
} from './codec/extensions.ts';

/** The id by which peers address their ut_metadata messages to us; told in the extended handshake. */
export const UT_METADATA = 2;
const PER_PEER = 4;
/** Ms until an unanswered request goes to another peer, and until a peer that refused is asked again. */
const TIMEOUT = 10_000;
const ASK_AGAIN = 30_000;
/** Ms without a piece after which the size at work is given up: whoever named it may have lied. */
const STALLED = 30_000;

interface Asked {
  readonly peer: Peer;
  readonly at: number;
}

/**
 * Fetches the info dictionary of a magnet from peers (BEP 9). One size at a time is put together; one that gets nowhere
 * is given up for the next, so that a liar costs half a minute. What does not hash right is thrown away.
 */
export class MetadataFetch {
  private size = 0;
  private progressAt = 0;
  private pieces: (Uint8Array | null)[] = [];
  private sources: (Peer | null)[] = [];
  private asked = new Map<number, Asked>();
  private readonly refusedAt = new Map<Peer, number>();
  /** Peers whose pieces were in a dictionary that did not hash right, when it had several senders. */
  private readonly suspects = new Set<Peer>();

  /** Pieces here, of how many; 0 of 0 while no peer has told the size. */
  get progress(): { done: number; of: number } {
    return { done: this.pieces.filter(piece => piece !== null).length, of: this.pieces.length };
  }

  /** Asks peers for what is missing. Called when a peer becomes ready, after each answer, and each second. */
  fill(peers: Iterable<Peer>, now: number): void {
    for (const [piece, { peer, at }] of this.asked) {
      if (now - at > TIMEOUT || peer.stage === 'closed') {
        this.asked.delete(piece);
        this.refusedAt.set(peer, now);
      }
    }
    if (this.size > 0 && now - this.progressAt > STALLED) {
      for (const source of this.sources) if (source) this.refusedAt.set(source, now);
      this.reset(0);
    }
    for (const peer of peers) {
      if (this.size === 0) this.progressAt = now;
      this.ask(peer, now);
    }
  }

  /** A ut_metadata message; the whole dictionary once every piece is there (not yet checked), else null. */
  receive(peer: Peer, payload: Uint8Array, now: number): Uint8Array | null {
    const message = decodeMetadata(payload);
    if (!message) return null;
    if (message.kind === 'request') {
      peer.sendExtended('ut_metadata', encodeMetadataReject(message.piece), now);
      return null;
    }
    const asked = this.asked.get(message.piece);
    if (asked?.peer !== peer) return null;
    this.asked.delete(message.piece);
    if (message.kind === 'reject') {
      this.refusedAt.set(peer, now);
      return null;
    }
    const expected = Math.min(METADATA_PART, this.size - message.piece * METADATA_PART);
    if (message.bytes.length !== expected) {
      this.refusedAt.set(peer, now);
      return null;
    }
    this.progressAt = now;
    this.pieces[message.piece] = message.bytes.slice();
    this.sources[message.piece] = peer;
    if (this.pieces.some(piece => piece === null)) return null;
    const whole = new Uint8Array(this.size);
    this.pieces.forEach((piece, index) => {
      if (piece) whole.set(piece, index * METADATA_PART);
    });
    return whole;
  }

  /** The dictionary was not the right one: starts over. Returns those who alone can have sent it wrong. */
  corrupt(): Peer[] {
    const senders = new Set(this.sources.filter(peer => peer !== null));
    const guilty = senders.size === 1 ? [...senders] : [];
    for (const peer of senders) this.suspects.add(peer);
    this.reset(0);
    return guilty;
  }

  gone(peer: Peer): void {
    for (const [piece, asked] of this.asked) if (asked.peer === peer) this.asked.delete(piece);
    // What it sent cannot be vouched for by anyone else; another size, or one sender for all of it, may be next.
    this.sources.forEach((source, piece) => {
      if (source === peer) this.sources[piece] = this.pieces[piece] = null;
    });
    this.refusedAt.delete(peer);
    this.suspects.delete(peer);
  }

  private ask(peer: Peer, now: number): void {
    const size = peer.extended?.metadataSize ?? 0;
    if (peer.stage !== 'open' || !peer.takes('ut_metadata') || size < 1 || size > MAX_METADATA) return;
    if (now - (this.refusedAt.get(peer) ?? -Infinity) < ASK_AGAIN) return;
    if (this.size !== size) {
      if (this.size !== 0 && (this.asked.size > 0 || this.pieces.some(piece => piece !== null))) return;
      this.reset(size);
    }
    // After a wrong dictionary from several senders, one peer alone is asked for all of it, to tell who lies.
    if (this.suspects.size > 0 && this.sources.some(source => source !== null && source !== peer)) return;
    let open = 0;
    for (const asked of this.asked.values()) if (asked.peer === peer) open += 1;
    for (let piece = 0; piece < this.pieces.length && open < PER_PEER; piece++) {
      if (this.pieces[piece] !== null || this.asked.has(piece)) continue;
      this.asked.set(piece, { peer, at: now });
      open += 1;
      peer.sendExtended('ut_metadata', encodeMetadataRequest(piece), now);
    }
  }

  private reset(size: number): void {
    this.size = size;
    const count = Math.ceil(size / METADATA_PART);
    this.pieces = new Array<Uint8Array | null>(count).fill(null);
    this.sources = new Array<Peer | null>(count).fill(null);
    this.asked.clear();
  }
}

/** Answers a peer's ut_metadata request out of the info dictionary that we have. */
export function serveMetadata(peer: Peer, payload: Uint8Array, info: Uint8Array, now: number): void {
  const message = decodeMetadata(payload);
  if (message?.kind !== 'request') return;
  const start = message.piece * METADATA_PART;
  const answer =
    start < info.length
      ? encodeMetadataData(message.piece, info.length, info.subarray(start, start + METADATA_PART))
      : encodeMetadataReject(message.piece);
  peer.sendExtended('ut_metadata', answer, now);
}

/** What the bytes say that peers sent as the info dictionary; null where they are not it, and whoever alone can have sent that is banned. */
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
    for (const peer of torrent.fetch?.corrupt() ?? []) torrent.peerSet.conduct.ban(peer.address, 'its metadata was wrong', now);
    return null;
  }
}
