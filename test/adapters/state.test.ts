import { describe, expect, it } from 'vitest';
import { ControlOp, StateStatus } from '../../daemon/wire/control.ts';
import { DaemonState } from '../../sw/adapters/daemon-state.ts';
import { Harness, turn, welcome } from './harness.ts';

function connected() {
  const harness = new Harness();
  const { control } = harness.connect(4);
  const state = new DaemonState(harness.link.control, () => harness.link.epoch);
  const told: string[] = [];
  const write = (name: string, writes: Record<string, number | null>): void => {
    const list = Object.entries(writes).map(([key, value]) => ({ key, value: value === null ? null : Uint8Array.of(value) }));
    state.write(list, problem => told.push(`${name}: ${problem}`));
  };
  const requests = () => control.sent(ControlOp.STATE_WRITE);
  const answer = (status: StateStatus, detail = ''): void => {
    control.say({ op: ControlOp.STATE_DONE, id: requests().at(-1)?.id ?? 0, status, detail });
  };
  return { harness, control, state, told, write, requests, answer };
}

describe('writing', () => {
  it('goes under the epoch of the connection', () => {
    const { write, requests, answer, told } = connected();
    write('a', { x: 1 });
    expect(requests()).toMatchObject([{ epoch: 4, writes: [{ key: 'x', value: Uint8Array.of(1) }] }]);
    expect(told).toEqual([]);
    answer(StateStatus.OK);
    expect(told).toEqual(['a: ']);
  });

  it('joins what comes while one is under way; the newest of a key wins', () => {
    const { write, requests, answer, told } = connected();
    write('a', { x: 1 });
    write('b', { x: 2, y: 1 });
    write('c', { z: 1 });
    write('d', { x: 3, y: null });
    expect(requests()).toHaveLength(1);
    answer(StateStatus.OK);
    expect(requests()).toHaveLength(2);
    expect(requests()[1]?.writes).toEqual([
      { key: 'x', value: Uint8Array.of(3) },
      { key: 'y', value: null },
      { key: 'z', value: Uint8Array.of(1) },
    ]);
    expect(told).toEqual(['a: ']);
    answer(StateStatus.FULL, 'no room');
    expect(told).toEqual(['a: ', 'b: no room', 'c: no room', 'd: no room']);
  });

  it('is refused with the lease that it was for, and goes under no other', () => {
    const { harness, control, state, write, requests, answer, told } = connected();
    write('a', { x: 1 });
    write('b', { x: 2 });
    const { lease } = welcome(0);
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: { ...welcome(0), lease: { ...lease, state: 'waiting' } } });
    expect(harness.told.at(-1)).toBe('lease gone');
    write('late', { x: 3 });
    state.leaseGone();
    control.say({ op: ControlOp.WELCOME, id: 0, welcome: welcome(6) });
    write('next', { x: 4 });
    answer(StateStatus.STALE_EPOCH);
    answer(StateStatus.OK);
    const gone = 'Another browser has taken over.';
    expect(told).toEqual([`b: ${gone}`, `late: ${gone}`, `a: ${gone}`, 'next: ']);
    expect(requests()).toMatchObject([{ epoch: 4 }, { epoch: 6, writes: [{ key: 'x', value: Uint8Array.of(4) }] }]);
  });

  it('goes under the epoch of when it was written, whatever waits behind it', () => {
    let epoch = 4;
    const { harness, requests, answer } = connected();
    const state = new DaemonState(harness.link.control, () => epoch);
    for (const value of [1, 2, 3]) {
      if (value === 3) epoch = 6;
      state.write([{ key: 'x', value: Uint8Array.of(value) }], () => undefined);
    }
    answer(StateStatus.OK);
    answer(StateStatus.OK);
    expect(requests().map(({ epoch: under, writes }) => [under, writes[0]?.value?.[0]])).toEqual([
      [4, 1],
      [4, 2],
      [6, 3],
    ]);
  });

  it('is settled once what was written before is answered, and not for what comes after', async () => {
    const { state, write, answer } = connected();
    const told: string[] = [];
    const settled = (name: string): void => void state.settled().then(() => told.push(name));
    settled('nothing');
    write('a', { x: 1 });
    write('b', { y: 1 });
    settled('both');
    write('c', { z: 1 });
    await turn();
    expect(told).toEqual(['nothing']);
    answer(StateStatus.OK);
    await turn();
    expect(told).toEqual(['nothing']);
    answer(StateStatus.FULL);
    await turn();
    expect(told).toEqual(['nothing', 'both']);
  });

  it('is settled where the host goes away', async () => {
    const { control, state, write } = connected();
    write('a', { x: 1 });
    write('b', { y: 1 });
    control.drop();
    await state.settled();
  });

  it('splits what is too much for one request', () => {
    const { state, requests, answer } = connected();
    const value = new Uint8Array(5 << 20);
    let done = 0;
    for (const key of ['a', 'b', 'c', 'd']) state.write([{ key, value }], () => done++);
    const seen: string[][] = [];
    while (done < 4) {
      seen.push((requests().at(-1)?.writes ?? []).map(({ key }) => key));
      answer(StateStatus.OK);
    }
    expect(seen).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  it('refuses what does not fit the queue', async () => {
    const { state } = connected();
    const value = new Uint8Array(16 << 20);
    const told: string[] = [];
    for (let index = 0; index < 6; index++) state.write([{ key: 'a', value }], problem => told.push(`${index}: ${problem}`));
    await turn();
    expect(told).toEqual(['5: The host is too slow to keep what is written.']);
  });

  it('refuses a record that is too long, and goes on', async () => {
    const { state, requests } = connected();
    const told: string[] = [];
    state.write([{ key: 'a', value: new Uint8Array((16 << 20) + 1) }], problem => told.push(problem));
    state.write([{ key: 'b', value: Uint8Array.of(1) }], () => undefined);
    await turn();
    expect(told).toEqual(['It is too long to be kept.']);
    expect(requests()).toMatchObject([{ writes: [{ key: 'b' }] }]);
  });

  it('fails with the connection, under way or waiting, and without one', async () => {
    const { write, control, told } = connected();
    write('a', { x: 1 });
    write('b', { x: 2 });
    control.drop();
    write('c', { x: 3 });
    await turn();
    expect(told).toEqual(['a: The daemon is away.', 'b: The daemon is away.', 'c: The daemon is away.']);
  });

  it('goes on after the host is back', () => {
    const { harness, write, control, told } = connected();
    write('a', { x: 1 });
    control.drop();
    harness.timers.advance(250);
    const { control: next } = harness.connect(5);
    write('b', { x: 2 });
    expect(next.sent(ControlOp.STATE_WRITE)).toMatchObject([{ epoch: 5, writes: [{ key: 'x', value: Uint8Array.of(2) }] }]);
    expect(told).toEqual(['a: The daemon is away.']);
  });
});

