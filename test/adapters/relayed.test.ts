import { describe, expect, it } from 'vitest';
import { API_VERSION } from '../../sw/api.ts';
import { EngineError } from '../../sw/engine/index.ts';
import type { FromHolder } from '../../sw/relayed.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import type { FileRow, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { until } from '../peers/wait.ts';
import { ends, lender, setUp, told } from './following.ts';
import { A, B, detail, row } from './rows.ts';

describe('what is relayed of the browser at work', () => {
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

  it('has the pieces and the log of a torrent apart, for as long as somebody looks at each', async () => {
    const { backend, following, ids } = setUp();
    const map = {
      perCell: 2,
      have: 3,
      active: 1,
      skipped: 0,
      unavailable: 1,
      cells: new Uint8Array([2, 0, 0, 255, 3, 1, 1, 0, 0, 0]),
    };
    const log = [
      { n: 1, at: 5, kind: 'peer', level: 'info', what: 'peer-left', who: '10.0.0.1:1', text: 'at /home/me/x', count: 0 },
    ] as const;
    backend.details = (id, part) => ({ ...detail(id), map: part === 'pieces' ? map : null, log: part === 'log' ? log : null });
    following.begin();
    await until('the list', () => ids() !== undefined);
    const both = () => [following.detail(A, 'pieces'), following.detail(A, 'log'), following.detail(A)];
    await until('each', () => both().every(each => each !== null));
    const [pieces, lines, plain] = both();
    expect(pieces).toMatchObject({ map, log: null });
    // People are shown no path.
    expect(lines).toMatchObject({ map: null, log: [{ ...log[0], text: 'at …' }] });
    expect(plain).toMatchObject({ map: null, log: null });
  });

  /** One that hears nothing, until it is asked to. */
  function slow(list: readonly TorrentRow[]) {
    const { working, backend } = setUp();
    const said: FromHolder[] = [];
    let isClosed = false;
    const there = serveRelayed(
      working,
      lender,
      { send: message => said.push(message as FromHolder), close: () => (isClosed = true) },
      9,
    );
    ends.push({ here: there, there });
    backend.list = [...list];
    there.message({ type: 'connect', version: API_VERSION });
    const hear = (): void => there.message({ type: 'heard' });
    const hearAll = (): void => {
      for (let heard = 0; heard < said.length; heard++) hear();
    };
    const change = (...rows: readonly TorrentRow[]): void => {
      backend.changes = { ...backend.changes, rows };
      working.hand({
        type: 'handoff',
        handoff: 1,
        added: { id: A, already: true, brought: false, isBack: false },
        source: { kind: 'magnet', uri: '' },
      });
    };
    return { working, backend, said, hear, hearAll, change, isClosed: () => isClosed };
  }
  const many = Array.from({ length: 5_500 }, (_, index) => row(index.toString(16).padStart(40, '0')));

  it('is heard at most four messages more of than were answered for', () => {
    const { said, hear } = slow(many);
    expect(said).toHaveLength(4);
    hear();
    hear();
    expect(said.map(({ type }) => type)).toEqual([...Array<string>(5).fill('rows'), 'snapshot']);
  });

  it('waits for one that does not read as one list and what changed since, however often it changes', () => {
    const { working, backend, said, hearAll, change } = slow(many);
    for (let round = 1; round <= 200; round++) {
      backend.list = backend.list.slice(1).map((each, index) => (index < 3 ? { ...each, done: round } : each));
      working.reset();
      for (let time = 1; time <= 5; time++) {
        backend.changes = { ...backend.changes, removed: [backend.list[0]!.id] };
        backend.list = backend.list.slice(1).map(each => (each.id.endsWith('f') ? { ...each, done: time } : each));
        change(...backend.list.filter(({ id }) => id.endsWith('f')));
      }
    }
    hearAll();
    // The one that had begun, the last, and what changed of that, beside what was handed over.
    expect(said.filter(({ type }) => type !== 'handoff').length).toBeLessThan(6 + 5 + 2);
    let coming: TorrentRow[] = [];
    const shown = new Map<string, TorrentRow>();
    for (const message of said) {
      if (message.type !== 'rows' && message.type !== 'snapshot' && message.type !== 'delta') continue;
      if (message.type === 'snapshot') shown.clear();
      if (message.type === 'delta') for (const id of message.removed) shown.delete(id);
      for (const each of message.type === 'snapshot'
        ? [...coming, ...message.torrents]
        : message.type === 'delta'
          ? message.torrents
          : [])
        shown.set(each.id, each);
      coming = message.type === 'rows' ? [...coming, ...message.torrents] : [];
    }
    expect([...shown.values()]).toEqual(backend.list);
  });

  it('has changes in parts too, each row before what speaks of it', () => {
    const { said, hearAll, change, backend } = slow(many.slice(0, 1));
    for (let time = 0; time < 8; time++) change(row(A));
    backend.changes = { ...backend.changes, removed: many.slice(0, 1_500).map(({ id }) => id) };
    change(...many.slice(2_000), row(B));
    hearAll();
    const parts = said.filter(message => message.type === 'delta');
    expect(Math.max(...parts.map(({ torrents, removed }) => Math.max(torrents.length, removed.length)))).toBe(1_000);
    expect(new Set(parts.flatMap(({ torrents }) => torrents.map(({ id }) => id))).size).toBe(1 + 3_500 + 1);
    expect(parts.flatMap(({ removed }) => removed)).toHaveLength(1_500);
    expect(said.findLastIndex(({ type }) => type === 'delta')).toBeLessThan(said.findLastIndex(({ type }) => type === 'handoff'));
  });

  it('is told no more where what is told once becomes too much', async () => {
    const { working, backend, said, change, isClosed } = slow(many);
    const tell = (characters: number): void => {
      backend.news = [{ ...told, name: 'x'.repeat(characters) }];
      change();
    };
    for (let time = 0; time < 160; time++) tell(100_000);
    expect([said.length, isClosed()]).toEqual([4, false]);
    for (let time = 0; time < 10; time++) tell(100_000);
    expect(isClosed()).toBe(true);
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
    await until('its files', () => following.detail(A) !== null);
    const base = { removed: [], connection: null, settings: null, detail: null, torrent: A, names: 1, count: 1, from: 0 };
    ends[0]!.here.message(message === null ? null : { ...base, ...message });
    expect([following.isOtherVersion, following.rows()]).toEqual([true, null]);
  });

  it('shows all that a torrent can have wrong', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const problem = { code: 'out-of-reach', trackers: 2, peers: 3 } as const;
    backend.changes = { rows: [{ ...row(A), problem }], removed: [], left: [] };
    await until('the problem', () => following.rows()?.[0]?.problem !== null);
    expect([following.isOtherVersion, following.rows()?.[0]?.problem]).toEqual([false, problem]);
  });

  it('shows plain words, whatever it is told', async () => {
    const { backend, following, ids } = setUp();
    following.begin();
    await until('the list', () => ids() !== undefined);
    const said = 'It failed at /home/ann/secret.txt, at C:\\Users\\ann and at http://a.example/b. \u202e\u0007';
    backend.failure = new EngineError('failed', said);
    await expect(following.run({ do: 'pause', ids: [A] })).rejects.toMatchObject({
      code: 'told',
      message: 'It failed at … at … and at http://a.example/b. ',
    });
    backend.changes = { rows: [{ ...row(A), name: `\u202e${'n'.repeat(2_000)}` }], removed: [], left: [] };
    await until('the name', () => following.rows()?.[0]?.name === 'n'.repeat(999));
  });
});
