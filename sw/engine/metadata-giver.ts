import { fail } from './errors.ts';
import type { Peer } from './peer.ts';
import { PerMinute } from './per-minute.ts';
import { encodeMetadataData, encodeMetadataReject, METADATA_PART } from './codec/extensions.ts';

/** Copies of the dictionary that one peer is given in a minute, and requests beyond them that are answered as well. */
const COPIES = 2;
const SLACK = 16;
/** How many times as much it may ask for until it is dropped. */
const FLOOD = 10;

/** Answers peers' requests for parts of the info dictionary (BEP 9). */
export class MetadataGiver {
  private readonly asked = new PerMinute();

  /** `info` is null while we have none. Throws `protocol` where there is no end to the requests. */
  answer(peer: Peer, piece: number, info: Uint8Array | null, now: number): void {
    const most = COPIES * Math.ceil((info?.length ?? 0) / METADATA_PART) + SLACK;
    const count = this.asked.count(peer, now);
    if (count > FLOOD * most) fail('protocol', 'It asks for metadata without end.');
    const start = piece * METADATA_PART;
    const answer =
      info && start < info.length && count <= most
        ? encodeMetadataData(piece, info.length, info.subarray(start, start + METADATA_PART))
        : encodeMetadataReject(piece);
    peer.sendExtended('ut_metadata', answer, now);
  }
}
