import type { Content } from './content.ts';
import type { Outcome } from './assembly.ts';
import type { MetadataGiver } from './metadata-giver.ts';
import type { MetadataFetch } from './metadata.ts';
import type { Peer } from './peer.ts';

/** Where a torrent keeps its peers. */
export interface PeerDirectory {
  /** Peers come from trackers alone (BEP 27). */
  readonly isPrivate: boolean;
  /** The peer told of itself by an extended handshake, for the first time or again. */
  introduced(peer: Peer, now: number): void;
  /** It told of other peers (BEP 11). */
  toldOf(peer: Peer, payload: Uint8Array, now: number): void;
  /** It asks for a meeting with another, or has one for us (BEP 55). */
  calledTogether(peer: Peer, payload: Uint8Array, now: number): void;
}

/** The side of a torrent that its peers' messages reach. */
export interface WireTarget {
  /** Null while the files are unknown or have no place yet. */
  readonly content: Content | null;
  readonly info: Uint8Array | null;
  readonly fetch: MetadataFetch | null;
  readonly metadataGiver: MetadataGiver;
  readonly listenPort: number;
  readonly client: string;
  readonly dht: {
    /** Our port in the DHT; 0 where peers are not to know of it. */
    readonly port: number;
    /** A peer says that it has a node of the DHT there. */
    contact(host: string, port: number, now: number): void;
  };
  readonly peerSet: PeerDirectory;
  /** The peer may be worth asking, or not any more. */
  refresh(peer: Peer): void;
  peerInterest(peer: Peer): void;
  metadataArrived(bytes: Uint8Array): void;
  /** The hashes of the pieces of the files with this root, in hex, are known. */
  learnLayer(root: string, layer: Uint8Array): void;
  /** Something came of pieces in the making. */
  settle(outcome: Outcome): void;
  /** Asks the peers for metadata. */
  seekMetadata(): void;
}