describe('loading', () => {
  it('gathers every page', () => {
    const { state, control } = connected();
    let records: unknown = 'none yet';
    state.load(all => (records = all));
    const ask = () => control.sent(ControlOp.STATE_LOAD).at(-1);
    expect(ask()?.after).toBe('');
    const first = [
      { key: 'a', value: Uint8Array.of(1) },
      { key: 'b', value: Uint8Array.of(2) },
    ];
    control.say({ op: ControlOp.STATE_RECORDS, id: ask()?.id ?? 0, last: false, records: first });
    expect(ask()?.after).toBe('b');
    const second = [{ key: 'c', value: Uint8Array.of(3) }];
    control.say({ op: ControlOp.STATE_RECORDS, id: ask()?.id ?? 0, last: true, records: second });
    expect(records).toEqual([...first, ...second]);
  });

  it('tells where the host went away in between', () => {
    const { state, control } = connected();
    let records: unknown = 'none yet';
    state.load(all => (records = all));
    control.drop();
    expect(records).toBeNull();
  });
});

describe('reading', () => {
  it('gives the value of the record, or none where there is none', () => {
    const { state, control } = connected();
    const told: unknown[] = [];
    for (const key of ['a', 'b']) state.read(key, (problem, value) => told.push([key, problem, value]));
    const asked = control.sent(ControlOp.STATE_READ);
    expect(asked).toMatchObject([
      { epoch: 4, key: 'a' },
      { epoch: 4, key: 'b' },
    ]);
    const [a, b] = asked.map(({ id }) => id);
    control.say({ op: ControlOp.STATE_RECORDS, id: b ?? 0, last: true, records: [] });
    control.say({ op: ControlOp.STATE_RECORDS, id: a ?? 0, last: true, records: [{ key: 'a', value: Uint8Array.of(1) }] });
    expect(told).toEqual([
      ['b', '', null],
      ['a', '', Uint8Array.of(1)],
    ]);
  });

  it('believes no record of another key, and says why there is none', () => {
    const { state, control } = connected();
    const told: unknown[] = [];
    for (const key of ['a', 'b']) state.read(key, (problem, value) => told.push([key, problem, value]));
    const [a, b] = control.sent(ControlOp.STATE_READ).map(({ id }) => id);
    control.say({ op: ControlOp.STATE_RECORDS, id: a ?? 0, last: true, records: [{ key: 'x', value: Uint8Array.of(1) }] });
    control.say({ op: ControlOp.STATE_DONE, id: b ?? 0, status: StateStatus.FAILED, detail: 'not whole' });
    expect(told).toEqual([
      ['a', '', null],
      ['b', 'not whole', null],
    ]);
  });

  it('asks for eight at once, and fails with the connection, whether asked or waiting', async () => {
    const { state, control } = connected();
    const told: string[] = [];
    for (let index = 0; index < 12; index++) state.read(`k${index}`, problem => told.push(`${index}: ${problem}`));
    const asked = () => control.sent(ControlOp.STATE_READ);
    expect(asked()).toHaveLength(8);
    control.say({ op: ControlOp.STATE_RECORDS, id: asked()[3]?.id ?? 0, last: true, records: [] });
    expect(asked()).toHaveLength(9);
    control.drop();
    state.read('late', problem => told.push(`late: ${problem}`));
    await turn();
    expect(told[0]).toBe('3: ');
    expect(new Set(told.slice(1).map(one => one.replace(/^\w+: /, '')))).toEqual(new Set(['The daemon is away.']));
    expect(told).toHaveLength(13);
  });
});
