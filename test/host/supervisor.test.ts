import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Supervisor } from '../../daemon/host/process/supervisor.ts';
import type { IoState } from '../../daemon/wire/control.ts';
import { tempFolder, until } from './temp.ts';

const FAKE = join(import.meta.dirname, '../fakes/io-child.mjs');

interface Watched {
  readonly supervisor: Supervisor;
  readonly states: IoState[];
  readonly notices: string[];
  readonly admitted: number[];
  readonly heard: () => unknown[];
}

function watch(mode: string, onState: (state: IoState) => void = () => undefined): Watched {
  const file = join(tempFolder(), 'heard');
  const states: IoState[] = [];
  const notices: string[] = [];
  const admitted: number[] = [];
  const supervisor: Supervisor = new Supervisor({
    program: [FAKE, mode, file],
    greeting: () => [{ type: 'start', version: '1', allow: ['10.0.0.0/8'], idleMs: 1000, verbose: false, address: '' }],
    events: {
      changed() {
        states.push(supervisor.state);
        onState(supervisor.state);
      },
      admitted: epoch => admitted.push(epoch),
      notice: text => notices.push(text),
      ports: () => undefined,
      trash: () => undefined,
      log: () => undefined,
      childLog: () => undefined,
    },
  });
  onTestFinished(() => supervisor.kill());
  const heard = (): unknown[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line) as unknown)
      : [];
  return { supervisor, states, notices, admitted, heard };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('it starts a needed child, greets it, passes on what it says, and ends it in order', async () => {
  const { supervisor, states, admitted, heard } = watch('ok');
  supervisor.need();
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  expect(supervisor.port).toBe(40_000);
  supervisor.send({ type: 'admit', epoch: 3, ticketHash: 'ab', origin: 'http://127.0.0.1:1' });
  await until(() => admitted.length > 0, 'admitted');
  expect(admitted).toEqual([3]);
  await supervisor.stop();
  expect(heard().map(message => (message as { type?: string }).type)).toEqual([undefined, 'start', 'admit', 'stop']);
  expect(states).toEqual(['STARTING', 'RUNNING', 'STOPPING', 'STOPPED']);
  expect(supervisor.port).toBe(0);
});

test('a child killed from outside is started again', async () => {
  const { supervisor, states } = watch('ok');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  const first = supervisor.pid!;
  process.kill(first, 'SIGKILL');
  await until(() => supervisor.state === 'RUNNING' && supervisor.pid !== first, 'running again');
  expect(states).toEqual(['STARTING', 'RUNNING', 'STOPPED', 'STARTING', 'RUNNING']);
  await supervisor.stop();
});

test('five deaths within a minute: it gives up, says so once, and tries again only when revived', async () => {
  const { supervisor, states, notices } = watch('crash');
  supervisor.need();
  await until(() => supervisor.gaveUp, 'given up', 20_000);
  expect(states.filter(state => state === 'STARTING')).toHaveLength(5);
  expect(notices).toHaveLength(1);
  supervisor.need();
  expect(supervisor.state).toBe('STOPPED');
  supervisor.revive();
  expect(supervisor.gaveUp).toBe(false);
  expect(supervisor.state).toBe('STARTING');
  await supervisor.stop();
});

test('a child that says it is idle is let go, and is there again when it is needed', async () => {
  const { supervisor, states } = watch('idle');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  supervisor.send({ type: 'admit', epoch: 1, ticketHash: '', origin: '' });
  await until(() => supervisor.state === 'STOPPED', 'stopped');
  await new Promise(resolve => setTimeout(resolve, 400));
  expect(states).toEqual(['STARTING', 'RUNNING', 'STOPPING', 'STOPPED']);
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running again');
  await supervisor.stop();
});

test('a child that says it is idle as somebody needs it is there again once it is gone', async () => {
  const { supervisor, states } = watch('idle-once', state => {
    if (state === 'STOPPING') supervisor.need();
  });
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  supervisor.send({ type: 'admit', epoch: 1, ticketHash: '', origin: '' });
  await until(() => states.length === 6, 'running again');
  expect(states).toEqual(['STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'STARTING', 'RUNNING']);
  await supervisor.stop();
});

test('a child that heeds neither stop nor SIGTERM is killed', async () => {
  const { supervisor } = watch('stubborn');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  const pid = supervisor.pid!;
  await supervisor.stop();
  expect(supervisor.state).toBe('STOPPED');
  expect(isAlive(pid)).toBe(false);
});

test('one that was stopped is not started again, whoever asks', async () => {
  const { supervisor, states } = watch('ok');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  await supervisor.stop();
  supervisor.need();
  supervisor.revive();
  expect(supervisor.pid).toBe(null);
  expect(states).toEqual(['STARTING', 'RUNNING', 'STOPPING', 'STOPPED']);
});

test('lines that are none of the contract change nothing', async () => {
  const { supervisor, states } = watch('babble');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'running');
  expect(states).toEqual(['STARTING', 'RUNNING']);
  expect(supervisor.port).toBe(40_000);
  await supervisor.stop();
});

test('a child that reads nothing is taken for dead before much waits for it, and started again', async () => {
  const { supervisor } = watch('numb');
  supervisor.need();
  await until(() => supervisor.state === 'RUNNING', 'it runs');
  const { pid } = supervisor;
  const admit = { type: 'admit', epoch: 1, ticketHash: 'ab'.repeat(32), origin: 'x'.repeat(100_000) } as const;
  let told = 0;
  while (supervisor.send(admit)) expect(++told).toBeLessThan(100);
  await until(() => supervisor.starts > 1 && supervisor.pid !== pid, 'another');
});
