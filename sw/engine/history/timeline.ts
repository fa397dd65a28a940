/** Ms that the clock on the wall may stray from the steady one between two looks, and by which a look may be late, and the time is measured all the same. */
const STRAY = 3_000;
const LATE = 5_000;

/** Between two looks, ms since 1970. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** What moved in it is known to have moved then; else it was at some time of it, or of what lies before. */
  readonly isMeasured: boolean;
  /** Ms that nobody looked although somebody should have: the computer slept, or its clock was set ahead. */
  readonly missed: number;
  /** Ms by which the clock was set back. */
  readonly setBack: number;
}

/** Two clocks, one of which a person can set and one of which may stand still while the computer sleeps. */
export class Timeline {
  private last: { readonly now: number; readonly wall: number } | null = null;

  /** Whole ms come of it, whatever the clocks tell. `rested`: nothing was to be done since the last look, so that nobody looked. */
  look(steady: number, told: number, rested: boolean): Stretch {
    const [now, wall] = [Math.floor(steady), Math.floor(told)];
    const last = this.last ?? { now, wall };
    this.last = { now, wall };
    const passed = now - last.now;
    const ahead = wall - last.wall - passed;
    const isSteady = Math.abs(ahead) <= STRAY;
    const isMeasured = passed <= LATE || (rested && isSteady);
    return {
      from: Math.min(wall, isSteady ? last.wall : wall - passed),
      to: wall,
      isMeasured,
      missed: ahead > STRAY ? ahead : isMeasured ? 0 : passed,
      setBack: ahead < -STRAY ? -ahead : 0,
    };
  }
}
