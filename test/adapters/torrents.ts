import type { Command, LeftFiles } from '../../sw/api.ts';
import type { News, PortMappings, RootRow, Settings, TorrentRow } from '../../sw/view-model.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import type { Engine, StateRecord } from '../../sw/perform.ts';
import { Following } from '../../sw/following.ts';
import type { Host } from '../../sw/host-commands.ts';
import type { Link } from '../../sw/standing.ts';
import { Torrents } from '../../sw/torrents.ts';

export const A = 'a'.repeat(40);
export const pause: Command = { do: 'pause', ids: [A] };

export function row(state: TorrentRow['state']): TorrentRow {
  return { id: A, name: 'a', state, down: 5, peers: 3 } as TorrentRow;
}

class FakeEngine implements Engine<string> {
  readonly log: string[];
  readonly number: number;

  constructor(log: string[], number: number) {
    this.log = log;
    this.number = number;
  }

  load = (records: readonly StateRecord[]): void => this.tell(`load ${records.map(({ key }) => key).join()}`);
  attach = (kept: readonly string[], lostAt: number | null): void => {
    this.tell(`attach ${kept.join()}`);
    if (lostAt !== null) this.tell(`lost at ${lostAt}`);
  };
  detach = (): void => this.tell('detach');
  has = (id: string): boolean => id === A;
  add = (): { id: string; already: boolean; brought: boolean; isBack: boolean } => ({
    id: A,
    already: false,
    brought: false,
    isBack: false,
  });
  start = (): void => this.tell('start');
  pause = (): void => this.tell('pause');
  recheck = (): void => this.tell('recheck');
  resume = (): void => this.tell('resume');
  remove = (): void => this.tell('remove');
  readonly exporting = { take: (): void => this.tell('export') };
  readonly restoring = { take: () => ({ id: A, already: false, brought: false, isBack: false }) };
  readonly departures = {
    dismiss: (): void => this.tell('dismiss'),
    takeBack: (_: unknown, kept: (problem: null) => void): void => {
      this.tell('takeBack');
      kept(null);
    },
  };
  prioritise = (): void => this.tell('prioritise');
  set = (): void => this.tell('set');
  editTrackers = (): void => this.tell('trackers');
  announce = (): void => this.tell('announce');
  askWebSeed = (): void => this.tell('askWebSeed');
  addPeer = (): void => this.tell('addPeer');
  label = (): void => this.tell('label');
  move = (): void => this.tell('move');
  relocate = (): void => this.tell('relocate');
  ban = (_of: string | null, _add: readonly string[], _remove: readonly string[], saved: (error: null) => void): void => {
    this.tell('ban');
    saved(null);
  };
  rename = (): void => this.tell('rename');
  settings: Settings = DEFAULT_SETTINGS;
  /** Why settings cannot be saved. */
  unsaved: Error | null = null;
  reading = { open: (_id: string, file: number) => ({ file, path: ['a'] }), there: (): number[] => [50] };
  roots = {
    usersOf: () => ({ all: 0, leaving: 0 }),
    owns: (): boolean => false,
    tell: (roots: readonly RootRow[]): void => {
      if (roots.length > 0) this.tell(`roots ${roots.map(({ free }) => free).join()}`);
    },
  };
  activity = {
    history: (): never => {
      throw new Error('nothing is measured here');
    },
    vitals: (): never => {
      throw new Error('nothing is looked at here');
    },
    testPort: (): void => this.tell('testPort'),
  };
  giving = {
    ids: () => [],
    hold: () => undefined,
    gift: () => null,
    spans: () => null,
    torrentFile: () => null,
    name: null,
    isLost: () => false,
    learn: () => undefined,
  };
  taking = {
    adopt: () => false,
    connect: () => undefined,
    isHere: () => false,
    isOff: () => false,
    awaited: () => null,
    awaitedFrom: () => [],
    waitNoMore: () => undefined,
    isKnown: () => false,
    info: () => null,
    obstacleTo: () => null,
    canTake: () => false,
    isKept: () => false,
  };
  share = (): void => undefined;
  mapping: { state: PortMappings | null; listenPort: number | null } = { state: null, listenPort: null };
  hasWork = true;
  news: News[] = [];
  takeNews = (): News[] => this.news.splice(0);
  configure = ({ encryption }: Partial<Settings>, saved: (error: Error | null) => void): void => {
    this.tell(`configure ${encryption}`);
    saved(this.unsaved);
  };
  rows = (): TorrentRow[] => [row('downloading')];
  takeChanges = (): { rows: TorrentRow[]; removed: string[]; left: LeftFiles[] } => ({ rows: [], removed: [], left: [] });
  detail = (): null => null;
  /** What `close` waits for. */
  flushed: (() => void) | null = null;
  isSlow = false;
  /** It fails at its end. */
  isBroken = false;
  close = (done: () => void): void => {
    this.tell('close');
    if (this.isBroken) throw new Error('it is broken');
    if (this.isSlow) this.flushed = done;
    else done();
  };

