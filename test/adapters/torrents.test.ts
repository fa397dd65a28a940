import { describe, expect, it } from 'vitest';
import type { Command, LeftFiles } from '../../sw/api.ts';
import type { PortMappings, RootRow, Settings, TorrentRow } from '../../sw/view-model.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import type { Engine, StateRecord } from '../../sw/perform.ts';
import type { Host } from '../../sw/host-commands.ts';
import { Torrents, type Link } from '../../sw/torrents.ts';
import { turn } from './harness.ts';

const A = 'a'.repeat(40);
const pause: Command = { do: 'pause', ids: [A] };

function row(state: TorrentRow['state']): TorrentRow {
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
  attach = (kept: readonly string[]): void => this.tell(`attach ${kept.join()}`);
  detach = (): void => this.tell('detach');
  add = (): { id: string; already: boolean; brought: boolean } => ({ id: A, already: false, brought: false });
  start = (): void => this.tell('start');
  pause = (): void => this.tell('pause');
  recheck = (): void => this.tell('recheck');
  resume = (): void => this.tell('resume');
  remove = (): void => this.tell('remove');
  prioritise = (): void => this.tell('prioritise');
  set = (): void => this.tell('set');
  editTrackers = (): void => this.tell('trackers');
  announce = (): void => this.tell('announce');
  askWebSeed = (): void => this.tell('askWebSeed');
  label = (): void => this.tell('label');
  move = (): void => this.tell('move');
  relocate = (): void => this.tell('relocate');
  rename = (): void => this.tell('rename');
  settings: Settings = DEFAULT_SETTINGS;
  /** Why settings cannot be saved. */
  unsaved: Error | null = null;
  reading = { open: (_id: string, file: number) => ({ file, path: ['a'] }) };
  roots = {
    tell: (roots: readonly RootRow[]): void => {
      if (roots.length > 0) this.tell(`roots ${roots.map(({ free }) => free).join()}`);
    },
  };
  usersOf = (): number => 0;
  mapping: { state: PortMappings | null } = { state: null };
  hasWork = true;
  configure = ({ encryption }: Partial<Settings>, saved: (error: Error | null) => void): void => {
    this.tell(`configure ${encryption}`);
    saved(this.unsaved);
  };
  rows = (): TorrentRow[] => [row('downloading')];
  takeChanges = (): { rows: TorrentRow[]; removed: string[]; left: LeftFiles[] } => ({ rows: [], removed: [], left: [] });
  detail = (): null => null;
  close = (done: () => void): void => {
    this.tell('close');
    done();
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
  readonly log: string[];

  constructor(log: string[]) {
    this.log = log;
  }

  pair = ({ token }: { token: string }): void => void this.log.push(`pair ${token}`);
  reconnect = (): void => void this.log.push('reconnect');
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
};

function setUp() {
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

describe('folders', () => {
  it('are told to the engine that there is, each time they are others', () => {
    const { log, link, to, connect } = setUp();
    const root = { token: 't', name: 'n', free: 1, isDefault: true, trash: true, problem: '' };
    link.roots = [root];
    connect(1);
    expect(log.filter(line => line.includes('roots'))).toEqual(['1 roots 1']);
    to('linked');
    link.roots = [{ ...root, free: 2 }];
    to('linked');
    expect(log.filter(line => line.includes('roots'))).toEqual(['1 roots 1', '1 roots 2']);
  });
});

describe('starting', () => {
  it('loads the records, then attaches what outlived the last life', () => {
    const { log, torrents, answerLoad, link } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    link.state = 'welcomed';
    torrents.welcomed(1);
    link.state = 'linked';
    torrents.linked(['x', 'y']);
    expect(torrents.connection().state).toBe('connecting');
    answerLoad([{ key: 'k', value: new Uint8Array(0) }]);
    expect(log).toEqual(['pair t', 'keep ever', '1 load k', 'replaced', '1 attach x,y']);
    expect(torrents.connection()).toMatchObject({ state: 'connected', everConnected: true });
  });

  it('shows the last list until then', () => {
    const { torrents, answerLoad, link } = setUp();
    torrents.remember(true, [row('waiting')]);
    expect(torrents.rows()).toEqual([row('waiting')]);
    link.state = 'welcomed';
    torrents.welcomed(1);
    answerLoad([]);
    expect(torrents.rows()).toEqual([row('downloading')]);
  });

  it('asks again where the host went away while it loaded', () => {
    const { log, torrents, answerLoad, link, lose, connect } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    answerLoad(null);
    lose();
    connect(2);
    expect(log).toContain('1 attach ');
  });

  it('says connecting until it is known that there is no token', () => {
    const { torrents } = setUp();
    expect(torrents.connection().state).toBe('connecting');
    torrents.begin(null);
    expect(torrents.connection().state).toBe('unpaired');
  });
});

describe('losing the connection', () => {
  it('keeps the engine where nobody else came in between', () => {
    const { log, connect, lose } = setUp();
    connect(1);
    log.length = 0;
    lose();
    connect(2);
    expect(log).toEqual(['1 detach', '1 attach ']);
  });

  it('reads the records anew where somebody did', () => {
    const { log, connect, lose } = setUp();
    connect(1);
    log.length = 0;
    lose();
    connect(3);
    expect(log).toEqual(['1 detach', '1 silence', '2 load k', 'replaced', '2 attach ']);
  });

  it('does not detach an engine that was not attached yet', () => {
    const { log, torrents, link, lose, answerLoad } = setUp();
    link.state = 'welcomed';
    torrents.welcomed(1);
    link.state = 'linked';
    torrents.linked([]);
    lose();
    answerLoad(null);
    expect(log.filter(line => line.includes('detach'))).toEqual([]);
  });
});

describe('settings', () => {
  it('that cannot be saved are said to be in force, and no more than that', async () => {
    const { log, torrents, made, connect } = setUp();
    connect(1);
    await torrents.run({ do: 'configure', settings: { encryption: 'off' } });
    made[0]!.unsaved = new Error('the disk is full');
    await expect(torrents.run({ do: 'configure', settings: { encryption: 'require' } })).rejects.toThrow('the disk is full');
    expect(log.slice(-2)).toEqual(['1 configure off', '1 configure require']);
  });
});

describe('the connection as shown', () => {
  it.each([
    ['connecting', false, false, 'connecting'],
    ['lost', false, false, 'connecting'],
    ['connecting', true, false, 'disconnected'],
    ['lost', true, false, 'disconnected'],
    ['welcomed', false, false, 'connecting'],
    ['welcomed', false, true, 'disconnected'],
    ['superseded', false, false, 'disconnected'],
  ] as const)('%s, failing: %s, given up: %s is %s', (state, failing, gaveUp, shown) => {
    const { torrents, link } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    Object.assign(link, { state, failing, gaveUp });
    expect(torrents.connection()).toMatchObject({ state: shown, gaveUp, superseded: state === 'superseded' });
  });
});

describe('commands', () => {
  it('wait for an engine that is on its way', async () => {
    const { log, torrents, connect } = setUp();
    const done = torrents.run(pause);
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    connect(1);
    await done;
    expect(log.at(-1)).toBe('1 pause');
  });

  it.each([
    ['unpaired', 'unpaired'],
    ['superseded', 'superseded'],
    ['lost', 'daemon-away'],
  ] as const)('are refused while %s', async (state, code) => {
    const { torrents, link, connect, lose } = setUp();
    torrents.begin(null);
    connect(1);
    lose();
    Object.assign(link, { state, failing: true });
    await expect(torrents.run(pause)).rejects.toMatchObject({ code });
  });

  it('that wait are refused once it is known that the host is not there', async () => {
    const { torrents, link, to } = setUp();
    torrents.begin({ token: 't', installId: 'i', port: 7800 });
    to('connecting');
    const refused = expect(torrents.run(pause)).rejects.toMatchObject({ code: 'daemon-away' });
    link.failing = true;
    to('lost');
    await refused;
  });

  it('pair and reconnect go to the link', async () => {
    const { log, torrents } = setUp();
    await torrents.run({ do: 'pair', token: 'secret', installId: 'i', port: 7800 });
    await torrents.run({ do: 'reconnect' });
    expect(log).toEqual(['keep secret', 'pair secret', 'reconnect']);
  });
});

describe('closing', () => {
  it('lets the engine record what it has, and does nothing after', async () => {
    const { log, torrents, connect } = setUp();
    connect(1);
    log.length = 0;
    await torrents.close();
    await torrents.close();
    await turn();
    expect(log).toEqual(['1 close', '1 silence', 'close link']);
    await expect(torrents.run(pause)).rejects.toMatchObject({ code: 'updating' });
  });
});
