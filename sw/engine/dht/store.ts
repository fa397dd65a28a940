import type { PeerAddress } from '../codec/address.ts';
import { ipBytes } from '../codec/address.ts';
import { sha1Of } from '../codec/digest.ts';
import { FILTER_BYTES } from '../codec/krpc.ts';
import { addToFilter } from '../model/bloom.ts';
import type { InfoHash } from '../model/ids.ts';

/** Ms that an announce counts. */
const EXPIRES = 30 * 60_000;
const MAX_TORRENTS = 1000;
const MAX_PEERS = 100;

interface Announced extends PeerAddress {
  readonly seed: boolean;
  readonly at: number;
}

/** The peers that were announced to us, for those who ask. Both maps are in the order of their latest announce. */
export class PeerStore {
  private readonly torrents = new Map<InfoHash, Map<string, Announced>>();

  constructor(private readonly random: () => number) {}

  add(infoHash: InfoHash, host: string, port: number, seed: boolean, now: number): void {
    const peers = this.torrents.get(infoHash) ?? new Map<string, Announced>();
    // Moved to the end, where the latest are.
    this.torrents.delete(infoHash);
    this.torrents.set(infoHash, peers);
    if (this.torrents.size > MAX_TORRENTS) dropFirst(this.torrents);
    // One entry a host: a port that changes replaces the one before.
    peers.delete(host);
    peers.set(host, { host, port, seed, at: now });
    if (peers.size > MAX_PEERS) dropFirst(peers);
  }

  /** At most `count` of them, chosen anew each time. */
  sample(infoHash: InfoHash, noSeeds: boolean, count: number, now: number): PeerAddress[] {
    const all = [...this.current(infoHash, now).values()].filter(peer => !noSeeds || !peer.seed);
    const from = all.length > count ? Math.floor(this.random() * all.length) : 0;
    return [...all.slice(from), ...all.slice(0, from)].slice(0, count);
  }

  /** For a scrape (BEP 33); null where nobody announced the torrent. */
  filters(infoHash: InfoHash, now: number): { seeds: Uint8Array; peers: Uint8Array } | null {
    const filters = { seeds: new Uint8Array(FILTER_BYTES), peers: new Uint8Array(FILTER_BYTES) };
    let isEmpty = true;
    for (const { host, seed } of this.current(infoHash, now).values()) {
      const ip = ipBytes(host);
      if (ip) addToFilter(seed ? filters.seeds : filters.peers, sha1Of(ip));
      isEmpty = false;
    }
    return isEmpty ? null : filters;
  }

  /** Forgets torrents that nobody announces any more. */
  expire(now: number): void {
    for (const [infoHash] of this.torrents) {
      if (this.current(infoHash, now).size > 0) return;
      this.torrents.delete(infoHash);
    }
  }

  private current(infoHash: InfoHash, now: number): ReadonlyMap<string, Announced> {
    const peers = this.torrents.get(infoHash) ?? new Map<string, Announced>();
    for (const [host, { at }] of peers) {
      if (now - at < EXPIRES) break;
      peers.delete(host);
    }
    return peers;
  }
}

function dropFirst(map: Map<string, unknown>): void {
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
