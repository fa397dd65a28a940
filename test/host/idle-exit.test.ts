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
  exit.begin();
  const seconds = (count: number): unknown => clock.run(count * 1000);
  const minutes = (count: number): unknown => clock.run(count * 60_000);
  return { state, exit, seconds, minutes };
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

test('who asks every few seconds how things stand keeps no host, and is answered before it ends', () => {
  const { state, exit, seconds } = host();
  state.isNeeded = false;
  for (let asked = 0; asked < 150; asked++) {
    // An engine comes, tells, and goes again.
    exit.visited();
    state.isNeeded = true;
    seconds(3.2);
    expect(state.ended).toBe(-1);
    state.isNeeded = false;
    seconds(0.8);
    if (state.ended !== -1) break;
  }
  expect(state.ended).toBeGreaterThanOrEqual(1_000_000 + 600_000);
  expect(state.ended).toBeLessThan(1_000_000 + 605_000);
});

test('an engine that came to tell and found something to do is a need, also where others ask meanwhile', () => {
  const { state, exit, seconds, minutes } = host();
  state.isNeeded = false;
  minutes(9);
  exit.visited();
  state.isNeeded = true;
  for (let asked = 0; asked < 60; asked++) {
    seconds(10);
    exit.visited();
  }
  state.isNeeded = false;
  minutes(9);
  expect(state.ended).toBe(-1);
  minutes(2);
  expect(state.ended).toBeGreaterThan(0);
});

test('an app that comes and goes begins the time anew, also between two looks and behind somebody who asks how things stand', () => {
  const { state, exit, seconds, minutes } = host();
  state.isNeeded = false;
  minutes(9);
  exit.visited();
  for (const isNeeded of [true, false]) {
    state.isNeeded = isNeeded;
    exit.used();
    seconds(4);
  }
  exit.visited();
  state.isNeeded = true;
  seconds(2);
  exit.used();
  seconds(20);
  state.isNeeded = false;
  exit.used();
  minutes(9.5);
  expect(state.ended).toBe(-1);
  minutes(1);
  expect(state.ended).toBeGreaterThan(0);
});
