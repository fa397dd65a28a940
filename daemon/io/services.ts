/** What all connections of this process share. */
import { Files } from './files.ts';
import { Guard } from './guard.ts';
import { HashPool } from './hash-pool.ts';
import { Kept } from './kept.ts';
import { Landing } from './landing.ts';
import { LoopDelay } from './loop-delay.ts';
import { MemoryPool } from './memory.ts';
import { OpenPorts } from './open-ports.ts';
import type { Log } from './log.ts';
import { OwnAddress } from './own-address.ts';
import { ReadBudget } from './read-budget.ts';
import { Rests } from './rests.ts';
import { Tally } from './tally.ts';
import { Writes } from './writes.ts';

export interface Counters {
  netIn: number;
  netOut: number;
  ioIn: number;
  ioOut: number;
}

export interface Services {
  readonly version: string;
  readonly started: number;
  readonly guard: Guard;
  readonly openPorts: OpenPorts;
  readonly files: Files;
  readonly pool: HashPool;
  readonly landing: Landing;
  readonly kept: Kept;
  readonly reads: ReadBudget;
  readonly writes: Writes;
  readonly counters: Counters;
  readonly log: Log;
  readonly tally: Tally;
  readonly rests: Rests;
  /** One for each who asks, as asking begins it anew. */
  readonly loopDelays: { readonly stats: LoopDelay; readonly figures: LoopDelay };
}

/** Resolves when what is being written now is. */
export async function settled({ landing, writes }: Services): Promise<void> {
  await Promise.all([landing.settled(), writes.settled()]);
}

/**
 * `address`: the one of this machine that is used, empty for all. @throws {Error} where `allow` holds something that is no CIDR range, or
 * `address` is no IP literal
 */
export function createServices(version: string, allow: readonly string[], log: Log, address = ''): Services {
  const pool = new HashPool();
  const tally = new Tally(recent => log.info(recent, 'counted in the last minute'));
  const memory = new MemoryPool();
  const landing = new Landing(pool, memory);
  return {
    version,
    started: performance.now(),
    guard: new Guard(
      allow,
      undefined,
      (rule, refused) => {
        tally.count('guard', rule);
        log.debug({ rule, address: refused }, 'an address was refused');
      },
      new OwnAddress(address),
    ),
    openPorts: new OpenPorts(),
    files: new Files(),
    pool,
    landing,
    kept: new Kept(landing),
    reads: new ReadBudget(memory),
    writes: new Writes(),
    counters: { netIn: 0, netOut: 0, ioIn: 0, ioOut: 0 },
    log,
    tally,
    loopDelays: { stats: new LoopDelay(), figures: new LoopDelay() },
    rests: new Rests(log, () => performance.now()),
  };
}
