import { expect, test } from 'vitest';
import { IdleExit } from '../../daemon/host/process/idle-exit.ts';
import { VirtualClock } from '../sim/clock.ts';

function host() {
  const clock = new VirtualClock();
  const state = { after: 10, isNeeded: true, ended: -1 };
  const exit = new IdleExit({
    after: () => state.after,
    isNeeded: () => state.isNeeded,
    end: () => (state.ended = clock.time),
    clock: { now: () => clock.time, after: (ms, act) => clock.after(ms, act) },
  });
  const minutes = (count: number): unknown => clock.run(count * 60_000);
  return { state, exit, minutes };
}

test('a host that nobody needs ends after the time that is set, and not before', () => {
  const { state, minutes } = host();
  minutes(100);
  state.isNeeded = false;
  minutes(9);
  expect(state.ended).toBe(-1);
  minutes(2);
  expect(state.ended).toBeGreaterThan(0);
});

test('what is needed in between begins the time anew', () => {
  const { state, minutes } = host();
  state.isNeeded = false;
  minutes(9);
  state.isNeeded = true;
  minutes(1);
  state.isNeeded = false;
  minutes(9);
  expect(state.ended).toBe(-1);
});

test('it never ends where that is set, and waits its time from when it is not any more', () => {
  const { state, minutes } = host();
  state.isNeeded = false;
  state.after = 0;
  minutes(10_000);
  expect(state.ended).toBe(-1);
  state.after = 5;
  minutes(4);
  expect(state.ended).toBe(-1);
  minutes(2);
  expect(state.ended).toBeGreaterThan(0);
});

test('one that was stopped ends nothing', () => {
  const { state, exit, minutes } = host();
  state.isNeeded = false;
  exit.stop();
  minutes(100);
  expect(state.ended).toBe(-1);
});
