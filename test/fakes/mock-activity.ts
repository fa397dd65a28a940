import type { Command, Told } from '../../sw/api.ts';
import type { History, HistorySpan, Vitals } from '../../sw/view-model.ts';
import { exportedOf } from './mock-backup.ts';
import type { Scenario } from './mock-scenarios.ts';

const STEPS: Readonly<Record<HistorySpan, readonly [step: number, size: number]>> = {
  minutes: [1_000, 600],
  day: [60_000, 1_440],
  month: [3_600_000, 720],
};
/** Scenarios in which nothing has ever moved. */
const STILL: ReadonlySet<Scenario> = new Set<Scenario>(['empty', 'unpaired']);
const DAY = 86_400_000;

type Asked = Extract<Command, { do: 'history' | 'vitals' | 'export' }>;

export function toldOf(scenario: Scenario, asked: Asked, vitals: Vitals): Told {
  if (asked.do === 'export') return exportedOf(asked);
  if (asked.do === 'vitals') return { told: 'vitals', vitals };
  return { told: 'history', history: historyOf(scenario, asked, Date.now()) };
}

/** A history as a helper leaves it that joined in the middle, was lost and slept; the same for the same time. */
function historyOf(scenario: Scenario, { span, of }: Extract<Command, { do: 'history' }>, now: number): History {
  const [step, size] = STEPS[span];
  const from = (Math.floor((now - 1) / step) - size + 1) * step;
  const sum = { down: 41_200_000_000, up: 12_700_000_000 };
  const today = Math.floor(now / DAY);
  if (STILL.has(scenario)) {
    const nothing = { down: 0, up: 0, since: now - 60_000 };
    const still = Array.from({ length: size }, (_, at) => (at < size - 60 ? -1 : 0));
    return { from, step, down: still, up: still, marks: [], totals: { session: nothing, ever: nothing, days: [] } };
  }
  const middle = Math.floor(size * 0.58);
  const rate = (at: number): number => {
    if (at > size * 0.2 && at < size * 0.31) return -1;
    const wave = 1 + 0.15 * Math.sin((from / step + at) / 9) + 0.08 * Math.sin((from / step + at) / 2.3);
    return Math.round((at < middle ? 6e6 : 118e6) * wave * (of === null ? 1 : 0.6));
  };
  const down = Array.from({ length: size }, (_, at) => rate(at));
  const time = (share: number): number => from + Math.floor(size * share) * step;
  return {
    from,
    step,
    down,
    up: down.map(each => (each < 0 ? -1 : Math.round(each / 19))),
    marks: [
      { at: time(0.1), kind: 'limits', down: 150_000_000, up: 10_000_000, mode: 'usual' },
      { at: time(0.31), kind: 'asleep', ms: Math.floor(size * 0.11) * step },
      { at: time(0.4), kind: 'tracker', host: 'tracker.<b>example</b>:6969', isThere: false },
      { at: from + middle * step, kind: 'helper', isThere: true },
    ],
    totals: {
      session: { down: 8_300_000_000, up: 1_100_000_000, since: now - 5 * 3_600_000 },
      ever: { ...sum, since: now - 40 * DAY },
      days: Array.from({ length: 12 }, (_, at) => ({ day: today - 11 + at, down: (at + 1) * 4e8, up: (at + 1) * 1.1e8 })),
    },
  };
}

export function vitalsOf(scenario: Scenario): Vitals {
  const isAlone = scenario === 'unpaired';
  const connections = { most: 200, tcp: 86, utp: 31, webrtc: 4, incoming: 22, connecting: 3, webSeeds: 1 };
  if (isAlone) {
    const none = { ...connections, tcp: 0, utp: 0, webrtc: 0, incoming: 0, connecting: 0, webSeeds: 0 };
    return { dht: null, port: null, connections: none, trackers: [], moreTrackers: 0 };
  }
  return {
    dht: { nodes: 412, torrents: 6, searching: 1, peers: 187, asked: 42 },
    port: {
      tcp: 51413,
      udp: 51413,
      outside: 51413,
      address: '203.0.113.7',
      came: { tcp: 0, utp: 0, last: -1 },
      test: { state: 'none', ago: -1 },
    },
    connections,
    trackers: [
      { host: 'tracker.opentrackr.org:1337', working: 5, failing: 0, waiting: 0, text: '' },
      { host: 'torrent.ubuntu.com', working: 1, failing: 0, waiting: 1, text: '' },
      { host: 'tracker.<b>example</b>:6969', working: 0, failing: 2, waiting: 0, text: 'unregistered torrent <img src=x>' },
    ],
    moreTrackers: 0,
  };
}

/** The router let nobody out and in again. */
export function tested(vitals: Vitals): Vitals {
  return vitals.port === null ? vitals : { ...vitals, port: { ...vitals.port, test: { state: 'lost', ago: 0 } } };
}
