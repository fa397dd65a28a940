/** What a peer's messages do to a torrent: one switch, everything that a peer can say. */
import type { Content } from './content.ts';
import { fail } from './errors.ts';
import { serveMetadata, UT_METADATA } from './metadata.ts';
import type { MetadataFetch } from './metadata.ts';
import type { Peer } from './peer.ts';
import { MAX_QUEUED_REQUESTS } from './upload.ts';
import { Bitfield } from './model/bitfield.ts';
import { clientName } from './model/ids.ts';
import { parseHostPort } from './codec/address.ts';
import { allowedFastSet, decodeMessage, encodeMessage } from './codec/peer-wire.ts';
import type { Handshake, Message } from './codec/peer-wire.ts';
import { decodeExtendedHandshake, encodeExtendedHandshake, HANDSHAKE_ID } from './codec/extensions.ts';

/** Pieces that a peer names before their number is known: 2,097,152 at most, one bit or one entry each. */
const MAX_EARLY_BITS = 262_144;
const MAX_EARLY_HAVES = 10_000;
const MAX_ALLOWED_FAST = 64;

/** The side of a torrent that its peers' messages reach. */
export interface WireTarget {
  /** Null while the files are unknown or have no place yet. */
  readonly content: Content | null;
  readonly info: Uint8Array | null;
  readonly fetch: MetadataFetch | null;
  readonly listenPort: number;
  readonly client: string;
  /** The peer may be worth asking, or not any more. */
  refresh(peer: Peer): void;
  peerInterest(peer: Peer): void;
  metadataArrived(bytes: Uint8Array): void;
  /** Asks the peers for metadata. */
  seekMetadata(): void;
}

/** Takes in the other side's handshake and says what comes right after one: extensions, then what we have. */
export function greet(peer: Peer, handshake: Handshake, target: WireTarget, now: number): void {
  peer.peerId = String.fromCharCode(...handshake.peerId);
  peer.client = clientName(handshake.peerId);
  peer.fast = handshake.fast;
  peer.supportsExtensions = handshake.extended;
  peer.begin(now);
  if (handshake.extended) {
    const payload = encodeExtendedHandshake({
      m: { ut_metadata: UT_METADATA },
      metadataSize: target.info?.length ?? null,
      reqq: MAX_QUEUED_REQUESTS,
      client: target.client,
      port: target.listenPort > 0 ? target.listenPort : null,
      uploadOnly: target.content?.isComplete ?? false,
    });
    peer.send(encodeMessage({ type: 'extended', id: HANDSHAKE_ID, payload }), now);
  }
  const have = target.content?.downloader.have;
  if (have && have.isFull && peer.fast) peer.send(encodeMessage({ type: 'haveAll' }), now);
  else if (have && !have.isEmpty) peer.send(encodeMessage({ type: 'bitfield', bytes: have.toBytes() }), now);
  else if (peer.fast) peer.send(encodeMessage({ type: 'haveNone' }), now);
  if (peer.fast && target.content) grantFast(peer, handshake.infoHash, target.content, now);
}

/** Lets a newcomer have a few pieces before it has anything to give (BEP 6). */
function grantFast(peer: Peer, infoHash: Uint8Array, content: Content, now: number): void {
  const host = parseHostPort(peer.address)?.host ?? '';
  for (const piece of allowedFastSet(infoHash, host, content.layout.pieceCount)) {
    if (!content.downloader.have.get(piece)) continue;
    peer.granted.set(piece, content.layout.pieceSize(piece));
    peer.send(encodeMessage({ type: 'allowedFast', piece }), now);
  }
}

/** Works off one frame of an open peer. Throws `protocol` where the peer is to be dropped for it. */
export function receive(peer: Peer, frame: Uint8Array, target: WireTarget, now: number): void {
  const message = decodeMessage(frame);
  peer.lastHeardAt = now;
  handle(peer, message, target, now);
  peer.consume(frame.length + 4);
}

function handle(peer: Peer, message: Message, target: WireTarget, now: number): void {
  const { content } = target;
  switch (message.type) {
    case 'keepAlive':
    case 'port':
    case 'suggest':
    case 'unknown':
      return;
    case 'choke':
      peer.peerChoking = true;
      // With the Fast extension every request is answered yet; without it none is.
      if (!peer.fast) content?.downloader.withdrawAll(peer, false, now);
      return;
    case 'unchoke':
      peer.peerChoking = false;
      content?.downloader.fill(peer, now);
      return;
    case 'interested':
    case 'notInterested':
      peer.peerInterested = message.type === 'interested';
      target.peerInterest(peer);
      return;
    case 'have':
      addPiece(peer, message.piece, content);
      target.refresh(peer);
      return;
    case 'bitfield':
      setPieces(peer, { bits: message.bytes.slice(), all: false }, content);
      target.refresh(peer);
      return;
    case 'haveAll':
    case 'haveNone':
      setPieces(peer, { bits: null, all: message.type === 'haveAll' }, content);
      target.refresh(peer);
      return;
    case 'request':
      if (content && !content.uploader.request(peer, message, now)) fail('protocol', 'It asked for a block that does not exist.');
      return;
    case 'cancel':
      content?.uploader.cancel(peer, message, now);
      return;
    case 'reject':
      content?.downloader.rejected(peer, message.piece, message.begin);
      return;
    case 'piece':
      content?.downloader.received(peer, message.piece, message.begin, message.block, now);
      return;
    case 'allowedFast':
      if (content && message.piece >= content.layout.pieceCount) fail('protocol', 'It named a piece that does not exist.');
      if (peer.allowedFast.size < MAX_ALLOWED_FAST) peer.allowedFast.add(message.piece);
      return;
    case 'extended':
      extended(peer, message.id, message.payload, target, now);
      return;
    default:
      message satisfies never;
  }
}

function extended(peer: Peer, id: number, payload: Uint8Array, target: WireTarget, now: number): void {
  if (id === HANDSHAKE_ID) {
    peer.extended = decodeExtendedHandshake(payload);
    peer.client = peer.extended.client ?? peer.client;
    if (peer.extended.reqq !== null) peer.pipeline.reqq = peer.extended.reqq;
    target.seekMetadata();
  } else if (id === UT_METADATA) {
    if (target.info) {
      serveMetadata(peer, payload, target.info, now);
      return;
    }
    const whole = target.fetch?.receive(peer, payload, now);
    if (whole) target.metadataArrived(whole);
    else target.seekMetadata();
  }
}

function addPiece(peer: Peer, piece: number, content: Content | null): void {
  if (!content) {
    if (peer.early.haves.length < MAX_EARLY_HAVES) peer.early.haves.push(piece);
    return;
  }
  if (piece >= content.layout.pieceCount) fail('protocol', 'It named a piece that does not exist.');
  if (!peer.has.set(piece)) return;
  content.picker.addHave(piece);
}

function setPieces(peer: Peer, said: { bits: Uint8Array | null; all: boolean }, content: Content | null): void {
  if (!content) {
    if ((said.bits?.length ?? 0) > MAX_EARLY_BITS) fail('protocol', 'Its bitfield is longer than any torrent has pieces.');
    peer.early.bits = said.bits;
    peer.early.all = said.all;
    return;
  }
  const count = content.layout.pieceCount;
  const has = said.all ? Bitfield.full(count) : said.bits ? Bitfield.parse(said.bits, count) : new Bitfield(count);
  if (!has) fail('protocol', 'Its bitfield does not fit the torrent.');
  content.picker.removePeer(peer.has);
  peer.has = has;
  content.picker.addPeer(has);
}
