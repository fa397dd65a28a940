/** What a peer says that it has, while the number of pieces is known and before. */
import type { Content } from './content.ts';
import { fail } from './errors.ts';
import type { Peer } from './peer.ts';
import { Bitfield } from './model/bitfield.ts';

/** Pieces that a peer names before their number is known: 2,097,152 at most, one bit or one entry each. */
const MAX_EARLY_BITS = 262_144;
const MAX_EARLY_HAVES = 10_000;
/** Of have-all and have-none. A bitfield may come at any time: aria2 sends one where it would be shorter than many `have`. */
const MAX_SHORT_TELLINGS = 8;

/** Throws `protocol` where the torrent has no such piece. */
export function checkPiece(piece: number, content: Content | null): void {
  if (content && piece >= content.layout.pieceCount) fail('protocol', 'It named a piece that does not exist.');
}

/** `have`: one piece more. */
export function addPiece(peer: Peer, piece: number, content: Content | null): void {
  checkPiece(piece, content);
  if (!content) {
    if (peer.early.haves.length < MAX_EARLY_HAVES) peer.early.haves.push(piece);
  } else if (peer.has.set(piece)) {
    content.picker.addHave(piece);
  }
}

/** `lt_donthave` (BEP 54): one piece less, and whatever was asked of it will not come. */
export function dropPiece(peer: Peer, piece: number, content: Content | null, now: number): void {
  checkPiece(piece, content);
  peer.allowedFast.delete(piece);
  peer.suggested.delete(piece);
  if (!content) {
    peer.early.haves = peer.early.haves.filter(have => have !== piece);
    const byte = peer.early.bits?.[piece >>> 3];
    if (peer.early.bits && byte !== undefined) peer.early.bits[piece >>> 3] = byte & ~(0x80 >>> (piece & 7));
    return;
  }
  if (!peer.has.get(piece)) return;
  content.picker.removeHave(peer.has, piece);
  content.downloader.withdrawPiece(peer, piece, false, now);
}

/**
 * A bitfield, or have-all or have-none in its place; the last one counts. Throws `protocol` where a bitfield does not fit, and
 * where the short ones come too often: a few bytes that cost as much as there are pieces.
 */
export function setPieces(peer: Peer, said: { bits: Uint8Array | null; all: boolean }, content: Content | null): void {
  if (!said.bits && ++peer.shortTellings > MAX_SHORT_TELLINGS) fail('protocol', 'It tells of all its pieces again and again.');
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
