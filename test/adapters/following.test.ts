import { afterEach, describe, expect, it } from 'vitest';
import { API_VERSION, type Command } from '../../sw/api.ts';
import { ApiServer, type Backend } from '../../sw/api-server.ts';
import { DEFAULT_OPTIONS } from '../../sw/engine/options.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { Following } from '../../sw/following.ts';
import type { FarChannel, FarEvents } from '../../sw/far-channel.ts';
import type { Lender } from '../../sw/lent-reads.ts';
import type { FromHolder } from '../../sw/relayed.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import type { Connection, FileRow, News, PortMappings, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { until } from '../peers/wait.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const row = (id: string, done = 0): TorrentRow => ({
  id,
  name: id,
  size: 9,
  done,
  state: 'downloading',
  problem: null,
  down: 0,
  up: 0,
  eta: -1,
  peers: 0,
  seeds: 0,
  active: 0,
  uploaded: 0,
  downloaded: 0,
  addedAt: 0,
  doneAt: 0,
  root: 'r',
  options: DEFAULT_OPTIONS,
  limits: { down: 0, up: 0 },
});
const detail = (id: string): TorrentDetail => ({
  id,
  hasMetadata: true,
  isPrivate: false,
  comment: `of ${id[0]}`,
  pieceLength: 16_384,
  pieces: 1,
  piecesDone: 0,
  copies: 0,
  outOfReach: null,
  names: 1,
  files: [{ path: ['folder', 'file'], size: 9, done: 0, priority: 'normal' }],
  peers: [],
  trackers: [],
  dht: null,
  lsd: null,
  webSeeds: [],
  magnet: `magnet:?xt=urn:btih:${id}`,
});
const PORTS: PortMappings = {
  state: 'open',
  via: 'pcp',
  externalAddress: '',
  problem: '',
  mappings: [],
  pinholes: { state: 'none', via: '', address: '' },
};
const told: News = { id: A, name: 'x', what: 'completed', at: 1 };
/** Nothing is read here. */
const lender: Lender = {
  open: () => Promise.reject(new Error('not opened')),
  port: () => null,
  grants: { give: () => () => undefined },
};

class FakeBackend implements Backend {
  list = [row(A), row(B)];
  changes: ReturnType<Backend['takeChanges']> = { rows: [], removed: [], left: [] };
  readonly commands: Command[] = [];
  failure: Error | null = null;
  onRun: (command: Command) => void = () => undefined;

  rows = () => this.list;
  takeChanges = () => {
    const { changes } = this;
    this.changes = { rows: [], removed: [], left: [] };
    return changes;
  };
  news: News[] = [];
  takeNews = () => this.news.splice(0);
  details = detail;
  detail = (id: string) => this.details(id);
  connection = () => ({ state: 'connected', ports: PORTS }) as Connection;
  roots = () => [];
  settings = () => DEFAULT_SETTINGS;
  run = (command: Command) => {
    this.commands.push(command);
    this.onRun(command);
    return this.failure === null
      ? Promise.resolve(command.do === 'add' ? { id: A, already: false, brought: true } : null)
      : Promise.reject(this.failure);
  };
}

/** The channels of the test that runs, at both ends. */
const ends: { here: FarEvents; there: FarEvents }[] = [];
afterEach(() => {
  for (const { there } of ends.splice(0)) there.closed();
});

/** A browser at work, and one that follows it; what is said between them goes as plain messages. */
function setUp() {
  const backend = new FakeBackend();
  const shown: number[] = [];
  const working = new ApiServer(backend, {
    shown: handoff => shown.push(handoff),
    focused: () => undefined,
    windowsChanged: () => undefined,
  });
  const timers = new FakeTimers();
  const said: unknown[] = [];
  const sent: FromHolder[] = [];
  let replaced = 0;
  /** What came back, and over which channel. */
  const answered: [number, FromHolder['type']][] = [];
  const open = (here: FarEvents): FarChannel => {
    const number = ends.length + 1;
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    const back: FarChannel = {
      send: message => {
        answered.push([number, (message as FromHolder).type]);
        sent.push(message as FromHolder);
        queueMicrotask(() => isOpen && here.message(structuredClone(message)));
      },
      close() {
        close();
        here.closed();
      },
    };
    const there = serveRelayed(working, lender, back, number);
    ends.push({ here, there });
    return {
      send(message) {
        said.push(message);
        queueMicrotask(() => isOpen && there.message(structuredClone(message)));
      },
      close() {
        if (isOpen) there.closed();
        close();
      },
    };
  };
  const following: Following = new Following({
    open,
    after: timers.after,
    replaced: () => replaced++,
    hand: ({ handoff }) => following.shown(handoff),
  });
  const ids = (): string[] | undefined => following.rows()?.map(({ id }) => id);
  return { backend, working, shown, following, timers, said, sent, answered, ids, replaced: () => replaced };
}

