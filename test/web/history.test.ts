import { expect, test } from 'vitest';
import type { History, PortMappings, Settings, Vitals } from '../../sw/view-model.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { describeMark, limitsNow, speedUp, summarise, tabulate } from '../../web/history.ts';
import { describeConnections, describeDht, describePort, describeTest, describeTracker } from '../../web/vitals.ts';

const sum = { down: 0, up: 0, since: 0 };
function history(down: readonly number[], marks: History['marks'] = []): History {
  return {
    from: 0,
    step: 1_000,
    down,
    up: down.map(rate => Math.min(0, rate)),
    marks,
    totals: { session: sum, ever: sum, days: [] },
  };
}
const fill = (count: number, rate: number): number[] => Array<number>(count).fill(rate);
const joined = (at: number) => ({ at, kind: 'helper', isThere: true }) as const;

test('how much faster it went is said where both times were measured, of the last time that the helper joined', () => {
  const rates = [...fill(200, 1_000_000), ...fill(200, 4_000_000)];
  expect(speedUp(history(rates, [joined(50_000), joined(200_000)]))).toEqual({ before: 1e6, after: 4e6, times: 4 });
  expect(speedUp(history(rates))).toBeNull();
  expect(speedUp(history(rates, [{ at: 200_000, kind: 'helper', isThere: false }]))).toBeNull();
  // Nothing came before, or less after it, or one of the two was hardly measured.
  expect(speedUp(history([...fill(200, 0), ...fill(200, 5)], [joined(200_000)]))).toBeNull();
  expect(speedUp(history([...fill(200, 9), ...fill(200, 5)], [joined(200_000)]))).toBeNull();
  expect(speedUp(history([...fill(200, 9), ...fill(20, 50)], [joined(200_000)]))).toBeNull();
  expect(speedUp(history([...fill(180, -1), ...fill(20, 9), ...fill(200, 50)], [joined(200_000)]))).toBeNull();
  expect(speedUp({ ...history(rates, [joined(200_000)]), step: 60_000 })).toBeNull();
});

test('a time is summed up, and put into rows, by what was measured of it', () => {
  const rates = [...fill(2, -1), 1_000, 3_000, ...fill(2, -1)];
  expect(summarise(history(rates), 'a time')).toBe(
    'In a time: download 2 kB/s on average, 3 kB/s at most; upload 0 B/s on average, 0 B/s at most. 4 s of it were not measured.'.replace(
      /(\d) (kB|B|s)/g,
      '$1\u00a0$2',
    ),
  );
  expect(summarise(history(fill(4, -1)), 'a time')).toBe('In a time nothing was measured.');
  expect(tabulate(history(rates), 3)).toEqual([
    { from: 4_000, down: -1, up: -1 },
    { from: 2_000, down: 2_000, up: 0 },
    { from: 0, down: -1, up: -1 },
  ]);
});

test.each([
  [{ kind: 'limits', down: 0, up: 50_000, mode: 'slow' }, 'Slow mode on: any down, 50 kB/s up'],
  [{ kind: 'limits', down: 0, up: 0, mode: 'usual' }, 'No limits'],
  [{ kind: 'limits', down: 0, up: 0, mode: 'paused' }, 'Paused by the schedule'],
  [{ kind: 'helper', isThere: false }, 'Helper lost'],
  [{ kind: 'asleep', ms: 7_200_000 }, 'Nothing measured for 2 h: the computer slept, or its clock was set'],
  [{ kind: 'clock', ms: 60_000 }, 'The clock was set back by 1 min'],
  [{ kind: 'tracker', host: 'a.example', isThere: false }, 'Tracker a.example stopped answering'],
  [{ kind: 'full', name: 'One' }, 'Storage full: One'],
] as const)('%o is “%s”', (mark, text) => {
  expect(describeMark({ at: 0, ...mark }).replaceAll('\u00a0', ' ')).toBe(text);
});

test('limits are those that hold now', () => {
  const settings: Settings = { ...DEFAULT_SETTINGS, downLimit: 5_000, altDownLimit: 2_000, altMode: 'off' };
  expect(limitsNow(settings, new Date()).down).toBe(5_000);
  expect(limitsNow({ ...settings, altMode: 'on' }, new Date()).down).toBe(2_000);
});

const OPEN: PortMappings = {
  state: 'open',
  via: 'upnp',
  externalAddress: '80.0.0.1',
  problem: '',
  mappings: [{ protocol: 'tcp', port: 6881, externalPort: 6881 }],
  pinholes: { state: 'none', via: '', address: '' },
};
const PORT: NonNullable<Vitals['port']> = {
  tcp: 6881,
  udp: 6881,
  outside: 6881,
  address: '80.0.0.1',
  came: { tcp: 0, utp: 0, last: -1 },
  test: { state: 'none', ago: -1 },
};

test('a port is called open where somebody came in by it, and nothing is said that is not known', () => {
  const say = (port: Partial<typeof PORT>, ports: PortMappings | null = OPEN) => describePort({ ...PORT, ...port }, ports);
  expect(say({ came: { tcp: 3, utp: 1, last: 180 } })).toEqual({
    text: 'Open: 4 peers from outside came by themselves, the last 3\u00a0min ago.',
    tone: 'good',
  });
  expect(say({ test: { state: 'returned', ago: 10 } })).toMatchObject({ tone: 'good' });
  expect(say({ test: { state: 'lost', ago: 10 } })).toMatchObject({ tone: 'plain' });
  expect(say({}).text).toContain('none has come since Starling started');
  expect(say({ came: { tcp: 0, utp: 2, last: 1 } }, null).text).toContain('It is not known whether');
  expect(say({}, { ...OPEN, state: 'failed', problem: 'refused', mappings: [] })).toMatchObject({ tone: 'warn' });
  expect(say({ tcp: 0 })).toMatchObject({ tone: 'warn' });
  expect(describeTest(PORT)).toBe('');
  expect(describeTest({ ...PORT, test: { state: 'lost', ago: 3 } })).toContain('shows nothing by itself');
});

test('the DHT, connections and trackers are told by their numbers', () => {
  expect(describeDht({ nodes: 0, torrents: 2, searching: 0, peers: 0, asked: -1 }).tone).toBe('warn');
  expect(describeDht({ nodes: 9, torrents: 2, searching: 1, peers: 1, asked: -1 }).text).toBe(
    '9 nodes known. 2 torrents look for peers in it, 1 just now; 1 peer found last. No stranger has asked this computer yet.',
  );
  expect(describeConnections({ most: 200, tcp: 2, utp: 0, webrtc: 1, incoming: 1, connecting: 0, webSeeds: 0 })).toBe(
    '3 of at most 200 open: 2 TCP, 1 WebRTC. 1 came from outside or from this network.',
  );
  expect(describeTracker({ host: 'a', working: 1, failing: 1, waiting: 0, text: 'no' })).toEqual({
    text: 'answers for 1 torrent, fails for 1 torrent: no',
    tone: 'plain',
  });
});
