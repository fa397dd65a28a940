import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { hourKind, limitsAt, NO_HOURS, pausedUntil, slotsWithin, tighter, WORKING_HOURS } from '../../sw/engine/limits.ts';
import { Rates, whole } from '../../sw/engine/rates.ts';
import type { Limited } from '../../sw/engine/rates.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import type { Settings } from '../../sw/engine/settings.ts';
import type { Peer } from '../../sw/engine/peer.ts';

const HOUR = 3_600_000;

describe('the limits in force', () => {
  const settings = {
    downLimit: 10,
    upLimit: 20,
    altDownLimit: 3,
    altUpLimit: 4,
    altSchedule: WORKING_HOURS,
    pauseSchedule: NO_HOURS,
  } as const;
  const usual = { down: 10, up: 20 };
  const alternative = { down: 3, up: 4 };

  it('are the usual ones, or the alternative ones at once', () => {
    expect(limitsAt({ ...settings, altMode: 'off' }, Date.UTC(2026, 10, 16, 12), 0)).toEqual(usual);
    expect(limitsAt({ ...settings, altMode: 'on' }, Date.UTC(2026, 10, 15, 3), 0)).toEqual(alternative);
  });

  it.each([
    ['Monday before nine', [2026, 10, 16, 8, 59, 59], 0, usual],
    ['Monday at nine', [2026, 10, 16, 9], 0, alternative],
    ['Friday before five', [2026, 10, 20, 16, 59], 0, alternative],
    ['Friday at five', [2026, 10, 20, 17], 0, usual],
    ['Sunday', [2026, 10, 22, 12], 0, usual],
    ['eight on Monday in Tokyo, where UTC has Sunday', [2026, 10, 15, 23], 540, usual],
    ['Monday at nine in Tokyo', [2026, 10, 16, 0], 540, alternative],
    ['Friday evening in New York, where UTC has Saturday', [2026, 10, 21, 1], -300, usual],
    ['Friday at four in New York', [2026, 10, 20, 21], -300, alternative],
    ['half past nine in Kolkata', [2026, 10, 16, 4], 330, alternative],
  ] as const)('by the hour of the week: %s', (_, moment, offset, limits) => {
    const [year, month, day, hour, minute = 0, second = 0] = moment as readonly number[];
    const wall = Date.UTC(year!, month, day, hour, minute, second);
    expect(limitsAt({ ...settings, altMode: 'scheduled' }, wall, offset)).toEqual(limits);
  });

  it('agree with the calendar at every hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.array(fc.nat(2 ** 24 - 1), { minLength: 7, maxLength: 7 }),
        (wall, week) => {
          const date = new Date(wall);
          const isDue = ((week[(date.getUTCDay() + 6) % 7]! >> date.getUTCHours()) & 1) === 1;
          const limits = limitsAt({ ...settings, altMode: 'scheduled', altSchedule: week }, wall, 0);
          expect(limits).toEqual(isDue ? alternative : usual);
        },
      ),
    );
  });
});

describe('the hours of a pause', () => {
  // From Monday 22:00 to Tuesday 7:00; the slow hours lie within, too.
  const pauseSchedule = [0xc00000, 0x00007f, 0, 0, 0, 0, 0];
  const settings = { ...DEFAULT_SETTINGS, altMode: 'scheduled', altSchedule: pauseSchedule, pauseSchedule } as const;
  const utc = (): number => 0;

  it.each([
    ['before', [2026, 10, 16, 21, 59], 'usual'],
    ['from the first minute', [2026, 10, 16, 22], 'paused'],
    ['to the last', [2026, 10, 17, 6, 59], 'paused'],
    ['and not after', [2026, 10, 17, 7], 'usual'],
  ] as const)('go before slow ones: %s', (_, moment, kind) => {
    const [year, month, day, hour, minute = 0] = moment as readonly number[];
    expect(hourKind(settings, Date.UTC(year!, month, day, hour, minute), 0)).toBe(kind);
  });

  it('hold by the schedule alone', () => {
    const night = Date.UTC(2026, 10, 16, 23);
    expect(hourKind({ ...settings, altMode: 'off' }, night, 0)).toBe('usual');
    expect(hourKind({ ...settings, altMode: 'on' }, night, 0)).toBe('slow');
  });

  it('end where the next other hour begins, over midnight and the week, or never', () => {
    const seven = Date.UTC(2026, 10, 17, 7);
    expect(pausedUntil(settings, Date.UTC(2026, 10, 16, 22, 13, 7), utc)).toBe(seven);
    expect(pausedUntil(settings, seven - 1, utc)).toBe(seven);
    const week = NO_HOURS.map(() => 0xffffff);
    expect(pausedUntil({ ...settings, pauseSchedule: week }, seven, utc)).toBeNull();
    const allButMonday = [0xfffffe, ...week.slice(1)];
    expect(pausedUntil({ ...settings, pauseSchedule: allButMonday }, Date.UTC(2026, 10, 16, 1), utc)).toBe(
      Date.UTC(2026, 10, 23),
    );
  });

  it('end by local time, in half hours of UTC and where summer time ends in between', () => {
    // 22:30 in Kolkata.
    expect(pausedUntil(settings, Date.UTC(2026, 10, 16, 17), () => 330)).toBe(Date.UTC(2026, 10, 17, 1, 30));
    const change = Date.UTC(2026, 10, 17, 1);
    const berlin = (wall: number): number => (wall < change ? 120 : 60);
    expect(pausedUntil(settings, Date.UTC(2026, 10, 16, 21), berlin)).toBe(Date.UTC(2026, 10, 17, 6));
  });
});