describe('following another browser', () => {
  it('shows its list, its settings and its ports, and what changes of them', async () => {
    const { backend, following, ids, replaced } = setUp();
    expect(following.rows()).toBe(null);
    following.begin();
    await until('the list', () => ids()?.length === 2);
    expect([replaced(), following.settings, following.ports?.state]).toEqual([1, DEFAULT_SETTINGS, 'open']);
    const left = { name: 'x', files: [], count: 1, root: '', why: 'io' } as const;
    backend.news = [told];
    backend.changes = { rows: [row(A, 5)], removed: [B], left: [left] };
    await until('the change', () => following.rows()?.[0]?.done === 5);
    expect(ids()).toEqual([A]);
    expect(following.takeChanges()).toEqual({ rows: [row(A, 5)], removed: [B], left: [left] });
    expect(following.takeChanges()).toEqual({ rows: [], removed: [], left: [] });
    expect([following.takeNews(), following.takeNews()]).toEqual([[told], []]);
  });

  it('has commands done there, and gives their answers', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const add: Command = { do: 'add', source: { kind: 'file', bytes: Uint8Array.of(1, 2) } };
    expect(await following.run(add)).toEqual({ id: A, already: false, brought: true });
    backend.failure = Object.assign(new Error('The disk is full.'), { code: 'disk-full' });
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({
      code: 'disk-full',
      message: 'The disk is full.',
    });
    expect(backend.commands).toEqual([add, { do: 'pause', ids: [A] }]);
  });

  it('has nothing done there that is about the other browser itself', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    for (const command of [{ do: 'take' }, { do: 'reconnect' }, { do: 'pair', token: 't', installId: 'i', port: 1 }] as const) {
      await expect(following.run(command)).rejects.toMatchObject({ code: 'malformed' });
    }
    expect(backend.commands).toEqual([]);
  });

  it('fetches the details of as many torrents as are looked at, and of none for longer', async () => {
    const { backend, working, following, ids, said, answered, timers } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    await until('both', () => following.detail(A)?.comment === 'of a' && following.detail(B)?.comment === 'of b');
    expect(ends).toHaveLength(2);
    // The list, and what is told once, come over the first alone.
    working.reset();
    backend.news = [told];
    await until('the news', () => following.takeNews().length === 1);
    expect(answered.filter(([number, type]) => number === 2 && type !== 'delta' && type !== 'files')).toEqual([]);
    expect(answered.filter(([, type]) => type === 'snapshot')).toHaveLength(2);
    timers.advance(3_000);
    expect(said.at(-1)).toEqual({ type: 'watch', visible: false, detail: null });
    expect(following.detail(A)).toBe(null);
  });

  it('is sent nothing while nobody looks, and all of it when somebody does', async () => {
    const { following, ids, said, timers, replaced } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    timers.advance(3_000);
    expect(said.at(-1)).toEqual({ type: 'watch', visible: false, detail: null });
    following.takeChanges();
    expect(said.at(-1)).toEqual({ type: 'watch', visible: true, detail: null });
    await until('the list again', () => replaced() === 2);
  });

  it('opens the channel again that was closed, and refuses what was not answered', async () => {
    const { backend, following, ids, timers } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    backend.onRun = () => ends[0]!.here.closed();
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({ code: 'followed' });
    expect(following.rows()).toBe(null);
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({ code: 'followed' });
    timers.advance(1_000);
    await until('the list again', () => ids()?.length === 2);
    following.end();
    expect(following.rows()).toBe(null);
    timers.advance(60_000);
    expect(ends).toHaveLength(2);
  });

  it('is not shown by a browser of another version of the app', async () => {
    const { working, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const said: unknown[] = [];
    let isClosed = false;
    const other = serveRelayed(working, lender, { send: message => said.push(message), close: () => (isClosed = true) }, 9);
    other.message({ type: 'connect', version: API_VERSION + 1 });
    expect([said, isClosed]).toEqual([[expect.objectContaining({ version: API_VERSION, torrents: [] })], true]);
  });

  it('says that the app at work is of another version, and asks again once a minute', async () => {
    const timers = new FakeTimers();
    let asked = 0;
    let version = API_VERSION + 1;
    const following = new Following({
      after: timers.after,
      replaced: () => undefined,
      hand: () => undefined,
      open(here) {
        asked++;
        return {
          send(message) {
            if ((message as { readonly type: string }).type !== 'connect') return;
            queueMicrotask(() => {
              here.message({
                type: 'snapshot',
                version,
                torrents: [row(A)],
                connection: { ports: null },
                roots: [],
                settings: null,
              });
              if (version !== API_VERSION) here.closed();
            });
          },
          close: () => undefined,
        };
      },
    });
    expect(following.isOtherVersion).toBe(false);
    following.begin();
    await until('the word', () => following.isOtherVersion);
    expect(following.rows()).toBe(null);
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({
      code: 'followed',
      message: expect.stringContaining('another version of the app') as string,
    });
    timers.advance(59_999);
    expect(asked).toBe(1);
    version = API_VERSION;
    timers.advance(1);
    await until('the list', () => following.rows() !== null);
    expect([asked, following.isOtherVersion, following.rows()]).toEqual([2, false, [row(A)]]);
    following.end();
  });

  it('hands on to a window here what is opened with a program, and says that it is shown', async () => {
    const { working, following, ids, shown } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    following.focused();
    const source = { kind: 'magnet', uri: 'magnet:?xt=urn:btih:' } as const;
    expect(working.hand({ type: 'handoff', handoff: 4, added: { id: A, already: false, brought: false }, source })).not.toBe(
      null,
    );
    await until('the word', () => shown.length === 1);
    expect(shown).toEqual([4]);
  });

  it('shows no more torrents than any engine has, and details of eight at most', async () => {
    const { backend, following, ids } = setUp();
    backend.list = Array.from({ length: 20_050 }, (_, index) => row(index.toString(16).padStart(40, '0')));
    following.begin();
    await until('the list', () => ids()?.length === 20_000);
    backend.changes = { rows: [row(A), row('0'.repeat(40), 5)], removed: [], left: [] };
    await until('the change', () => following.rows()?.[0]?.done === 5);
    expect(ids()).toHaveLength(20_000);
    const looked = backend.list.slice(0, 9).map(({ id }) => id);
    await until('eight', () => looked.filter(id => following.detail(id) !== null).length === 8);
    expect(following.detail(looked[8]!)).toBe(null);
    // One for the list and the first detail, and one for each of the others.
    expect(ends).toHaveLength(8);
  });

  it('has the files of a large torrent in parts, shows them whole, and is told of what changes alone', async () => {
    const { backend, following, ids, answered, sent } = setUp();
    let files: readonly FileRow[] = Array.from({ length: 40_000 }, (_, index) => ({
      path: ['folder', `${index} ${'x'.repeat(200)}`],
      size: 9,
      done: 0,
      priority: 'normal' as const,
    }));
    let names = 1;
    backend.details = id => ({ ...detail(id), names, files });
    following.begin();
    await until('the list', () => ids() !== undefined);
    const shown = (): TorrentDetail | null => following.detail(A);
    await until('its detail', () => shown() !== null);
    expect(shown()?.files).toEqual(files);
    expect(Math.max(...sent.map(message => JSON.stringify(message).length))).toBeLessThan(1 << 20);
    const parts = answered.filter(([, type]) => type === 'files').length;
    expect(parts).toBeGreaterThan(9);
    files = files.map((file, index) => (index === 39_999 ? { ...file, done: 5, priority: 'high' } : file));
    await until('the change', () => shown()?.files[39_999]?.done === 5);
    expect(shown()?.files).toEqual(files);
    expect(sent.filter(({ type }) => type === 'filesChanged')).toEqual([
      { type: 'filesChanged', torrent: A, files: [{ index: 39_999, done: 5, priority: 'high' }] },
    ]);
    files = files.slice(0, 3);
    names = 2;
    await until('the other list', () => shown()?.names === 2);
    expect(shown()?.files).toEqual(files);
  });

  it('hears at most four messages more than it has answered for, and is left where a thousand wait', async () => {
    const { working, backend } = setUp();
    const said: unknown[] = [];
    let isClosed = false;
    const there = serveRelayed(working, lender, { send: message => said.push(message), close: () => (isClosed = true) }, 9);
    ends.push({ here: there, there });
    backend.list = Array.from({ length: 5_500 }, (_, index) => row(index.toString(16).padStart(40, '0')));
    there.message({ type: 'connect', version: API_VERSION });
    expect(said).toHaveLength(4);
    there.message({ type: 'heard' });
    there.message({ type: 'heard' });
    expect(said.map(message => (message as FromHolder).type)).toEqual([...Array<string>(5).fill('rows'), 'snapshot']);
    for (let count = 0; count < 166; count++) working.reset();
    expect(isClosed).toBe(false);
    working.reset();
    expect(isClosed).toBe(true);
    await until('it is forgotten', () => !working.has('relayed 9'));
  });

  it.each([
    ['a torrent with mark-up for an id', { type: 'delta', torrents: [{ ...row(A), id: '<b>' }] }],
    ['a number that is none', { type: 'delta', torrents: [{ ...row(A), size: '1' }] }],
    ['a state that nobody knows', { type: 'delta', torrents: [{ ...row(A), state: 'other' }] }],
    ['a part that is too long', { type: 'rows', torrents: Array.from({ length: 1_001 }, () => row(A)) }],
    ['a link that is none', { type: 'delta', torrents: [], detail: { ...detail(A), files: [], magnet: 'javascript:1' } }],
    ['files that lead elsewhere', { type: 'files', files: [{ ...detail(A).files[0], path: ['..', 'x'] }] }],
    ['files that nobody can have', { type: 'files', torrent: A, count: 2 ** 40 }],
    [
      'a change of files that are not there',
      { type: 'filesChanged', torrent: A, files: [{ index: 7, done: 1, priority: 'high' }] },
    ],
    ['nothing', null],
    ['a word', { type: 'constructor' }],
  ])('is not shown %s: it is taken for another version', async (_what, message) => {
    const { following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    following.detail(A);
    const base = { removed: [], connection: null, settings: null, detail: null, torrent: A, names: 1, count: 1, from: 0 };
    ends[0]!.here.message(message === null ? null : { ...base, ...message });
    expect([following.isOtherVersion, following.rows()]).toEqual([true, null]);
  });

  it('shows plain words, whatever it is told', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const said = 'It failed at /home/ann/secret.txt, at C:\\Users\\ann and at http://a.example/b. \u202e\u0007';
    backend.failure = Object.assign(new Error(said), { code: 'failed' });
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({
      code: 'failed',
      message: 'It failed at … at … and at http://a.example/b. ',
    });
    backend.changes = { rows: [{ ...row(A), name: `\u202e${'n'.repeat(2_000)}` }], removed: [], left: [] };
    await until('the name', () => following.rows()?.[0]?.name === 'n'.repeat(999));
  });

  it('refuses a command where a thousand wait for their answers', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    backend.failure = Object.assign(new Error(''), { code: 'no' });
    const asked = Array.from({ length: 1_001 }, () => following.run({ do: 'pause', ids: [A] }).catch((error: unknown) => error));
    expect(await asked[1_000]).toMatchObject({ code: 'too-many-commands' });
    expect(await asked[999]).toMatchObject({ code: 'no' });
  });

  it('stays where the windows of the browser at work are forgotten', async () => {
    const { backend, working, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    working.keepOnly(new Set());
    backend.changes = { rows: [row(A, 7)], removed: [], left: [] };
    await until('the change', () => following.rows()?.[0]?.done === 7);
  });
});
