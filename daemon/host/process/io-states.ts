/** The life of the io-daemon as its supervisor sees it. What isn't in the table can't happen and changes nothing. */
import type { IoState } from '../../wire/control.ts';

/**
 * `start`: somebody needs it. `listening`: it said on which port. `idle`: it said that it ends itself. `stop`: we end it.
 * `exited`: the process is gone, whatever the reason.
 */
export type IoEvent = 'start' | 'listening' | 'idle' | 'stop' | 'exited';

export const IO_TRANSITIONS: Readonly<Record<IoState, Readonly<Partial<Record<IoEvent, IoState>>>>> = {
  STOPPED: { start: 'STARTING' },
  STARTING: { listening: 'RUNNING', stop: 'STOPPING', exited: 'STOPPED' },
  RUNNING: { idle: 'STOPPING', stop: 'STOPPING', exited: 'STOPPED' },
  STOPPING: { exited: 'STOPPED' },
};

export function nextIoState(state: IoState, event: IoEvent): IoState | null {
  return IO_TRANSITIONS[state][event] ?? null;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const WINDOW_MS = 60_000;
const DEATHS_ALLOWED = 5;

/** How long to wait after each unexpected death, and when to stop trying. */
export class RestartPolicy {
  private deaths: readonly number[] = [];

  /** `now` in monotonic ms. Gives the ms to wait, or null to give up: it died five times within a minute. */
  died(now: number): number | null {
    this.deaths = [...this.deaths.filter(at => now - at < WINDOW_MS), now];
    if (this.deaths.length >= DEATHS_ALLOWED) return null;
    return Math.min(FIRST_DELAY_MS * 2 ** (this.deaths.length - 1), LONGEST_DELAY_MS);
  }

  reset(): void {
    this.deaths = [];
  }
}