  private tell(what: string): void {
    this.log.push(`${this.number} ${what}`);
  }
}

class FakeLink implements Link {
  state: Link['state'] = 'unpaired';
  roots: readonly RootRow[] = [];
  gaveUp = false;
  version = '1';
  failing = false;
  lease: Link['lease'] = { state: 'held', holder: '' };
  readonly log: string[];

  constructor(log: string[]) {
    this.log = log;
  }

  pair = ({ token }: { token: string }): void => void this.log.push(`pair ${token}`);
  unpair = (app: string, done: (isDone: boolean) => void): void => {
    this.log.push(`unpair ${app}`);
    done(app !== 'dead');
  };
  reconnect = (): void => void this.log.push('reconnect');
  yield = (isUpdate: boolean, work: boolean): void => void this.log.push(`yield ${isUpdate} ${work}`);
  take = (): void => void this.log.push('take');
  rest = (): void => void this.log.push('rest');
  wake = (): void => void this.log.push('wake');
  close = (): void => void this.log.push('close link');
}

/** Nothing is asked of it here. */
const host: Host = {
  state: null,
  set: () => Promise.resolve(null),
  pick: () => Promise.resolve(null),
  change: () => Promise.resolve(null),
  list: () => Promise.resolve(null),
  make: () => Promise.resolve(null),
  reveal: () => Promise.resolve(null),
};

/** Nobody is there to follow. */
export function nobody(): Following {
  return new Following({
    open: () => ({ send: () => undefined, close: () => undefined }),
    after: () => () => undefined,
    replaced: () => undefined,
    hand: () => undefined,
  });
}

/** Torrents with an engine and a link that write down what they are told. */
export function setUp() {
  const log: string[] = [];
  const link = new FakeLink(log);
  let engines = 0;
  let loaded: ((records: readonly StateRecord[] | null) => void) | null = null;
  const made: FakeEngine[] = [];
  const torrents = new Torrents<string>({
    link,
    host,
    memory: {
      keepPairing: ({ token }) => log.push(`keep ${token}`),
      keepEverConnected: () => log.push('keep ever'),
      keepRows: () => undefined,
    },
    newEngine: () => {
      const number = ++engines;
      const engine = new FakeEngine(log, number);
      made.push(engine);
      return { engine, silence: () => log.push(`${number} silence`) };
    },
    loadRecords: done => (loaded = done),
    wall: () => 1_700_000_000_000 + log.length,
    following: nobody(),
    mark: () => undefined,
    replaced: () => log.push('replaced'),
  });
  const answerLoad = (records: readonly StateRecord[] | null): void => {
    const done = loaded;
    loaded = null;
    if (done === null) throw new Error('nothing was asked for');
    done(records);
  };
  const to = (state: Link['state']): void => {
    link.state = state;
    torrents.changed();
  };
  /** Up to an attached engine, under this epoch. */
  const connect = (epoch: number): void => {
    to('connecting');
    link.state = 'welcomed';
    torrents.welcomed(epoch);
    torrents.changed();
    if (loaded !== null) answerLoad([{ key: 'k', value: new Uint8Array(0) }]);
    to('linked');
    torrents.linked([]);
  };
  const lose = (): void => {
    link.state = 'lost';
    torrents.unlinked();
    torrents.changed();
  };
  return { log, link, torrents, made, answerLoad, to, connect, lose };
}
