import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GRACE, Lease, type LeaseEffect, RECALL, RENEWAL } from '../../daemon/host/control/lease.ts';

const YIELDED = { reserve: 0, work: true };

/** A lease, what came of each step, and a way to have time pass. */
class Bench {
  readonly lease: Lease;
  now = 1_000;
  private lastId = 0;
  readonly said: string[] = [];

  constructor(hasAway = false) {
    this.lease = new Lease(hasAway);
  }

  hear(effects: readonly LeaseEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'grant') this.said.push(`grant ${effect.to}`);
      else if (effect.do === 'recall') this.said.push(`recall ${effect.from}`);
      else this.said.push(effect.do);
    }
  }

  join(install: string, kind: 'app' | 'away' = 'app'): number {
    const id = ++this.lastId;
    this.hear(this.lease.join({ id, install, kind }, this.now));
    return id;
  }

  leave(id: number): void {
    this.hear(this.lease.leave(id, this.now));
  }

  yield(id: number, what = YIELDED): void {
    this.hear(this.lease.yield(id, what, this.now));
  }

  take(id: number): void {
    this.hear(this.lease.take(id, this.now));
  }

  renew(id: number): void {
    this.hear(this.lease.renew(id, this.now));
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (let due = this.lease.due; due !== null && due <= end; due = this.lease.due) {
      this.now = Math.max(this.now, due);
      this.hear(this.lease.tick(this.now));
    }
    this.now = end;
  }

  /** What was said since the last time. */
  heard(): string[] {
    return this.said.splice(0);
  }
}

describe('the lease', () => {
  it('goes to the first, and the next one follows', () => {
    const bench = new Bench();
    const [a, b] = [bench.join('a'), bench.join('b')];
    expect(bench.heard()).toEqual([`grant ${a}`]);
    expect([bench.lease.isHeldFrom(a), bench.lease.isHeldFrom(b)]).toEqual([false, true]);
  });

  it('moves to a newer connection of the same browser at once', () => {
    const bench = new Bench();
    bench.join('a');
    bench.join('b');
    const again = bench.join('a');
    expect(bench.heard()).toEqual(['grant 1', 'revoke', `grant ${again}`]);
  });

  it('waits a moment for a holder whose connection was lost, and for no other', () => {
    const bench = new Bench();
    const a = bench.join('a');
    const b = bench.join('b');
    bench.leave(a);
    bench.pass(GRACE - 1);
    expect(bench.heard()).toEqual(['grant 1', 'revoke']);
    const again = bench.join('a');
    expect(bench.heard()).toEqual([`grant ${again}`]);
    bench.leave(again);
    bench.pass(GRACE);
    expect(bench.heard()).toEqual(['revoke', `grant ${b}`]);
  });

  it('is lost by silence, and given again only to who is heard', () => {
    const bench = new Bench();
    const a = bench.join('a');
    for (let time = 0; time < 5; time++) {
      bench.pass(RENEWAL - 1);
      bench.renew(a);
    }
    bench.pass(RENEWAL);
    expect(bench.heard()).toEqual(['grant 1', 'revoke']);
    bench.pass(10 * RENEWAL);
    expect(bench.lease.state).toBe('free');
    bench.renew(a);
    expect(bench.heard()).toEqual([`grant ${a}`]);
  });

  it('is not lost by a silence that this computer slept through', () => {
    const bench = new Bench();
    bench.join('a');
    bench.now += 3_600_000;
    bench.hear(bench.lease.tick(bench.now));
    expect(bench.heard()).toEqual(['grant 1']);
    bench.pass(RENEWAL);
    expect(bench.heard()).toEqual(['revoke']);
  });

  it('is taken: the holder is asked, and given what is left of its time', () => {
    const bench = new Bench();
    const [a, b] = [bench.join('a'), bench.join('b')];
    bench.heard();
    bench.take(b);
    expect([bench.heard(), bench.lease.holder]).toEqual([[`recall ${a}`], a]);
    bench.yield(a);
    expect(bench.heard()).toEqual(['revoke', `grant ${b}`]);
    bench.take(a);
    bench.pass(RECALL);
    expect(bench.heard()).toEqual([`recall ${b}`, 'revoke', `grant ${a}`]);
  });

  it('falls back to a follower that once yielded as it was asked to', () => {
    const bench = new Bench();
    const [a, b] = [bench.join('a'), bench.join('b')];
    bench.take(b);
    bench.yield(a);
    bench.yield(b);
    expect(bench.lease.holder).toBe(a);
  });

  it('is not given back to who yielded unasked, until it asks', () => {
    const bench = new Bench();
    const a = bench.join('a');
    bench.yield(a);
    expect([bench.lease.state, bench.heard()]).toEqual(['free', ['grant 1', 'revoke']]);
    bench.take(a);
    expect(bench.lease.holder).toBe(a);
  });

  it('is reserved for the next version of the same app, and no longer than that', () => {
    const bench = new Bench();
    const [a, b] = [bench.join('a'), bench.join('b')];
    bench.yield(a, { reserve: 30_000, work: true });
    bench.leave(a);
    bench.pass(29_999);
    expect(bench.lease.holder).toBe(null);
    const next = bench.join('a');
    expect(bench.lease.holder).toBe(next);
    bench.yield(next, { reserve: 30_000, work: true });
    bench.pass(30_000);
    expect(bench.lease.holder).toBe(b);
  });
});

