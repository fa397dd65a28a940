/**
 * When the host's own engine is started and ended, as a machine without a clock: it is needed while nobody else runs one, and one that
 * ends by itself is started again after a while, longer each time.
 */

/** How long one may take to come to `/control`, in ms. */
export const START = 15_000;
const FIRST_DELAY = 5_000;
const LAST_DELAY = 600_000;

type Turn =
  | { readonly state: 'off'; readonly notBefore: number }
  | { readonly state: 'starting'; readonly until: number }
  | { readonly state: 'up' }
  /** It is being killed; `failed` where it was for what it did not do. */
  | { readonly state: 'ending'; readonly failed: boolean };

const MOVES: Readonly<Record<Turn['state'], readonly Turn['state'][]>> = {
  off: ['starting'],
  starting: ['up', 'ending', 'off'],
  up: ['ending', 'off'],
  ending: ['off'],
};

export class AwayTurns {
  private turn: Turn = { state: 'off', notBefore: -Infinity };
  private delay = FIRST_DELAY;

  /** It is there, and nobody wants it gone. */
  get isUp(): boolean {
    return this.turn.state === 'up';
  }

  /** When it may be started again, or has taken too long to come; null where there is nothing to wait for. */
  due(isWanted: boolean): number | null {
    if (this.turn.state === 'starting') return this.turn.until;
    return this.turn.state === 'off' && isWanted && this.turn.notBefore !== -Infinity ? this.turn.notBefore : null;
  }

  /** Whether it is to be started now; it then counts as started. */
  start(now: number): boolean {
    if (this.turn.state !== 'off' || now < this.turn.notBefore) return false;
    return this.move({ state: 'starting', until: now + START });
  }

  joined(): void {
    this.move({ state: 'up' });
  }

  /** It did what it was there for. */
  succeeded(): void {
    this.delay = FIRST_DELAY;
  }

  /** Whether it is to be killed, as nobody needs it, or as it failed. */
  end(failed: boolean): boolean {
    return this.move({ state: 'ending', failed });
  }

  /** Whether it is to be killed, as it did not come in time. */
  isLate(now: number): boolean {
    return this.turn.state === 'starting' && now >= this.turn.until && this.end(true);
  }

  ended(now: number): void {
    const hasFailed = this.turn.state !== 'ending' || this.turn.failed;
    if (!this.move({ state: 'off', notBefore: hasFailed ? now + this.delay : -Infinity })) return;
    if (hasFailed) this.delay = Math.min(2 * this.delay, LAST_DELAY);
  }

  private move(turn: Turn): boolean {
    if (!MOVES[this.turn.state].includes(turn.state)) return false;
    this.turn = turn;
    return true;
  }
}
