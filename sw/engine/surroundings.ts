import type { Dht } from './dht/dht.ts';
import type { Budget } from './budget.ts';
import type { Ids } from './effects.ts';
import type { Archive } from './journal.ts';
import type { LocalDiscovery } from './lsd.ts';
import type { OwnEnd } from './own-end.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Peer } from './peer.ts';
import type { Reach } from './reach.ts';
import type { RootState } from './roots.ts';
import type { Security } from './securing.ts';
import type { Settings } from './settings.ts';
import type { Line } from './turn.ts';
import type { FetchLimits } from './web-seeds.ts';
import type { InfoHash } from './model/ids.ts';

/** What all torrents of a session share. */
export interface Surroundings {
  readonly ids: Ids;
  /** Of what happened to each. */
  readonly archive: Archive;
  readonly budget: Budget;
  readonly limits: ConnectionLimits;
  /** Requests to web seeds. */
  readonly fetches: FetchLimits;
  readonly reach: Reach;
  readonly own: OwnEnd;
  readonly peerId: Uint8Array;
  readonly key: () => number;
  readonly client: string;
  readonly random: () => number;
  readonly security: Security;
  /** ms since 1970. */
  readonly wall: () => number;
  /** The port that peers reach us at; 0 while there is none. */
  readonly listenPort: () => number;
  /** More hashes of that torrent are known. */
  readonly identified: (torrent: InfoHash) => void;
  readonly dht: Dht;
  readonly lsd: LocalDiscovery;
  readonly line: Line;
  readonly settings: () => Settings;
  /** What is known of a download root. */
  readonly root: (token: string) => RootState | undefined;
  /** A peer of that torrent began or ceased to want something. */
  readonly interest: (torrent: InfoHash, peer: Peer) => void;
}