test('no limit is wider than any', () => {
  expect([tighter(0, 0), tighter(0, 5), tighter(5, 0), tighter(5, 7)]).toEqual([0, 5, 5, 5]);
});

test('a tight limit is shared by fewer', () => {
  expect([0, 1_000, 35_000, 80_000, 1e9].map(limit => slotsWithin(limit, 8))).toEqual([8, 2, 3, 8, 8]);
});

describe('the groups of the limits', () => {
  function setUp(settings: Partial<Settings> = {}) {
    const told: string[] = [];
    let current: Settings = { ...DEFAULT_SETTINGS, ...settings };
    const clock = { now: Date.UTC(2026, 10, 16, 8, 30), wall: () => clock.now, offset: () => 0 };
    const rates = new Rates(
      {
        limit: (group, parent, direction, rate) => void told.push(`${group} below ${parent}: ${direction} ${rate}`),
        unlimit: group => void told.push(`no ${group}`),
        join: (conn, group) => void told.push(`${conn} in ${group}`),
      },
      clock,
      () => current,
    );
    const take = (): string[] => told.splice(0);
    const configure = (change: Partial<Settings>): void => {
      current = { ...current, ...change };
      rates.review();
    };
    return { rates, clock, configure, take };
  }

  function torrent(downLimit = 0, upLimit = 0, peers = 0) {
    const all = new Map<number, Peer>();
    for (let conn = 1; conn <= peers; conn++) all.set(conn, { inflight: 1 } as Peer);
    return { options: { downLimit, upLimit }, webSeeds: { active: 0 }, peers: all, content: { share: whole() } };
  }

  it('are one a direction for all, told when they change', () => {
    const { rates, configure, take } = setUp({ downLimit: 5_000 });
    rates.attach();
    expect(take()).toEqual(['1 below 0: down 5000', '2 below 0: up 0']);
    rates.tick([]);
    configure({ downLimit: 5_000 });
    expect(take()).toEqual([]);
    configure({ upLimit: 7_000, altMode: 'on', altUpLimit: 2_000 });
    expect(take()).toEqual(['1 below 0: down 1000000', '2 below 0: up 2000']);
    rates.joined(torrent(), 9);
    expect(take()).toEqual(['9 in 1', '9 in 2']);
  });

  it('follow the schedule by the clock, also where it jumps', () => {
    const { rates, clock, take } = setUp({ altMode: 'scheduled', altDownLimit: 3_000, altUpLimit: 0 });
    rates.attach();
    take();
    clock.now += 29 * 60_000;
    rates.tick([]);
    expect(take()).toEqual([]);
    clock.now += 60_000;
    rates.tick([]);
    expect(take()).toEqual(['1 below 0: down 3000']);
    clock.now += 24 * 5 * HOUR;
    rates.tick([]);
    expect(take()).toEqual(['1 below 0: down 0']);
    clock.now -= 24 * 5 * HOUR;
    rates.tick([]);
    expect(take()).toEqual(['1 below 0: down 3000']);
  });

  it('are one more for a torrent with a limit of its own, while it has connections', () => {
    const { rates, take } = setUp();
    rates.attach();
    take();
    const one = torrent(4_000, 0, 2);
    rates.joined(one, 1);
    expect(take()).toEqual(['3 below 1: down 4000', '1 in 3', '1 in 2']);
    rates.joined(one, 2);
    expect(take()).toEqual(['2 in 3', '2 in 2']);
    one.options.downLimit = 6_000;
    one.options.upLimit = 1_000;
    rates.settle(one);
    expect(take()).toEqual(['3 below 1: down 6000', '4 below 2: up 1000', '1 in 4', '2 in 4']);
    one.options.downLimit = 0;
    rates.settle(one);
    expect(take()).toEqual(['no 3']);
    one.peers.clear();
    rates.tick([one]);
    expect(take()).toEqual(['no 4']);
    rates.tick([one]);
    expect(take()).toEqual([]);
  });

  it('are told anew where the connection to who keeps to them was lost', () => {
    const { rates, configure, take } = setUp({ upLimit: 9_000 });
    const one = torrent(4_000, 0, 1);
    rates.attach();
    rates.joined(one, 1);
    rates.detach();
    take();
    configure({ downLimit: 8_000 });
    rates.settle(one);
    expect(take()).toEqual([]);
    rates.attach();
    rates.joined(one, 1);
    expect(take()).toEqual(['1 below 0: down 8000', '2 below 0: up 9000', '4 below 1: down 4000', '1 in 4', '1 in 2']);
  });

  it('leave each peer a part of what is asked for ahead, a block at least, and time for it', () => {
    const { rates, configure } = setUp();
    const [many, few, own]: Limited[] = [torrent(0, 0, 30), torrent(0, 0, 10), torrent(16_384, 0, 2)];
    rates.attach();
    rates.tick([many!, few!, own!]);
    expect(many!.content!.share).toEqual(whole());
    expect(own!.content!.share).toEqual({ blocks: 5, patience: 20_000 });
    configure({ downLimit: 42 * 16_384 });
    rates.tick([many!, few!, own!]);
    expect(few!.content!.share).toEqual({ blocks: 10, patience: 20_000 });
    configure({ downLimit: 1_024 });
    rates.tick([many!, few!, own!]);
    expect(many!.content!.share).toEqual({ blocks: 1, patience: 2 * 42 * 16_000 });
  });
});