describe("the host's own engine", () => {
  const started = (): Bench => {
    const bench = new Bench(true);
    bench.hear(bench.lease.begin(bench.now));
    expect(bench.heard()).toEqual(['startAway']);
    return bench;
  };

  it('is started where nobody is there, and yields to who comes', () => {
    const bench = started();
    const away = bench.join('(away)', 'away');
    const app = bench.join('a');
    expect(bench.heard()).toEqual([`grant ${away}`, `recall ${away}`]);
    bench.yield(away);
    expect(bench.heard()).toEqual(['killAway', 'revoke', `grant ${app}`]);
    bench.leave(away);
    bench.hear(bench.lease.awayEnded(bench.now));
    bench.leave(app);
    bench.pass(GRACE);
    expect(bench.heard()).toEqual(['revoke', 'startAway']);
  });

  it('yields to an app that had been silent, as soon as that is heard', () => {
    const bench = started();
    const app = bench.join('a');
    bench.hear(bench.lease.awayEnded(bench.now));
    bench.pass(RENEWAL);
    expect(bench.heard()).toEqual([`grant ${app}`, 'killAway', 'revoke', 'startAway']);
    const away = bench.join('(away)', 'away');
    bench.pass(RENEWAL - 1);
    bench.renew(app);
    expect(bench.heard()).toEqual([`grant ${away}`, `recall ${away}`]);
    bench.yield(away);
    expect(bench.heard()).toEqual(['killAway', 'revoke', `grant ${app}`]);
  });

  it('is killed where it does not yield', () => {
    const bench = started();
    bench.join('(away)', 'away');
    const app = bench.join('a');
    bench.heard();
    bench.pass(RECALL);
    expect(bench.heard()).toEqual(['killAway', 'revoke', `grant ${app}`]);
  });

  it('is killed where an app comes before it does, and is given nothing then', () => {
    const bench = started();
    const app = bench.join('a');
    expect(bench.heard()).toEqual([`grant ${app}`, 'killAway']);
    bench.join('(away)', 'away');
    bench.yield(app);
    expect(bench.heard()).toEqual(['revoke']);
    bench.hear(bench.lease.awayEnded(bench.now));
    expect(bench.heard()).toEqual(['startAway']);
  });

  it('is not started again where it, or an app, has found nothing to do, until there may be something', () => {
    const bench = started();
    const away = bench.join('(away)', 'away');
    bench.yield(away, { reserve: 0, work: false });
    bench.leave(away);
    bench.hear(bench.lease.awayEnded(bench.now));
    bench.pass(3_600_000);
    const app = bench.join('a');
    bench.yield(app, { reserve: 0, work: false });
    bench.leave(app);
    bench.pass(3_600_000);
    expect(bench.heard()).toEqual([`grant ${away}`, 'killAway', 'revoke', `grant ${app}`, 'revoke']);
    bench.hear(bench.lease.wake(bench.now));
    expect(bench.heard()).toEqual(['startAway']);
  });

  it('is started again ever more slowly where it keeps ending', () => {
    const bench = started();
    const waits: number[] = [];
    for (let time = 0; time < 9; time++) {
      const at = bench.now;
      bench.hear(bench.lease.awayEnded(bench.now));
      while (bench.heard().length === 0) bench.pass(1_000);
      waits.push((bench.now - at) / 1_000);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 600, 600]);
  });

  it('is killed and started again where it never comes', () => {
    const bench = started();
    bench.pass(15_000);
    expect(bench.heard()).toEqual(['killAway']);
    bench.hear(bench.lease.awayEnded(bench.now));
    bench.pass(5_000);
    expect(bench.heard()).toEqual(['startAway']);
  });
});

