/** The io-daemon's own counts, and its busiest sockets. */
import { Op, type Frame, type FrameOf } from '../../daemon/wire/frames.ts';
import type { Door } from './daemon-door.ts';

/** Resolves to null while the io-daemon is away. */
export function daemonStats(door: Door<Frame, Frame>): Promise<FrameOf<typeof Op.STATS_RESULT> | null> {
  return new Promise(resolve => {
    door.ask(
      id => ({ op: Op.STATS, id }),
      reply => resolve(reply?.op === Op.STATS_RESULT ? reply : null),
    );
  });
}
