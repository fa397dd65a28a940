import type { Connection, FileRow, Problem, TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { CONNECTED, idOf, LOST, manyFiles, manyTorrents, nineTorrents, ROOTS, row, UNPAIRED } from './mock-torrents.ts';
import { hostileTorrents } from './hostile-torrents.ts';

/** What the interface can be opened in, by name, and what there is to be seen. */
export const SCENARIOS = {
  nine: 'the nine torrents of the pictures',
  states: 'a torrent in every state and with every problem',
  many: '10,000 torrents, at rest',
  changing: '10,000 torrents, 300 of which change twice a second',
  files: 'a torrent with 50,000 files',
  hostile: 'names and numbers made to break things',
  empty: 'no torrents yet',
  unpaired: 'the first open, in the browser alone',
  connecting: 'the helper is looked for',
  'not-started': 'the helper was never reached',
  lost: 'the helper went away',
  stopped: 'the helper ended too often to be started again',
  forgotten: 'the helper knows this browser no more',
  'no-storage': 'the first open, in a browser that gives no storage',
  superseded: 'another window took over',
  following: 'another browser is at work',
  'old-helper': 'the helper is too old for the app',
  'old-app': 'the app is too old for the helper',
  outdated: 'the worker is of another version than the window',
} as const;
export type Scenario = keyof typeof SCENARIOS;

export function isScenario(name: string): name is Scenario {
  return Object.hasOwn(SCENARIOS, name);
}

/** How those at work move on. */
export interface Pulse {
  readonly ms: number;
  next(torrents: ReadonlyMap<TorrentId, TorrentRow>): TorrentRow[];
}

export interface Scene {
  readonly torrents: readonly TorrentRow[];
  readonly connection: Connection;
  /** Of those that have others than all have. */
  readonly files: ReadonlyMap<TorrentId, FileRow[]>;
  readonly pulse: Pulse | null;
}

const MANY = 10_000;
const CHANGING = 300;
const FILES = 50_000;
const CONNECTIONS: Partial<Readonly<Record<Scenario, Connection>>> = {
  unpaired: UNPAIRED,
  connecting: { ...LOST, state: 'connecting' },
  'not-started': { ...LOST, everConnected: false },
  lost: LOST,
  stopped: { ...CONNECTED, gaveUp: true },
  forgotten: { ...UNPAIRED, everConnected: true },
  'no-storage': { ...UNPAIRED, browser: { isReady: false, problem: 'This browser gives no storage.', saving: [] } },
  superseded: { ...LOST, superseded: true },
  following: { ...CONNECTED, following: 'Firefox on Linux' },
  'old-helper': { ...CONNECTED, state: 'disconnected', outdated: 'helper' },
  'old-app': { ...CONNECTED, state: 'disconnected', outdated: 'app' },
};
const WITH_NINE: ReadonlySet<Scenario> = new Set([
  'nine',
  'connecting',
  'lost',
  'stopped',
  'forgotten',
  'superseded',
  'following',
]);

export function sceneOf(scenario: Scenario): Scene {
  const bare: Scene = { torrents: [], connection: CONNECTIONS[scenario] ?? CONNECTED, files: new Map(), pulse: null };
  if (WITH_NINE.has(scenario)) return { ...bare, torrents: nineTorrents() };
  switch (scenario) {
    case 'many':
      return { ...bare, torrents: manyTorrents(MANY) };
    case 'changing':
      return { ...bare, torrents: manyTorrents(MANY), pulse: { ms: 500, next: changing() } };
    case 'states':
      return { ...bare, torrents: everyState() };
    case 'hostile':
      return { ...bare, torrents: hostileTorrents() };
    case 'files': {
      const [first, ...others] = nineTorrents();
      const files = manyFiles(FILES);
      const size = files.reduce((sum, file) => sum + file.size, 0);
      return {
        ...bare,
        torrents: first === undefined ? [] : [{ ...first, name: 'Sky survey, raw frames', size, done: 0 }, ...others],
        files: new Map([[idOf(0), files]]),
      };
    }
    default:
      return bare;
  }
}

/** Three hundred of them all over the list, each a little on; what is complete sends. */
function changing(): Pulse['next'] {
  let turn = 0;
  return torrents => {
    turn++;
    const step = Math.max(1, Math.floor(torrents.size / CHANGING));
    const rows: TorrentRow[] = [];
    let at = 0;
    for (const before of torrents.values()) {
      if (at++ % step !== 0 || rows.length === CHANGING || before.state === 'adding') continue;
      const rate = 1e5 * (1 + ((turn * 7 + at) % 90));
      const isComplete = before.size > 0 && before.done >= before.size;
      if (isComplete)
        rows.push({ ...before, state: 'seeding', up: rate, uploaded: before.uploaded + rate / 2, peers: 4 + (turn % 5) });
      else {
        const done = Math.min(before.size, before.done + rate / 2);
        const eta = Math.ceil((before.size - done) / rate);
        rows.push({ ...before, state: 'downloading', done, down: rate, eta, peers: 8 + (turn % 9), active: 3 + (turn % 4) });
      }
    }
    return rows;
  };
}

const TEXT = 'The server says: come back “later”.';
/** One of each: a new kind of problem does not compile until it can be looked at. */
const PROBLEMS: Readonly<Record<Problem['code'], Problem>> = {
  'disk-full': { code: 'disk-full', needed: 69.1e9 },
  'disk-quota': { code: 'disk-quota' },
  'file-too-large': { code: 'file-too-large' },
  'read-only': { code: 'read-only' },
  denied: { code: 'denied' },
  'folder-gone': { code: 'folder-gone' },
  'file-gone': { code: 'file-gone' },
  'file-busy': { code: 'file-busy' },
  'file-unsafe': { code: 'file-unsafe' },
  'file-conflict': { code: 'file-conflict' },
  io: { code: 'io' },
  limit: { code: 'limit' },
  'not-moved': { code: 'not-moved', why: 'disk-full', left: 12, needed: 3.2e9, from: ROOTS[1]?.token ?? '' },
  moving: { code: 'moving', moved: 3, of: 17 },
  bringing: { code: 'bringing', moved: 1.2e9, of: 4.7e9, isHere: true },
  'not-brought': {
    code: 'not-brought',
    why: { code: 'bring-unreadable', values: { problem: 'io' } },
  },
  queued: { code: 'queued', ahead: 4 },
  scheduled: { code: 'scheduled', until: new Date().setHours(47, 0, 0, 0) },
  stopped: { code: 'stopped', by: 'ratio', limit: 2 },
  'daemon-away': { code: 'daemon-away' },
  'no-peers': { code: 'no-peers' },
  'no-metadata': { code: 'no-metadata' },
  'metadata-refused': { code: 'metadata-refused', why: { code: 'torrent-too-wide', values: {} } },
  'list-too-long': { code: 'list-too-long' },
  'record-lost': { code: 'record-lost' },
  'no-source-has-missing': { code: 'no-source-has-missing', missing: 12 },
  choked: { code: 'choked', peers: 4 },
  silent: { code: 'silent', peers: 3 },
  unreached: { code: 'unreached', peers: 12 },
  'peers-gone': { code: 'peers-gone', peers: 12 },
  'no-connections': { code: 'no-connections', most: 200 },
  'nothing-chosen': { code: 'nothing-chosen' },
  'out-of-reach': { code: 'out-of-reach', trackers: 3, peers: 41 },
  tracker: { code: 'tracker', url: 'https://tracker.example.org/announce', text: TEXT },
  'state-not-saved': { code: 'state-not-saved', text: 'The disk that holds the session state is full.' },
  'state-not-read': { code: 'state-not-read', text: 'The disk that holds the session state is full.' },
};
const STATE_OF: Partial<Readonly<Record<Problem['code'], TorrentRow['state']>>> = {
  moving: 'moving',
  bringing: 'moving',
  'not-brought': 'moving',
  queued: 'queued',
  scheduled: 'queued',
  stopped: 'done',
  'daemon-away': 'waiting',
  'no-peers': 'downloading',
  'no-metadata': 'metadata',
  'metadata-refused': 'metadata',
  'list-too-long': 'downloading',
  'record-lost': 'metadata',
  'no-source-has-missing': 'downloading',
  choked: 'downloading',
  silent: 'downloading',
  unreached: 'downloading',
  'peers-gone': 'downloading',
  'no-connections': 'downloading',
  'nothing-chosen': 'done',
  'out-of-reach': 'downloading',
  tracker: 'downloading',
  'state-not-saved': 'downloading',
  'state-not-read': 'waiting',
};
/** Those that need no problem. */
const STATES: readonly TorrentRow['state'][] = ['metadata', 'checking', 'downloading', 'seeding', 'moving', 'done', 'paused'];

function everyState(): TorrentRow[] {
  const healthy = STATES.map((state, index) => {
    const isWhole = state === 'seeding' || state === 'done';
    const size = state === 'metadata' ? 0 : 4.7e9;
    return row(index, {
      name: `${state}, all well`,
      state,
      size,
      done: isWhole ? size : size * 0.41,
      down: state === 'downloading' ? 2.4e6 : 0,
      up: state === 'seeding' ? 0.6e6 : 0,
      eta: state === 'downloading' ? 1155 : -1,
      peers: state === 'downloading' || state === 'seeding' ? 11 : 0,
      active: state === 'downloading' ? 7 : 0,
      uploaded: 6.6e9,
    });
  });
  const troubled = Object.values(PROBLEMS).map((problem, index) => {
    const state = STATE_OF[problem.code] ?? 'error';
    const size = state === 'metadata' ? 0 : 4.7e9;
    const done = state === 'done' ? size : size * 0.41;
    return row(STATES.length + index, { name: problem.code, state, problem, size, done });
  });
  return [...healthy, ...troubled];
}