describe('whatever happens', () => {
  const INSTALLS = ['a', 'b', 'c'];
  const member = fc.nat(20);
  const step = fc.oneof(
    fc.record({ do: fc.constant('join' as const), install: fc.constantFrom(...INSTALLS) }),
    fc.record({ do: fc.constantFrom('leave' as const, 'renew' as const, 'take' as const), member }),
    fc.record({ do: fc.constant('yield' as const), member, reserve: fc.constantFrom(0, 30_000), work: fc.boolean() }),
    fc.record({ do: fc.constantFrom('away comes' as const, 'away ends' as const, 'wake' as const) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 1_999, 2_000, 3_000, 14_999, 15_000, 30_000) }),
  );

  /** What the world believes, as it is told: of all, only who was granted it last and not revoked since may act. */
  class World extends Bench {
    readonly joined: { id: number; install: string; kind: 'app' | 'away' }[] = [];
    isAwayUp = false;
    believed: number | null = null;

    override hear(effects: readonly LeaseEffect[]): void {
      for (const effect of effects) {
        if (effect.do === 'grant') {
          // Nobody is granted what another has and was not told to have lost.
          expect(this.believed).toBe(null);
          this.believed = effect.to;
        } else if (effect.do === 'revoke') this.believed = null;
        else if (effect.do === 'recall') expect(effect.from).toBe(this.believed);
        else if (effect.do === 'startAway') {
          expect(this.isAwayUp).toBe(false);
          this.isAwayUp = true;
        }
      }
    }

    act(one: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
      switch (one.do) {
        case 'join': {
          this.forget(({ install }) => install === one.install);
          this.joined.push({ id: this.join(one.install), install: one.install, kind: 'app' });
          return;
        }
        case 'away comes':
          if (!this.isAwayUp || this.joined.some(({ kind }) => kind === 'away')) return;
          this.joined.push({ id: this.join('(away)', 'away'), install: '(away)', kind: 'away' });
          return;
        case 'away ends': {
          if (!this.isAwayUp) return;
          const away = this.joined.find(({ kind }) => kind === 'away');
          this.forget(({ kind }) => kind === 'away');
          if (away !== undefined) this.leave(away.id);
          this.isAwayUp = false;
          this.hear(this.lease.awayEnded(this.now));
          return;
        }
        case 'wake':
          this.hear(this.lease.wake(this.now));
          return;
        case 'pass':
          this.pass(one.ms);
          return;
        case 'leave':
        case 'renew':
        case 'take':
        case 'yield': {
          const found = this.joined[one.member % Math.max(1, this.joined.length)];
          if (found === undefined) return;
          if (one.do === 'leave') {
            if (found.kind === 'away') return;
            this.forget(({ id }) => id === found.id);
            this.leave(found.id);
          } else if (one.do === 'renew') this.renew(found.id);
          else if (one.do === 'yield') this.yield(found.id, one);
          else if (found.kind === 'app') this.take(found.id);
          return;
        }
        default:
          one satisfies never;
      }
    }

    private forget(fits: (one: World['joined'][number]) => boolean): void {
      const index = this.joined.findIndex(fits);
      if (index >= 0) this.joined.splice(index, 1);
    }
  }

  it('nobody holds it beside another, who holds it is there, and no state but holding lasts', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const world = new World(true);
        world.hear(world.lease.begin(world.now));
        for (const one of steps) {
          world.act(one);
          expect(world.lease.holder).toBe(world.believed);
          if (world.believed !== null) expect(world.joined.map(({ id }) => id)).toContain(world.believed);
          // What waits has an end.
          if (world.lease.state !== 'free') expect(world.lease.due).not.toBe(null);
        }
        world.pass(31_000);
        expect(['free', 'held']).toContain(world.lease.state);
        // Whoever is heard now gets it, where no other app has it: from the host's own engine as well.
        world.act({ do: 'away ends' });
        world.act({ do: 'wake' });
        for (let time = 0; time < 130 && !world.isAwayUp; time++) world.pass(5_000);
        world.act({ do: 'away comes' });
        const app = world.joined.findLast(({ kind }) => kind === 'app');
        if (app === undefined) return;
        world.renew(app.id);
        world.pass(RECALL);
        expect(world.joined.find(({ id }) => id === world.lease.holder)?.kind).toBe('app');
      }),
      { numRuns: 3_000 },
    );
  });

  it('it goes to an app within two seconds, whatever the engine of the host is doing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const world = new World(true);
        world.hear(world.lease.begin(world.now));
        for (const one of steps) world.act(one);
        for (const { id, kind } of [...world.joined])
          if (kind === 'app') world.act({ do: 'leave', member: world.joined.findIndex(one => one.id === id) });
        world.pass(30_000);
        const id = world.join('a');
        world.pass(RECALL);
        expect(world.lease.holder).toBe(id);
      }),
      { numRuns: 2_000 },
    );
  });
});
