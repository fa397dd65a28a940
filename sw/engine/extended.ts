/** The extension protocol (BEP 10) with one peer: what we say of ourselves, and what becomes of what it sends. */
import { dropPiece } from './holdings.ts';
import { UT_HOLEPUNCH } from './holepunch.ts';
import { UT_METADATA } from './metadata.ts';
import type { Peer } from './peer.ts';
import { UT_PEX } from './pex.ts';
import { MAX_QUEUED_REQUESTS } from './upload.ts';
import type { WireTarget } from './wire-target.ts';
import { ipBytes, parseHostPort } from './codec/address.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodeMetadata,
  encodeExtendedHandshake,
  HANDSHAKE_ID,
  mergeExtendedHandshake,
} from './codec/extensions.ts';
import type { ExtendedHandshake } from './codec/extensions.ts';
import { fail } from './errors.ts';
import { encodeMessage } from './codec/peer-wire.ts';

/** The id by which peers address their lt_donthave messages to us. */
const LT_DONTHAVE = 4;

/** Says what we are, first thing and again whenever it changes. All of it: some clients take the last word for the whole. */
export function introduceOurselves(peer: Peer, target: WireTarget, now: number): void {
  if (!peer.supportsExtensions) return;
  const payload = encodeExtendedHandshake({
    m: {
      ut_metadata: UT_METADATA,
      lt_donthave: LT_DONTHAVE,
      ...(target.peerSet.isPrivate ? {} : { ut_pex: UT_PEX, ut_holepunch: UT_HOLEPUNCH }),
    },
    metadataSize: target.info?.length ?? null,
    reqq: MAX_QUEUED_REQUESTS,
    client: target.client,
    port: target.listenPort > 0 ? target.listenPort : null,
    yourIp: ipBytes(parseHostPort(peer.address)?.host ?? ''),
    // A seed that shows its pieces one by one does not say that it has them all.
    uploadOnly: (target.content?.isComplete ?? false) && !target.content?.superSeeding,
  });
  peer.send(encodeMessage({ type: 'extended', id: HANDSHAKE_ID, payload }), now);
}

/** Works off an extended message. Throws `protocol` or `bencode` where the peer is to be dropped for it. */
export function extended(peer: Peer, id: number, payload: Uint8Array, target: WireTarget, now: number): void {
  switch (id) {
    case HANDSHAKE_ID:
      peer.extended = introduction(peer.extended, decodeExtendedHandshake(payload));
      peer.client = peer.extended.client ?? peer.client;
      if (peer.extended.reqq !== null) peer.pipeline.reqq = peer.extended.reqq;
      target.peerSet.introduced(peer, now);
      target.seekMetadata();
      if (peer.stage === 'open') target.refresh(peer);
      return;
    case UT_METADATA: {
      const message = decodeMetadata(payload);
      if (message?.kind === 'request') target.metadataGiver.answer(peer, message.piece, target.info, now);
      if (!message || message.kind === 'request' || target.info) return;
      const whole = target.fetch?.receive(peer, message, now);
      if (whole) target.metadataArrived(whole);
      else target.seekMetadata();
      return;
    }
    case UT_PEX:
      target.peerSet.toldOf(peer, payload, now);
      return;
    case UT_HOLEPUNCH:
      target.peerSet.calledTogether(peer, payload, now);
      return;
    case LT_DONTHAVE:
      dropPiece(peer, decodeDontHave(payload), target.content, now);
      target.refresh(peer);
      return;
  }
}

/** What it said before and says now. There is one size of the metadata: who names another has lied. */
function introduction(before: ExtendedHandshake | null, next: ExtendedHandshake): ExtendedHandshake {
  const merged = mergeExtendedHandshake(before, next);
  const { metadataSize = null } = before ?? {};
  if (metadataSize !== null && merged.metadataSize !== metadataSize) fail('protocol', 'It names another size of the metadata.');
  return merged;
}
