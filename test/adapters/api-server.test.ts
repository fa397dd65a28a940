import { MessageChannel as Channel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { API_VERSION, type Command, type FromWorker, type LeftFiles } from '../../sw/api.ts';
import type { Connection, News, Encryption, Settings, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { ApiServer, type Backend } from '../../sw/api-server.ts';
import { refusal } from '../../sw/engine/index.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import type { Said } from '../../sw/said.ts';
import { A, B, detail, row } from './rows.ts';

const detailOf = (id: string, comment: string): TorrentDetail => ({ ...detail(id), comment });

class FakeBackend implements Backend {
  list: TorrentRow[] = [row(A)];
  changes: { rows: TorrentRow[]; removed: string[]; left: LeftFiles[] } = { rows: [], removed: [], left: [] };
  comment = 'first';
  encryption: Encryption = 'prefer';
  state: Connection = {
    state: 'connected',
    everConnected: true,
    superseded: false,
    following: null,
    outdated: null,
    gaveUp: false,
    version: '1',
    ports: null,
    host: null,
    browser: null,
  };
  readonly commands: Command[] = [];
  failure: Error | null = null;
  taken = 0;

  rows(): TorrentRow[] {
    return this.list;
  }

  takeChanges(): { rows: TorrentRow[]; removed: string[]; left: LeftFiles[] } {
    this.taken++;
    const { changes } = this;
    this.changes = { rows: [], removed: [], left: [] };
    return changes;
  }

  news: News[] = [];
  notices: Said[] = [];
  takeNotices = (): Said[] => this.notices.splice(0);
  takeNews(): News[] {
    return this.news.splice(0);
  }

  detail(id: string): TorrentDetail | null {
    return id === A ? detailOf(id, this.comment) : null;
  }

  connection(): Connection {
    return { ...this.state };
  }

  roots() {
    return [{ token: 'r', name: 'Downloads', free: 1, isDefault: true, trash: true, problem: '' }];
  }

  settings(): Settings {
    return { ...DEFAULT_SETTINGS, encryption: this.encryption };
  }

  run(command: Command) {
    this.commands.push(command);
    return this.failure === null
      ? Promise.resolve(command.do === 'add' ? { id: A, already: false, brought: false, isBack: false } : null)
      : Promise.reject(this.failure);
  }
}

/** A window: what it was sent, and waiting for the next of it. */
class FakeWindow {
  readonly messages: FromWorker[] = [];
  readonly port = new Channel();
  private wake: (() => void) | null = null;

  constructor(server: ApiServer, client: string, version: unknown = API_VERSION) {
    this.port.port1.on('message', (message: FromWorker) => {
      this.messages.push(message);
      this.wake?.();
    });
    server.connect(this.port.port2 as unknown as MessagePort, client, version);
  }

  say(message: unknown): void {
    this.port.port1.postMessage(message);
  }

  async next<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    for (;;) {
      const index = this.messages.findIndex(message => message.type === type);
      if (index !== -1) return this.messages.splice(index, 1)[0] as Extract<FromWorker, { type: T }>;
      await new Promise<void>(resolve => (this.wake = resolve));
    }
  }
}

const windows: FakeWindow[] = [];
let server: ApiServer;
let backend: FakeBackend;

function open(client = 'one', version: unknown = API_VERSION): FakeWindow {
  const window = new FakeWindow(server, client, version);
  windows.push(window);
  return window;
}

function setUp(): void {
  backend = new FakeBackend();
  server = new ApiServer(backend, { shown: () => undefined, focused: () => undefined, windowsChanged: () => undefined });
}

afterEach(() => {
  server.keepOnly(new Set());
  for (const { port } of windows.splice(0)) port.port1.close();
});

describe('a window', () => {
  it('is given everything, then what changes', async () => {
    setUp();
    const window = open();
    expect(await window.next('snapshot')).toMatchObject({ version: API_VERSION, torrents: [row(A)], roots: [{ token: 'r' }] });
    backend.changes = { rows: [row(A, 50)], removed: [B], left: [] };
    const delta = await window.next('delta');
    expect(delta).toEqual({
      type: 'delta',
      torrents: [row(A, 50)],
      removed: [B],
      connection: null,
      roots: null,
      settings: null,
      detail: null,
    });
  });

  it('is told once what happened while no window was open', async () => {
    setUp();
    backend.news = [{ id: A, name: 'x', what: 'completed', at: 5 }];
    const window = open();
    expect(await window.next('news')).toEqual({ type: 'news', news: [{ id: A, name: 'x', what: 'completed', at: 5 }] });
    expect(backend.news).toEqual([]);
  });

  it('is told once what the helper has to say', async () => {
    setUp();
    backend.notices = [{ code: 'told', values: { text: 'Make room.' } }];
    expect(await open().next('notice')).toEqual({ type: 'notice', said: { code: 'told', values: { text: 'Make room.' } } });
    expect(backend.notices).toEqual([]);
  });

  it('is told once of files that a removal has left', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    const left = { name: 'x', files: ['a'], count: 1, root: 'r', why: 'denied' } as const;
    backend.changes = { rows: [], removed: [A], left: [left] };
    expect(await window.next('left')).toEqual({ type: 'left', left });
  });

  it('is told the settings, and those that are others', async () => {
    setUp();
    const window = open();
    expect((await window.next('snapshot')).settings).toMatchObject({ encryption: 'prefer' });
    backend.encryption = 'require';
    expect((await window.next('delta')).settings).toMatchObject({ encryption: 'require' });
  });

  it('hears of the connection when it is another', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    backend.state = { ...backend.state, state: 'disconnected' };
    const delta = await window.next('delta');
    expect([delta.connection?.state, delta.torrents, delta.roots]).toEqual(['disconnected', [], null]);
  });

  it('is sent nothing while nothing changes', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    const start = backend.taken;
    while (backend.taken < start + 3) await new Promise(resolve => setTimeout(resolve, 20));
    expect(window.messages).toEqual([]);
  });

  it('of another version is told ours and served no further', async () => {
    setUp();
    const window = open('one', API_VERSION + 1);
    expect(await window.next('snapshot')).toMatchObject({ version: API_VERSION, torrents: [] });
    window.say({ type: 'command', id: 1, command: { do: 'reconnect' } });
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(backend.commands).toEqual([]);
  });

  it('that connects anew replaces its earlier port', async () => {
    setUp();
    const first = open('one');
    await first.next('snapshot');
    const second = open('one');
    await second.next('snapshot');
    backend.changes = { rows: [row(B)], removed: [], left: [] };
    await second.next('delta');
    expect(first.messages).toEqual([]);
  });

  it('has room beside those of browsers that follow', async () => {
    setUp();
    const gone: (() => void)[] = [];
    for (let index = 0; index < 128; index++) {
      const port = {
        post: () => undefined,
        close: () => undefined,
        listen: (_hear: unknown, closed: () => void) => gone.push(closed),
      };
      server.connectRelayed(port, `relayed ${index}`, API_VERSION, index === 0);
    }
    expect((await open().next('snapshot')).torrents).toHaveLength(1);
    for (const closed of gone) closed();
  });

  it('that is gone is forgotten', async () => {
    setUp();
    const gone = open('gone');
    const stays = open('stays');
    await gone.next('snapshot');
    await stays.next('snapshot');
    server.keepOnly(new Set(['stays']));
    backend.changes = { rows: [row(B)], removed: [], left: [] };
    await stays.next('delta');
    expect(gone.messages).toEqual([]);
  });
});

