/** The io-daemon's own counts, for measurements. */
import { Op, type Frame, type IoStats } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

/** Resolves to null while the io-daemon is away. */
export function daemonStats(door: Door<Frame, Frame>): Promise<Readonly<Record<keyof IoStats, number>> | null> {
  return new Promise(resolve => {
    door.ask(
      id => ({ op: Op.STATS, id }),
      reply => resolve(reply?.op === Op.STATS_RESULT ? reply.stats : null),
    );
  });
}
