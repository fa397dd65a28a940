import { expect, test } from 'vitest';
import { IO_TRANSITIONS, type IoEvent, nextIoState, RestartPolicy } from '../../daemon/host/process/io-states.ts';
import type { IoState } from '../../daemon/wire/control.ts';

const STATES: readonly IoState[] = ['STOPPED', 'STARTING', 'RUNNING', 'STOPPING'];
const EVENTS: readonly IoEvent[] = ['start', 'listening', 'idle', 'stop', 'exited'];

test('each state goes where the table says, and nowhere else', () => {
  const moves = STATES.flatMap(state =>
    EVENTS.flatMap(event => {
      const next = nextIoState(state, event);
      return next === null ? [] : [`${state} ${event} ${next}`];
    }),
  );
  expect(moves.sort()).toEqual([
    'RUNNING exited STOPPED',
    'RUNNING idle STOPPING',
    'RUNNING stop STOPPING',
    'STARTING exited STOPPED',
    'STARTING listening RUNNING',
    'STARTING stop STOPPING',
    'STOPPED start STARTING',
    'STOPPING exited STOPPED',
  ]);
});

test('a process that is gone is STOPPED, whatever it was', () => {
  for (const state of STATES) if (state !== 'STOPPED') expect(IO_TRANSITIONS[state].exited).toBe('STOPPED');
});

test('waits double from 250 ms and the fifth death within a minute is the last', () => {
  const policy = new RestartPolicy();
  expect([0, 1000, 2000, 3000, 4000].map(now => policy.died(now))).toEqual([250, 500, 1000, 2000, null]);
});

test('deaths a minute apart are not counted together', () => {
  const policy = new RestartPolicy();
  for (let n = 0; n < 20; n++) expect(policy.died(n * 60_000)).toBe(250);
});

test('having been asked for, it starts counting anew', () => {
  const policy = new RestartPolicy();
  for (let n = 0; n < 5; n++) policy.died(n);
  policy.reset();
  expect(policy.died(6)).toBe(250);
});
