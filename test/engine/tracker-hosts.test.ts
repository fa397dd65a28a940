import { describe, expect, test } from 'vitest';
import { TrackerHosts } from '../../sw/engine/tracker-hosts.ts';
import type { Lookup, Way } from '../../sw/engine/tracker-hosts.ts';
import type { TrackerAnswer } from '../../sw/engine/both-families.ts';

const BOTH = ['10.9.9.9', '2001:db8::9', '10.9.9.8'];
const MINUTE = 60_000;

function answer(more: object = {}): TrackerAnswer {
  const none = { interval: 1800, minInterval: 0, complete: 1, incomplete: 1, warning: '', trackerId: '', externalIp: null };
  return { ...none, peers: [], ...more };
}

const failure = (text: string, refused = false): TrackerAnswer => ({ failure: text, refused });

/** Names lead to `addresses`, at once or when `release` is called; what is asked of a tracker is answered by the test. */
function setUp(addresses: readonly string[] = BOTH, problem = '') {
  const held: (() => void)[] = [];
  const names = { looked: 0, hold: false, addresses, problem };
  let now = 0;
  const lookup: Lookup = (_host, _port, done) => {
    names.looked += 1;
    const tell = (): void => done(names.problem, names.problem === '' ? names.addresses : [], now);
    if (names.hold) held.push(tell);
    else tell();
  };
  const hosts = new TrackerHosts(lookup);
  const asked: { way: Way; tell(answer: TrackerAnswer): void; isOff: boolean }[] = [];
  const told: [TrackerAnswer, boolean][] = [];
  const announce = (host = 'tracker') =>
    hosts.announce(
      host,
      80,
      now,
      (way, _at, tell) => {
        const one = { way, tell, isOff: false };
        asked.push(one);
        return () => (one.isOff = true);
      },
      (...heard) => told.push(heard),
    );
  const families = (): number[] => asked.map(({ way }) => way.family);
  /** Announces, and lets each family answer as given. */
  const round = (answers: Partial<Record<4 | 6, TrackerAnswer>>): number[] => {
    asked.length = 0;
    announce();
    for (const { way, tell } of asked) tell(answers[way.family] ?? failure('no answer was given'));
    return families();
  };
  const release = (): void => held.splice(0).forEach(tell => tell());
  return { hosts, names, asked, told, announce, families, round, release, at: (ms: number) => (now = ms) };
}

