import { describe, expect, it } from 'vitest';
import { API_VERSION } from '../../sw/api.ts';
import type { FromHolder } from '../../sw/relayed.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import type { FileRow, TorrentDetail } from '../../sw/view-model.ts';
import { until } from '../peers/wait.ts';
import { ends, lender, setUp } from './following.ts';
import { A, detail, row } from './rows.ts';

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
    await until('its files', () => following.detail(A) !== null);
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
});
