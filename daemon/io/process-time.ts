/** Time as this process has it, for what is driven by time and nothing else. */
import type { Time } from '../wire/throttle.ts';

export const PROCESS_TIME: Time = {
  now: () => performance.now(),
  after(ms, run) {
    if (ms <= 0) {
      const turn = setImmediate(run);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(run, Math.ceil(ms));
    return () => clearTimeout(timer);
  },
};
