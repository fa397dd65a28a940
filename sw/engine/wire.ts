/** What a peer's messages do to a torrent: one switch, everything that a peer can say. */
import type { Content } from './content.ts';
import { fail } from './errors.ts';
import { extended, introduceOurselves } from './extended.ts';
import { addPiece, checkPiece, setPieces } from './holdings.ts';
import type { Peer } from './peer.ts';
import type { WireTarget } from './wire-target.ts';
import { clientName } from './model/ids.ts';
import { parseHostPort } from './codec/address.ts';
import { allowedFastSet, decodeMessage, encodeMessage } from './codec/peer-wire.ts';
import type { Handshake, Message } from './codec/peer-wire.ts';

/** Pieces of each kind that are remembered of one peer. */
const MAX_ALLOWED_FAST = 64;
const MAX_SUGGESTED = 64;

/** Takes in the other side's handshake and says what comes right after one: extensions, then what we have. */
export function greet(peer: Peer, handshake: Handshake, target: WireTarget, now: number): void {
  peer.peerId = String.fromCharCode(...handshake.peerId);
  peer.client = clientName(handshake.peerId);
  peer.fast = handshake.fast;
  peer.supportsExtensions = handshake.extended;
  peer.begin(now);
  introduceOurselves(peer, target, now);
  const have = target.content?.downloader.have;
  const hiding = target.content?.superSeeding ?? null;
  if (hiding && peer.fast) peer.send(encodeMessage({ type: 'haveNone' }), now);
  else if (hiding) {
    // Who has nothing need not say so (BEP 3).
  } else if (have && have.isFull && peer.fast) peer.send(encodeMessage({ type: 'haveAll' }), now);
  else if (have && !have.isEmpty) peer.send(encodeMessage({ type: 'bitfield', bytes: have.toBytes() }), now);
  else if (peer.fast) peer.send(encodeMessage({ type: 'haveNone' }), now);
  if (handshake.dht && target.dht.port > 0) peer.send(encodeMessage({ type: 'port', port: target.dht.port }), now);
  if (hiding) hiding.welcome(peer, now);
  else if (peer.fast && target.content) grantFast(peer, handshake.infoHash, target.content, now);
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
    case 'unknown':
      return;
    case 'port': {
      const host = parseHostPort(peer.address)?.host;
      if (host !== undefined && message.port > 0) target.dht.contact(host, message.port, now);
      return;
    }
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
      content?.superSeeding?.saw(peer, message.piece, now);
      target.refresh(peer);
      return;
    case 'bitfield':
      setPieces(peer, { bits: message.bytes.slice(), all: false }, content);
      content?.superSeeding?.sawAll(peer, now);
      target.refresh(peer);
      return;
    case 'haveAll':
    case 'haveNone':
      needFast(peer);
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
      needFast(peer);
      content?.downloader.rejected(peer, message.piece, message.begin);
      return;
    case 'piece':
      content?.downloader.received(peer, message.piece, message.begin, message.block, now);
      return;
    case 'allowedFast':
      needFast(peer);
      checkPiece(message.piece, content);
      if (peer.allowedFast.size < MAX_ALLOWED_FAST) peer.allowedFast.add(message.piece);
      return;
    case 'suggest':
      needFast(peer);
      checkPiece(message.piece, content);
      if (peer.suggested.size < MAX_SUGGESTED) peer.suggested.add(message.piece);
      return;
    case 'hashRequest':
      if (content?.leaves.isFor(message)) content.leaves.serve(peer, message, now);
      else content?.exchange.serve(peer, message, now);
      return;
    case 'hashes': {
      const layer = content?.exchange.receive(peer, message, now);
      if (layer) target.learnLayer(layer.root, layer.hashes);
      else if (content) target.settle(content.assembly.exposed(peer, message));
      return;
    }
    case 'hashReject':
      if (content && !content.assembly.disputes.rejected(peer, message, now)) content.exchange.rejected(peer, message);
      return;
    case 'extended':
      extended(peer, message.id, message.payload, target, now);
      return;
    default:
      message satisfies never;
  }
}

/** BEP 6 has a peer dropped that uses its messages without having offered to. */
function needFast(peer: Peer): void {
  if (!peer.fast) fail('protocol', 'It uses the Fast extension without having said so.');
}
