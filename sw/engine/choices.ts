/** What a person chooses for a torrent that is there already. */
import type { Content } from './content.ts';
import type { TorrentOptions } from './options.ts';
import type { Peer } from './peer.ts';
import type { PeerSet } from './peers.ts';
import { refusal } from './errors.ts';
import { CONNECTED } from './phase.ts';
import type { Phase } from './phase.ts';
import type { FilePriorities } from './priorities.ts';
import type { Recorder } from './recorder.ts';
import type { SeedingLimit } from './seeding-limit.ts';
import type { Substance } from './substance.ts';
import type { Turn } from './turn.ts';
import type { Work } from './work.ts';
import { hostPort, ipBytes, ipText, readHost, subnetOf } from './codec/address.ts';
import type { PeerAddress } from './codec/address.ts';

interface Chosen {
  readonly isPrivate: boolean;
  readonly phase: Phase;
  options: TorrentOptions;
  doneAt: number;
  readonly substance: Substance;
  readonly content: Content | null;
  readonly peerSet: PeerSet;
  readonly recorder: Recorder;
  readonly turn: Turn;
  readonly limit: SeedingLimit;
  readonly work: Work;
  refresh(peer: Peer): void;
}

/** Peers that a person names by hand are recorded with a torrent, these many with those of its magnet; the latest. */
const MAX_NAMED = 100;

/** Takes in a peer that a person names. @throws {Refusal} where it cannot be one of this torrent */
export function peerNamed(torrent: Pick<Chosen, 'isPrivate' | 'peerSet'>, host: string, port: number): PeerAddress {
  if (torrent.peerSet.outOfReach !== null) {
    throw refusal('peer-needs-helper');
  }
  if (torrent.isPrivate) {
    throw refusal('private');
  }
  const read = readHost(host);
  if (read === null || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw refusal('no-address', { host, port: String(port) });
  }
  if (torrent.peerSet.barring.has(read)) {
    throw refusal('banned');
  }
  if (torrent.peerSet.swarm.isBanned(read)) {
    throw refusal('banned-for-now');
  }
  return { host: read, port };
}

/** The addresses among what is set in their one spelling, one of each network. @throws {Refusal} where one is none */
export function withHosts<T extends { readonly banned?: readonly string[] }>(change: T): T {
  return change.banned ? { ...change, banned: rebar([], change.banned, [], Infinity) } : change;
}

/**
 * Of banned addresses those without some and with others, `most` at most, which is what is banned where an address is among both. As each stands
 * for its network ({@link subnetOf}), one is listed of each, and goes with any other of the same. @throws {Refusal} where one is none, or they
 * are too many
 */
export function rebar(banned: readonly string[], add: readonly string[], remove: readonly string[], most: number): string[] {
  const [kept, gone, added] = [banned, remove, add].map(list => list.map(spelled));
  const list = new Map<string, string>();
  for (const host of kept!) if (!list.has(subnetOf(host))) list.set(subnetOf(host), host);
  for (const host of gone!) list.delete(subnetOf(host));
  for (const host of added!) if (!list.has(subnetOf(host))) list.set(subnetOf(host), host);
  if (list.size <= Math.max(most, banned.length)) return [...list.values()];
  throw refusal('bans-full', { most });
}

function spelled(text: string): string {
  const ip = ipBytes(text.trim());
  if (ip) return ipText(ip) ?? '';
  throw refusal('no-ip', { text });
}

/** Tries that peer at once, and remembers it. */
export function addPeer(torrent: Chosen, address: PeerAddress, now: number): void {
  const { peerSet, phase } = torrent;
  peerSet.named = [...new Set([...peerSet.named, hostPort(address)])].slice(-MAX_NAMED);
  peerSet.swarm.again(address);
  peerSet.learn([address], 'person', null, now, CONNECTED.has(phase));
  torrent.recorder.writeTorrent();
}

/** Sets what is given. */
export function setOptions(torrent: Chosen, options: Partial<TorrentOptions>, now: number): void {
  torrent.turn.review(() => (torrent.options = { ...torrent.options, ...options }));
  if ('stopRatio' in options || 'stopSeedingTime' in options) torrent.limit.anew();
  if (options.banned) torrent.peerSet.barring.set(options.banned, now);
  const isToldAnew = torrent.content?.rearrange(torrent.options) === true;
  if (isToldAnew) torrent.peerSet.closeAll(now, 'it is to be told anew what there is');
  torrent.recorder.writeTorrent();
}

export function prioritise(torrent: Chosen, priorities: FilePriorities, now: number): void {
  torrent.substance.choose(priorities);
  const { content, substance } = torrent;
  if (!content && !substance.atRest) return;
  content?.downloader.dropUnwanted(now);
  if (!substance.isComplete) torrent.doneAt = 0;
  torrent.turn.review();
  torrent.recorder.writeTorrent();
  if (torrent.phase !== 'running' || !content) return;
  content.fillIn();
  for (const peer of torrent.peerSet.all.values()) torrent.refresh(peer);
  torrent.work.finishIfComplete(now);
}