describe('a tracker with addresses of both families', () => {
  test('is asked over each; the first answer is told at once, and then what both come to', () => {
    const { asked, told, announce } = setUp();
    announce();
    expect(asked.map(({ way }) => way)).toEqual([
      { family: 4, addresses: ['10.9.9.9', '10.9.9.8'] },
      { family: 6, addresses: ['2001:db8::9'] },
    ]);
    const [four, six] = asked;
    const peer = (host: string) => ({ host, port: 6881 });
    six!.tell(answer({ complete: 3, incomplete: 4, peers: [peer('2001:db8::1'), peer('10.0.0.1')] }));
    expect(told).toEqual([[answer({ complete: 3, incomplete: 4, peers: [peer('2001:db8::1'), peer('10.0.0.1')] }), true]]);
    four!.tell(answer({ complete: 2, incomplete: 9, minInterval: 60, peers: [peer('10.0.0.1'), peer('10.0.0.2')] }));
    expect(told[1]).toEqual([
      answer({
        complete: 3,
        incomplete: 9,
        minInterval: 60,
        peers: [peer('2001:db8::1'), peer('10.0.0.1'), peer('10.0.0.2')],
      }),
      false,
    ]);
  });

  test('shows no failure of one while the other works, and of two the refusal', () => {
    const { asked, told, announce } = setUp();
    announce();
    asked[0]!.tell(failure('No route to it.'));
    expect(told).toEqual([]);
    asked[1]!.tell(answer());
    expect(told).toEqual([[answer(), false]]);
    const other = setUp();
    expect(other.round({ 4: failure('No answer in time.'), 6: failure('not here', true) })).toEqual([4, 6]);
    expect(other.told).toEqual([[failure('not here', true), false]]);
  });

  test('is left alone over the one that fails, for five minutes, then twice as long each time, two hours at most', () => {
    const { round, families, at } = setUp();
    const dead = { 4: answer(), 6: failure('No answer in time.') };
    expect(round(dead)).toEqual([4, 6]);
    let from = 0;
    for (const minutes of [5, 10, 20, 40, 80, 120, 120]) {
      at(from + minutes * MINUTE - 1);
      expect(round(dead), `${minutes}`).toEqual([4]);
      at((from += minutes * MINUTE));
      expect(round(dead), `${minutes}`).toEqual([4, 6]);
    }
    at((from += 120 * MINUTE));
    expect(round({ 4: answer(), 6: answer() })).toEqual([4, 6]);
    at(from + 1);
    expect(round(dead)).toEqual([4, 6]);
    at(from + 5 * MINUTE + 1);
    expect(round(dead)).toEqual([4, 6]);
    expect(families()).toEqual([4, 6]);
  });

  test('is asked over both again, wherever it is by then, where nothing works', () => {
    const { round, names, at } = setUp();
    round({ 4: answer(), 6: failure('No answer in time.') });
    at(MINUTE);
    expect(round({ 4: failure('No answer in time.') })).toEqual([4]);
    expect(names.looked).toBe(1);
    expect(round({ 4: answer(), 6: answer() })).toEqual([4, 6]);
    expect(names.looked).toBe(2);
  });

  test('is called off over both', () => {
    const { asked, announce, names, release, told, hosts } = setUp();
    announce()();
    expect(asked.map(({ isOff }) => isOff)).toEqual([true, true]);
    hosts.clear();
    names.hold = true;
    const cancel = announce();
    cancel();
    release();
    expect([asked.length, told]).toEqual([2, []]);
  });

  test('is asked only once where once is enough, over one that does not rest', () => {
    const { hosts, round } = setUp();
    round({ 4: failure('No answer in time.'), 6: answer() });
    const ways: unknown[] = [];
    hosts.way('tracker', 80, 1, way => ways.push(way?.family));
    expect(ways).toEqual([6]);
  });
});

describe('the name of a tracker', () => {
  test('is looked up once for all that wait for it, and again after five minutes', () => {
    const { announce, names, hosts, release, families, at } = setUp(['10.9.9.9']);
    names.hold = true;
    for (let torrent = 0; torrent < 3; torrent++) announce();
    expect([names.looked, hosts.isIdle]).toEqual([1, false]);
    release();
    expect([families(), hosts.isIdle]).toEqual([[4, 4, 4], true]);
    at(5 * MINUTE - 1);
    announce();
    expect(names.looked).toBe(1);
    at(5 * MINUTE);
    announce();
    expect(names.looked).toBe(2);
  });

  test('that is not known says so, and is looked up anew next time', () => {
    const { announce, names, told } = setUp([], 'The name is not known.');
    announce();
    expect(told).toEqual([[failure('The name is not known.'), false]]);
    names.problem = '';
    names.addresses = ['10.9.9.9'];
    announce();
    expect([names.looked, told.length]).toEqual([2, 1]);
  });

  test('is one of 1,024 that are remembered, and 4,096 announces wait for names', () => {
    const { announce, names, told, release, hosts } = setUp();
    for (let host = 0; host < 1025; host++) announce(`t${host}.example`);
    announce('t1.example');
    expect(names.looked).toBe(1025);
    announce('t0.example');
    expect(names.looked).toBe(1026);
    names.hold = true;
    for (let torrent = 0; torrent < 4097; torrent++) announce('slow.example');
    expect(told).toEqual([[failure('Too many announces at once.'), false]]);
    release();
    expect(hosts.isIdle).toBe(true);
  });
});