describe('a hidden window', () => {
  it('costs nothing, and is given everything when it is shown', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    window.say({ type: 'watch', visible: false, detail: null, part: null });
    // The answer tells that the worker knows.
    window.say({ type: 'command', id: 1, command: { do: 'reconnect' } });
    await window.next('reply');
    window.messages.length = 0;
    const { taken } = backend;
    backend.list = [row(A, 70)];
    backend.changes = { rows: [row(A, 70)], removed: [], left: [] };
    await new Promise(resolve => setTimeout(resolve, 600));
    expect([window.messages, backend.taken]).toEqual([[], taken]);
    window.say({ type: 'watch', visible: true, detail: null, part: null });
    expect(await window.next('snapshot')).toMatchObject({ torrents: [row(A, 70)] });
  });
});

describe('the detail', () => {
  it('comes at once, and again only when it is another', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    window.say({ type: 'watch', visible: true, detail: A, part: null });
    expect((await window.next('delta')).detail?.comment).toBe('first');
    backend.changes = { rows: [row(A, 1)], removed: [], left: [] };
    expect((await window.next('delta')).detail).toBeNull();
    backend.comment = 'second';
    expect((await window.next('delta')).detail?.comment).toBe('second');
  });

  it('of a torrent that is not there is none', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    window.say({ type: 'watch', visible: true, detail: B, part: null });
    backend.changes = { rows: [row(A, 1)], removed: [], left: [] };
    expect((await window.next('delta')).detail).toBeNull();
  });
});

