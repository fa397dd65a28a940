import type { Peer } from './peer.ts';

const RECHOKE_EVERY = 15_000;
const OPTIMISTIC_EVERY = 30_000;

/** A peer that wants something of us. `seeding`: its torrent is complete here. */
export interface Candidate {
  readonly peer: Peer;
  readonly seeding: boolean;
  /** Lets it in or shuts it out, and drops what it has waiting. */
  setChoking(choking: boolean): void;
}

/** Peers that are let in now, and how many of them are reached over WebRTC. */
export interface Unchoked {
  readonly all: number;
  readonly rtc: number;
}

/**
 * Who may download from us: those who give most where we still want something, those waiting longest where we seed,
 * and one by chance, so that newcomers get a start (BEP 3).
 */
export class Choker {
  private rechokeAt = 0;
  private optimisticAt = 0;
  private optimistic: Peer | null = null;

  /** `slots`: peers served at once over all torrents, one of them by chance (the optimistic one). */
  constructor(
    private readonly random: () => number,
    private readonly slots: () => number,
  ) {}

  /** Lets a newcomer in at once while there is room. */
  interested(candidate: Candidate, unchoked: Unchoked): void {
    const { peer } = candidate;
    if (!peer.peerInterested || !peer.amChoking || unchoked.all >= this.slots()) return;
    if (peer.transport === 'webrtc' && unchoked.rtc >= this.rtcSlots) return;
    candidate.setChoking(false);
  }

  tick(candidates: readonly Candidate[], now: number): void {
    if (now < this.rechokeAt) return;
    this.rechokeAt = now + RECHOKE_EVERY;
    const wanting = candidates.filter(candidate => candidate.peer.peerInterested);
    const ranked = wanting.map(candidate => ({ candidate, score: score(candidate, now) })).sort((a, b) => b.score - a.score);
    const chosen = this.best(ranked.map(({ candidate }) => candidate.peer));
    this.chooseOptimistic(wanting, chosen, now);
    if (this.optimistic) chosen.add(this.optimistic);
    for (const candidate of candidates) candidate.setChoking(!chosen.has(candidate.peer));
  }

  /** Those over WebRTC have half of the places: each costs a window what a socket costs nobody. */
  private get rtcSlots(): number {
    return Math.max(1, Math.floor(this.slots() / 2));
  }

  private best(ranked: readonly Peer[]): Set<Peer> {
    const chosen = new Set<Peer>();
    let rtc = 0;
    for (const peer of ranked) {
      if (chosen.size >= this.slots() - 1) break;
      if (peer.transport === 'webrtc' && ++rtc > this.rtcSlots) continue;
      chosen.add(peer);
    }
    return chosen;
  }

  private chooseOptimistic(wanting: readonly Candidate[], chosen: ReadonlySet<Peer>, now: number): void {
    const waiting = wanting.filter(({ peer }) => !chosen.has(peer));
    const stays = waiting.some(({ peer }) => peer === this.optimistic);
    if (stays && now < this.optimisticAt) return;
    this.optimisticAt = now + OPTIMISTIC_EVERY;
    this.optimistic = waiting[Math.floor(this.random() * waiting.length)]?.peer ?? null;
  }
}

/** Downloading: the rate that it gives us. Seeding: a turn of a minute each, the longest waiting first. */
function score({ peer, seeding }: Candidate, now: number): number {
  if (!seeding) return peer.down.rate(now);
  const turn = now - peer.unchokedAt;
  if (peer.amChoking) return turn;
  return turn < 60_000 ? Number.MAX_SAFE_INTEGER - turn : -turn;
}
