import { expect, test } from 'vitest';
import { History, MAX_TORRENT_RINGS } from '../../sw/engine/history/history.ts';
import { MAX_MARKS } from '../../sw/engine/history/marks.ts';
import { decodeHistory } from '../../sw/engine/history/record.ts';
import { MAX_WATCHED, TrackerWatch } from '../../sw/engine/history/tracker-watch.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';

const START = Date.UTC(2026, 5, 1, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function torrent(id: number, before = 0) {
  return { id: id.toString(16).padStart(40, '0'), downloaded: before, uploaded: 0, before: { downloaded: before, uploaded: 0 } };
}

function setUp(record: Uint8Array | null = null, wall = START, settings = DEFAULT_SETTINGS) {
  const world = { now: 50_000, wall, offset: 0, settings };
  // No clock of a computer that tells how long it runs tells whole numbers.
  const clock = { now: () => world.now + (world.now % 7) / 10, wall: () => world.wall, offset: () => world.offset };
  const history = new History(clock, () => world.settings, START);
  if (record) history.restore(record, START);
  const one = torrent(1);
  const pass = (ms: number, awake = ms): void => {
    world.wall += ms;
    world.now += awake;
  };
  /** So many seconds, in each of which so much comes. */
  const run = (seconds: number, down: number, beat = SECOND): void => {
    for (let second = 0; second < seconds; second++) {
      pass(beat);
      one.downloaded += down;
      history.at(one);
      history.second(false);
    }
  };
  history.second(false);
  return { world, history, one, pass, run };
}

test('a rate is that of the time measured, however the beats fall on the seconds, and a gap where nobody did', () => {
  const { history, run } = setUp(null, START + 370);
  run(30, 1_000, 1_030);
  const { from, step, down, up } = history.view('minutes', null);
  expect({ step, end: from + down.length * step }).toEqual({ step: SECOND, end: START + 32_000 });
  const measured = down.filter(rate => rate >= 0);
  expect(measured).toHaveLength(32);
  for (const rate of measured) expect(Math.abs(rate - 971)).toBeLessThan(5);
  expect(up.filter(rate => rate >= 0)).toEqual(measured.map(() => 0));
  expect(history.view('day', null).down.slice(-2)).toEqual([-1, 971]);
});

test('what is not measured is no rate, and counts in the totals: the computer slept, or the engine stood still', () => {
  const { history, one, pass, run } = setUp();
  run(10, 500);
  // The steady clock stands still while the computer sleeps.
  pass(20 * MINUTE, SECOND);
  one.downloaded += 3_000;
  history.at(one);
  history.second(false);
  run(10, 500);
  const { down } = history.view('minutes', null);
  expect(down.slice(-12)).toEqual([-1, 3_000, ...Array<number>(10).fill(500)].slice(-12));
  expect(down.slice(0, -12).every(rate => rate === -1)).toBe(true);
  expect(history.view('day', null).marks).toMatchObject([{ kind: 'asleep', ms: 20 * MINUTE - SECOND }]);
  // Both clocks went on, and nobody looked.
  pass(2 * MINUTE);
  one.downloaded += 7_000;
  history.at(one);
  history.second(false);
  run(1, 500);
  expect(history.view('minutes', null).down.slice(-3)).toEqual([-1, -1, 500]);
  expect(history.view('minutes', null).totals.session.down).toBe(20 * 500 + 500 + 10_000);
  expect(history.view('day', null).marks.map(({ kind }) => kind)).toEqual(['asleep', 'asleep']);
});

test('an engine with nothing to do moved nothing, which is no gap; one that slept then is', () => {
  const { history, pass, run } = setUp();
  run(5, 100);
  pass(100 * SECOND);
  history.second(true);
  expect(history.view('minutes', null).down.filter(rate => rate === 0)).toHaveLength(100);
  pass(100 * SECOND, 40 * SECOND);
  history.second(true);
  const { down } = history.view('minutes', null);
  expect(down.slice(-100).every(rate => rate === -1)).toBe(true);
});

test('a clock that is set back takes nothing along, and one that was ahead leaves nothing in the time to come', () => {
  const { world, history, pass, run } = setUp();
  run(60, 100);
  pass(-HOUR + SECOND, SECOND);
  history.second(false);
  run(10, 200);
  expect(history.view('minutes', null).down.slice(-12)).toEqual([-1, 0, ...Array<number>(10).fill(200)]);
  expect(history.view('minutes', null).marks).toMatchObject([{ kind: 'clock', ms: HOUR }]);
  world.wall += 1_000 * DAY;
  run(1, 100);
  const later = setUp(history.record(), START + 5 * MINUTE);
  later.run(3, 100);
  expect(later.history.view('minutes', null).down.slice(-4)).toEqual([-1, 100, 100, 100]);
  expect(later.history.view('month', null).down.at(-1)).toBeGreaterThan(0);
});

test('the next engine goes on with rings, totals, days and marks; the session is that of the same name', () => {
  const first = setUp();
  first.run(90, 1_000);
  first.world.settings = { ...DEFAULT_SETTINGS, downLimit: 50_000 };
  first.run(1, 1_000);
  const next = setUp(first.history.record(), START + 95 * SECOND, first.world.settings);
  expect(next.history.view('day', null)).toEqual(first.history.view('day', null));
  next.run(10, 2_000);
  const view = next.history.view('minutes', null);
  // The limits that it finds are those that it was told of: nothing is said twice.
  expect(view.marks.map(({ kind }) => kind)).toEqual(['limits']);
  expect(view.down.slice(-16)).toEqual([
    ...Array<number>(2).fill(1_000),
    ...Array<number>(4).fill(-1),
    ...Array<number>(10).fill(2_000),
  ]);
  expect(view.totals).toEqual({
    session: { since: START, down: 111_000, up: 0 },
    ever: { since: START, down: 111_000, up: 0 },
    days: [{ day: START / DAY - 0.5, down: 111_000, up: 0 }],
  });
  const other = setUp();
  other.history.restore(first.history.record(), START + HOUR);
  expect(other.history.view('day', null).totals).toMatchObject({
    session: { since: START + HOUR, down: 0 },
    ever: { down: 91_000 },
  });
});

test('days are those of local time, and thirty are kept', () => {
  const { world, history, run } = setUp();
  world.offset = 11 * 60;
  for (let day = 0; day < 40; day++) {
    run(1, 1_000);
    world.wall += DAY;
  }
  const { days } = history.view('month', null).totals;
  expect(days).toHaveLength(30);
  expect(days.every(({ down }) => down === 1_000)).toBe(true);
  world.offset = 12 * 60 + 1;
  run(1, 1_000);
  const later = history.view('month', null).totals.days;
  expect(later.at(-1)!.day).toBeGreaterThan(days.at(-1)!.day);
});

test('a torrent has a ring of its own, where it rests nothing moved, and those that moved last keep theirs', () => {
  const { history, one, run } = setUp();
  run(5, 100);
  const other = torrent(2, 1_000_000);
  for (let second = 0; second < 5; second++) {
    other.downloaded += 700;
    history.at(other);
    run(1, 0);
  }
  run(2, 0);
  const { down } = history.view('minutes', other.id);
  expect(down.slice(-8)).toEqual([-1, 700, 700, 700, 700, 700, 0, 0]);
  expect(history.view('minutes', one.id).down.slice(-8)).toEqual([100, 0, 0, 0, 0, 0, 0, 0]);
  expect(history.view('minutes', null).down.slice(-8)).toEqual([100, 700, 700, 700, 700, 700, 0, 0]);
  for (let id = 10; id < 10 + MAX_TORRENT_RINGS; id++) {
    const more = torrent(id);
    more.downloaded += 1;
    history.at(more);
  }
  run(1, 0);
  expect(history.view('minutes', other.id).down.every(rate => rate === -1)).toBe(true);
  history.removed(torrent(11).id);
  expect(history.view('minutes', torrent(11).id).down.every(rate => rate === -1)).toBe(true);
});

test('what a torrent moved last counts when it is removed, and gives it no ring again', () => {
  const { history, one, run } = setUp();
  run(3, 100);
  one.downloaded += 40;
  history.removed(one.id);
  run(1, 0);
  expect(history.view('minutes', null).down.slice(-2)).toEqual([100, 40]);
  expect(history.view('minutes', one.id).down.every(rate => rate === -1)).toBe(true);
});

test('the session begins when the engine was given its name, not when its history was made', () => {
  const clock = { now: () => 0.5, wall: () => START + 7, offset: () => 0 };
  const first = new History(clock, () => DEFAULT_SETTINGS, START);
  expect(decodeHistory(first.record())?.totals.session.since).toBe(START);
  const next = new History(clock, () => DEFAULT_SETTINGS, START + 7);
  // The name is that of the engine before, and its record is lost.
  next.restore(undefined, START);
  expect(next.view('minutes', null).totals.session.since).toBe(START);
});

test('what moved between the last beat of a torrent and its rest is counted, once', () => {
  const { history, one, pass, run } = setUp();
  run(3, 100);
  one.downloaded += 40;
  for (let second = 0; second < 3; second++) {
    pass(SECOND);
    history.second(false);
  }
  expect(history.view('minutes', null).down.slice(-4)).toEqual([100, 40, 0, 0]);
});

test('a record is due each minute while something moves, and each ten while nothing does', () => {
  const { world, history, run } = setUp();
  run(59, 0);
  expect(history.due(world.now)).toBe(false);
  run(2, 1);
  expect(history.due(world.now)).toBe(true);
  history.record();
  run(100, 0);
  expect(history.due(world.now)).toBe(false);
  run(501, 0);
  expect(history.due(world.now)).toBe(true);
});

test('marks: limits by person and by hour, the helper but for a blink, a full disk once; the latest are kept', () => {
  const { world, history, run } = setUp();
  const kinds = () => history.view('month', null).marks;
  world.settings = { ...DEFAULT_SETTINGS, altMode: 'on', altDownLimit: 10_000, altUpLimit: 5_000 };
  run(2, 1);
  expect(kinds()).toMatchObject([{ kind: 'limits', down: 10_000, up: 5_000, mode: 'slow' }]);
  history.helper(false);
  expect(kinds()).toHaveLength(1);
  history.helper(true);
  run(3, 1);
  history.helper(false);
  run(2, 1);
  history.helper(true);
  expect(kinds()).toHaveLength(2);
  history.helper(false);
  run(20, 1);
  history.helper(true);
  expect(kinds().slice(1)).toMatchObject([true, false, true].map(isThere => ({ kind: 'helper', isThere })));
  history.full('One');
  history.full('Two');
  expect(kinds().slice(4)).toMatchObject([{ kind: 'full', name: 'One' }]);
  for (let minute = 0; minute < MAX_MARKS + 5; minute++) {
    world.settings = { ...world.settings, altDownLimit: 20_000 + minute };
    run(1, 1);
  }
  expect(kinds()).toHaveLength(MAX_MARKS);
  expect(decodeHistory(history.record())?.marks).toEqual(kinds());
});

test('a tracker that had answered is lost after three failures in a row, and so many are watched', () => {
  const told: string[] = [];
  const watch = new TrackerWatch((host, isThere) => told.push(`${host} ${isThere}`));
  const url = 'https://tracker.example:8080/secret/announce';
  for (let time = 0; time < 5; time++) watch.told(url, false);
  expect(told).toEqual([]);
  watch.told(url, true);
  for (const isThere of [false, false, null, true, false, false, false, false]) watch.told(url, isThere);
  expect(told).toEqual(['tracker.example:8080 false']);
  watch.told(url, true);
  expect(told.at(-1)).toBe('tracker.example:8080 true');
  for (let index = 0; index < MAX_WATCHED; index++) watch.told(`udp://t${index}.example:1/announce`, true);
  for (let time = 0; time < 5; time++) watch.told(url, false);
  expect(told).toHaveLength(2);
});

test('of a record that is no such thing nothing is taken', () => {
  const { history, run } = setUp();
  run(5, 100);
  const record = history.record();
  expect(decodeHistory(record)).not.toBeNull();
  for (const bytes of [new Uint8Array(0), record.subarray(0, 100), Uint8Array.from(record, byte => byte ^ 1)]) {
    expect(decodeHistory(bytes)).toBeNull();
    const next = setUp(bytes);
    next.run(1, 10);
    expect(next.history.view('minutes', null).down.slice(-2)).toEqual([-1, 10]);
  }
});