describe('commands', () => {
  const source = { kind: 'magnet', uri: 'magnet:?xt=urn:btih:' + A };

  it('are answered by number, after what they changed', async () => {
    setUp();
    const window = open();
    await window.next('snapshot');
    backend.changes = { rows: [row(B)], removed: [], left: [] };
    window.say({ type: 'command', id: 7, command: { do: 'add', source } });
    const reply = await window.next('reply');
    expect(reply).toEqual({ type: 'reply', id: 7, error: null, added: { id: A, already: false, brought: false, isBack: false } });
    expect(window.messages.map(({ type }) => type)).toEqual(['delta']);
  });

  it('are refused with the code of the error and what its sentence takes', async () => {
    setUp();
    const window = open();
    backend.failure = refusal('no-address', { host: 'x y', port: '0' });
    window.say({ type: 'command', id: 1, command: { do: 'add', source } });
    expect((await window.next('reply')).error).toEqual({ code: 'no-address', values: { host: 'x y', port: '0' } });
  });

  it('that fail by a fault of ours do not show it', async () => {
    setUp();
    const window = open();
    const { error } = console;
    console.error = () => undefined;
    backend.failure = new TypeError('x is undefined');
    window.say({ type: 'command', id: 1, command: { do: 'reconnect' } });
    const reply = await window.next('reply');
    console.error = error;
    expect(reply.error).toEqual({ code: 'internal', values: {} });
  });

  it.each([
    ['an unknown one', { do: 'format-disk' }],
    ['one with more than it has', { do: 'reconnect', also: 1 }],
    ['a bad id', { do: 'pause', ids: ['../..'] }],
    ['ids that are no list', { do: 'pause', ids: A }],
    ['too many ids', { do: 'pause', ids: Array.from({ length: 20_001 }, () => A) }],
    ['a setting that is none', { do: 'configure', settings: { encryption: 'maybe' } }],
    ['a STUN server that is none', { do: 'configure', settings: { stunServers: ['https://a.example'] } }],
    ['a STUN server with no such port', { do: 'configure', settings: { stunServers: ['stun:a.example:65536'] } }],
    ['too many STUN servers', { do: 'configure', settings: { stunServers: Array(9).fill('stun:a.example:1') } }],
    ['a setting of another name', { do: 'configure', settings: { speed: 1 } }],
    ['a negative index', { do: 'prioritise', id: A, files: [-1], priority: 'high' }],
    ['an index that is no whole number', { do: 'prioritise', id: A, files: [0.5], priority: 'high' }],
    ['a priority that is none', { do: 'prioritise', id: A, files: [0], priority: 'urgent' }],
    ['files of which one is no priority', { do: 'start', id: A, priorities: ['low', 5], root: '' }],
    ['an endless magnet', { do: 'add', source: { kind: 'magnet', uri: 'm'.repeat(70_000) } }],
    ['bytes that are none', { do: 'add', source: { kind: 'file', bytes: [1, 2] } }],
    ['a file beyond all measure', { do: 'add', source: { kind: 'file', bytes: new Uint8Array((32 << 20) + 1) } }],
    ['a token with a NUL', { do: 'pair', token: 'a\0b', installId: 'x', port: 7800 }],
    ['an empty token', { do: 'pair', token: '', installId: 'x', port: 7800 }],
    ['a port that is none', { do: 'pair', token: 'a', installId: 'x', port: 0 }],
    ['a missing flag', { do: 'remove', ids: [A] }],
  ])('are checked: %s', async (_name, command) => {
    setUp();
    const window = open();
    window.say({ type: 'command', id: 3, command });
    expect((await window.next('reply')).error?.code).toBe('malformed');
    expect(backend.commands).toEqual([]);
  });

  it('that are no message at all are ignored', async () => {
    setUp();
    const window = open();
    for (const message of [null, 7, 'x', [], {}, { type: 'command' }, { type: 'watch' }]) window.say(message);
    window.say({ type: 'command', id: 9, command: { do: 'reconnect' } });
    expect((await window.next('reply')).id).toBe(9);
    expect(backend.commands).toEqual([{ do: 'reconnect' }]);
  });
});
