import { describe, expect, it } from 'vitest';
import { API_VERSION, type Command } from '../../sw/api.ts';
import { refusal } from '../../sw/engine/index.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { Following } from '../../sw/following.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { until } from '../peers/wait.ts';
import { ends, lender, setUp, told } from './following.ts';
import { A, B, row } from './rows.ts';

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
    expect(await following.run(add)).toEqual({ id: A, already: false, brought: true, isBack: false });
    backend.failure = refusal('root-full', { folder: 'Films', needed: { bytes: 2e9 }, free: { bytes: 5e8 } });
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({
      code: 'root-full',
      message: expect.stringContaining('“Films” has too little room, so nothing was moved: 2 GB needed, 500 MB free.') as string,
    });
    expect(backend.commands).toEqual([add, { do: 'pause', ids: [A] }]);
  });

  it('is told what was measured there, and how the ways to the network are', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const sum = { since: 1, down: 2, up: 3 };
    const rates = Array.from({ length: 1_440 }, (_, at) => at - 1);
    const marks = [
      { at: 1, kind: 'limits', down: 1, up: 0, mode: 'slow' },
      { at: 2, kind: 'tracker', host: 't.example', isThere: false },
    ] as const;
    const totals = { session: sum, ever: sum, days: [{ day: 20_000, down: 1, up: 2 }] };
    backend.told = { told: 'history', history: { from: 0, step: 60_000, down: rates, up: rates, marks, totals } };
    expect(await following.run({ do: 'history', span: 'day', of: null })).toEqual(backend.told);
    const connections = { most: 200, tcp: 1, utp: 0, webrtc: 0, incoming: 1, connecting: 0, webSeeds: 0 };
    const trackers = [{ host: 't.example', working: 0, failing: 1, waiting: 0, text: 'no' }];
    const came = { tcp: 1, utp: 0, last: 5 };
    const port = { tcp: 6881, udp: 6881, outside: 6881, address: '80.0.0.1', came, test: { state: 'lost', ago: 3 } } as const;
    const dht = { nodes: 1, torrents: 1, searching: 0, peers: 4, asked: -1 };
    backend.told = { told: 'vitals', vitals: { dht, port, connections, trackers, moreTrackers: 0 } };
    expect(await following.run({ do: 'vitals' })).toEqual(backend.told);
  });

  it('has nothing done there that is about the other browser itself', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    for (const command of [{ do: 'take' }, { do: 'reconnect' }, { do: 'pair', token: 't', installId: 'i', port: 1 }] as const) {
      await expect(following.run(command)).rejects.toMatchObject({ code: 'elsewhere' });
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
    expect(said.at(-1)).toEqual({ type: 'watch', visible: false, detail: null, part: null });
    expect(following.detail(A)).toBe(null);
  });

  it('is sent nothing while nobody looks, and all of it when somebody does', async () => {
    const { following, ids, said, timers, replaced } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    timers.advance(3_000);
    expect(said.at(-1)).toEqual({ type: 'watch', visible: false, detail: null, part: null });
    following.takeChanges();
    expect(said.at(-1)).toEqual({ type: 'watch', visible: true, detail: null, part: null });
    await until('the list again', () => replaced() === 2);
  });

  it('opens the channel again that was closed, and refuses what was not answered', async () => {
    const { backend, following, ids, timers } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    backend.onRun = () => ends[0]!.here.closed();
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({ code: 'far-unanswered' });
    expect(following.rows()).toBe(null);
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({ code: 'far-away' });
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
      code: 'far-other',
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
    expect(
      working.hand({ type: 'handoff', handoff: 4, added: { id: A, already: false, brought: false, isBack: false }, source }),
    ).not.toBe(null);
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

  it('refuses a command where a thousand wait for their answers', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    backend.failure = refusal('at-rest');
    const asked = Array.from({ length: 1_001 }, () => following.run({ do: 'pause', ids: [A] }).catch((error: unknown) => error));
    expect(await asked[1_000]).toMatchObject({ code: 'too-many-commands' });
    expect(await asked[999]).toMatchObject({ code: 'at-rest' });
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
