import { Budget } from './budget.ts';
import { Candidates } from './candidates.ts';
import { Choker } from './choker.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { Archive } from './journal.ts';
import { slotsWithin } from './limits.ts';
import type { Loop } from './loop.ts';
import type { Peer } from './peer.ts';
import { Rates } from './rates.ts';
import type { Registry } from './registry.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import type { Settings } from './settings.ts';
import type { Torrent } from './torrent.ts';
import { subnetOf } from './codec/address.ts';
import type { InfoHash } from './model/ids.ts';

/** Pieces in the making, over all torrents: below what the store allows, so that it never has to pause a socket. */
const MEMORY = 64 << 20;
const MAX_CONNECTING = 30;
/** Requests to web seeds: half of what the daemon takes, so that trackers are heard as well. */
const MAX_FETCHES = 32;

/** What there is only so much of, shared out among all torrents: connections, memory, requests, rates and places to download from us. */
export class Shares {
  readonly limits = new ConnectionLimits(DEFAULT_SETTINGS.maxConnections, MAX_CONNECTING);
  /** Memory for what happened to each. */
  readonly archive = new Archive();
  readonly fetches = { max: MAX_FETCHES, open: 0 };
  readonly budget: Budget;
  readonly rates: Rates;
  private readonly choker: Choker;
  private readonly candidates: Candidates;

  /** `random`: uniform in [0, 1). `store.backed`: a longer piece goes to the disk block by block, bytes. */
  constructor(
    clock: { now(): number; wall(): number; offset(wall: number): number },
    store: { readonly backed: number },
    random: () => number,
    private readonly loop: Loop,
    private readonly torrents: Registry<Torrent>,
    private readonly settings: () => Settings,
  ) {
    this.budget = new Budget(MEMORY, () => store.backed);
    this.rates = new Rates(loop.connections, clock, settings);
    this.choker = new Choker(random, () => slotsWithin(this.rates.inForce.up, settings().maxUploads));
    this.candidates = new Candidates(
      () => torrents.values(),
      () => clock.now(),
    );
  }

  /** The settings were read. */
  begin(): void {
    const { maxConnections, utp, banned } = this.settings();
    this.limits.max = maxConnections;
    this.limits.utp = utp;
    this.limits.banned = new Set(banned.map(subnetOf));
  }

  /** The settings are others. */
  review(): void {
    this.begin();
    this.rates.review();
  }

  /** No connection is begun any more. */
  close(): void {
    this.limits.max = 0;
  }

  /** A peer of that torrent wants something of us. */
  interested(id: InfoHash, peer: Peer): void {
    const torrent = this.torrents.get(id);
    if (torrent) this.choker.interested(this.candidates.of(torrent, peer), this.candidates.unchoked);
  }

  /** Once a second. */
  tick(now: number): void {
    this.loop.run(() => this.rates.tick(this.torrents.values()));
    this.loop.run(() => this.choker.tick(this.candidates.all(), now));
  }
}
