import type { RateDirection } from './effects.ts';
import type { Peer } from './peer.ts';
import { leftOf, limitsAt, NO_LIMITS, tighter } from './limits.ts';
import type { LimitSettings, RateLimits } from './limits.ts';
import { BLOCK } from './model/layout.ts';

/** The groups that all connections are in, of their torrent's or at once. */
const ALL: Readonly<Record<RateDirection, number>> = { down: 1, up: 2 };
const DIRECTIONS: readonly RateDirection[] = ['down', 'up'];
/** Seconds of a limit that are asked for ahead: as with all depths, too little costs more than too much. */
const SECONDS_AHEAD = 10;

/** What one peer may be asked for while a limit holds. */
export interface Share {
  /** Blocks in flight; Infinity where there is no limit. */
  blocks: number;
  /** Ms that a block may take for the limit's sake alone. */
  patience: number;
}

export const whole = (): Share => ({ blocks: Infinity, patience: 0 });

/** A torrent, as far as it is seen here. */
export interface Limited {
  readonly options: { readonly downLimit: number; readonly upLimit: number };
  readonly peers: ReadonlyMap<number, Peer>;
  readonly webSeeds: { readonly active: number };
  readonly content: { readonly share: Share } | null;
}

/** Who keeps to the limits: groups of connections, each below another or none. */
export interface RateGroups {
  limit(group: number, parent: number, direction: RateDirection, rate: number): void;
  /** What was in it is in the one above it. */
  unlimit(group: number): void;
  join(conn: number, group: number): void;
}

interface Own {
  readonly group: number;
  rate: number;
}

/**
 * The limits in force, told to who keeps to them: one group a direction for all, and below it one for each torrent that
 * has a limit of its own and connections. Peers of the same network are not exempt.
 */
export class Rates {
  inForce: RateLimits = NO_LIMITS;
  /** What another engine under the same limits moves, bytes a second. */
  elsewhere: RateLimits = NO_LIMITS;
  private attached = false;
  private lastGroup = ALL.up;
  /** Peers asked, or to be asked, over all torrents, a moment ago. */
  private active = 0;
  private readonly own = new Map<Limited, Map<RateDirection, Own>>();

  constructor(
    private readonly groups: RateGroups,
    private readonly clock: { wall(): number; offset(wall: number): number },
    private readonly settings: () => LimitSettings,
  ) {}

  /** Connections can be made from now on. */
  attach(): void {
    this.attached = true;
    this.inForce = this.due();
    for (const direction of DIRECTIONS) this.groups.limit(ALL[direction], 0, direction, this.inForce[direction]);
  }

  /** They are gone, and so are their groups. */
  detach(): void {
    this.attached = false;
    this.own.clear();
  }

  /** Limits as they are due now, for all torrents. */
  review(): void {
    const before = this.inForce;
    this.inForce = this.due();
    if (!this.attached) return;
    for (const direction of DIRECTIONS) {
      const rate = this.inForce[direction];
      if (rate !== before[direction]) this.groups.limit(ALL[direction], 0, direction, rate);
    }
  }

  /** Once a second: limits by the clock, and what each peer may be asked for within them. */
  tick(torrents: Iterable<Limited>): void {
    this.review();
    let active = 0;
    const counted: { torrent: Limited; count: number }[] = [];
    for (const torrent of torrents) {
      this.settle(torrent);
      const count = torrent.peers.size > 0 ? activeOf(torrent) : 0;
      counted.push({ torrent, count });
      active += count;
    }
    this.active = active;
    for (const { torrent, count } of counted) this.divide(torrent, count, active);
  }

  private divide(torrent: Limited, count: number, active: number): void {
    const own = shareOf(torrent.options.downLimit, count);
    const among = shareOf(this.inForce.down, active);
    if (!torrent.content) return;
    const { share } = torrent.content;
    share.blocks = Math.min(own.blocks, among.blocks);
    share.patience = Math.max(own.patience, among.patience);
  }

  /** A connection of that torrent stands, or is being made. */
  joined(torrent: Limited, conn: number): void {
    // Until they are counted each may become one of those that are asked.
    const { size } = torrent.peers;
    this.divide(torrent, size, Math.max(this.active, size));
    for (const direction of DIRECTIONS) this.groups.join(conn, this.groupOf(torrent, direction));
  }

  /** The group for what the torrent moves in that direction; made where its own limit calls for one. */
  groupOf(torrent: Limited, direction: RateDirection): number {
    const rate = torrent.options[`${direction}Limit`];
    if (rate === 0) return ALL[direction];
    const own = this.own.get(torrent) ?? new Map<RateDirection, Own>();
    this.own.set(torrent, own);
    let entry = own.get(direction);
    if (!entry) {
      this.lastGroup += 1;
      entry = { group: this.lastGroup, rate };
      own.set(direction, entry);
      this.groups.limit(entry.group, ALL[direction], direction, rate);
    }
    return entry.group;
  }

  /** Its options may have changed, or its last connection ended. */
  settle(torrent: Limited): void {
    if (!this.attached) return;
    for (const direction of DIRECTIONS) {
      const rate = torrent.options[`${direction}Limit`];
      const own = this.own.get(torrent)?.get(direction);
      if (own && (rate === 0 || (torrent.peers.size === 0 && torrent.webSeeds.active === 0))) {
        this.groups.unlimit(own.group);
        this.own.get(torrent)?.delete(direction);
      } else if (own && own.rate !== rate) {
        own.rate = rate;
        this.groups.limit(own.group, ALL[direction], direction, rate);
      } else if (!own && rate > 0 && torrent.peers.size > 0) {
        const group = this.groupOf(torrent, direction);
        for (const conn of torrent.peers.keys()) this.groups.join(conn, group);
      }
    }
    if (this.own.get(torrent)?.size === 0) this.own.delete(torrent);
  }

  /** What holds for a torrent: its own limit, or that of all where it is lower. */
  of({ options }: Limited): RateLimits {
    return { down: tighter(options.downLimit, this.inForce.down), up: tighter(options.upLimit, this.inForce.up) };
  }

  private due(): RateLimits {
    const wall = this.clock.wall();
    const { down, up } = limitsAt(this.settings(), wall, this.clock.offset(wall));
    return { down: leftOf(down, this.elsewhere.down), up: leftOf(up, this.elsewhere.up) };
  }
}

/** A part of a few seconds of the limit for each, a block at least; and how long those in flight then take, twice. */
function shareOf(limit: number, active: number): Share {
  if (limit === 0) return whole();
  const among = Math.max(1, active);
  const blocks = Math.max(1, Math.ceil((limit * SECONDS_AHEAD) / BLOCK / among));
  return { blocks, patience: (2 * 1000 * blocks * among * BLOCK) / limit };
}

function activeOf({ peers }: Limited): number {
  let count = 0;
  for (const peer of peers.values()) if (peer.inflight > 0 || (peer.amInterested && !peer.peerChoking)) count += 1;
  return count;
}
