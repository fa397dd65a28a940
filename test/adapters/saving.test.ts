import { describe, expect, it, vi } from 'vitest';
import {
  SAVE_ASK,
  SAVE_KEY,
  type SaveAnswer,
  saveFilePath,
  saveFolderPath,
  saveListPath,
  saveTorrentPath,
} from '../../sw/api.ts';
import { distinctPaths, safeName } from '../../sw/engine/codec/paths.ts';
import { torrentFile } from '../../sw/engine/codec/torrent-file.ts';
import { createTorrent, parseTorrent, placeFiles } from '../../sw/engine/index.ts';
import { MAX_KEYS } from '../../sw/once-keys.ts';
import type { FileRow } from '../../sw/view-model.ts';
import { zipLength } from '../../sw/zip.ts';
import { FILES, ID, ORIGIN, row, setUp } from './saves.ts';

const lengthOf = async (answer: Response): Promise<number> => (await answer.arrayBuffer()).byteLength;

describe('a save', () => {
  it('of a file is a download of its name, type unknown, of a length that is said', async () => {
    const { ask, saving, press } = setUp();
    const answer = await ask(saveFilePath(ID, 0, 'film.mkv'));
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': "attachment; filename*=UTF-8''film.mkv",
      'content-length': '700000',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect([saving.count, saving.rows]).toEqual([1, []]);
    expect(await lengthOf(answer)).toBe(700_000);
    expect(saving.count).toBe(0);
    // What a link leads to is the download manager's, and no window's.
    const download = await press(saveFolderPath(ID));
    expect(saving.rows).toEqual([{ id: ID, isWhole: true }]);
    await download?.body?.cancel();
    expect(saving.rows).toEqual([]);
  });

  it('by the download manager is of a part where anything is left out that is chosen and not there', async () => {
    const take = async (path: string, files?: readonly FileRow[]) => {
      const { saving, press } = setUp(files);
      await press(path);
      return saving.rows;
    };
    expect(await take(saveFilePath(ID, 0, 'film.mkv'))).toEqual([{ id: ID, isWhole: false }]);
    expect(await take(saveFolderPath(ID, ['Film', 'Extra']))).toEqual([{ id: ID, isWhole: false }]);
    const [film, ...rest] = FILES;
    expect(await take(saveFilePath(ID, 0, ''), [film!, ...rest.map(file => ({ ...file, done: file.size }))])).toEqual([
      { id: ID, isWhole: true },
    ]);
  });

  it('of parts that together leave nothing out is of the whole, as long as it takes', async () => {
    const { saving, press } = setUp();
    const film = await press(saveFilePath(ID, 0, 'film.mkv'));
    const extra = await press(saveFolderPath(ID, ['Film', 'Extra']));
    expect(saving.rows).toEqual([{ id: ID, isWhole: true }]);
    // What the first has brought is not missing any more; what the other was to bring is.
    expect(await lengthOf(film!)).toBe(700_000);
    expect(saving.rows).toEqual([{ id: ID, isWhole: true }]);
    await extra?.body?.cancel();
    expect(saving.rows).toEqual([]);
    await press(saveFilePath(ID, 1, 'a.txt'));
    expect(saving.rows).toEqual([{ id: ID, isWhole: false }]);
  });

  it('begins for who has asked a window of ours a moment ago, once and for that alone, and for nobody whom a link leads there', async () => {
    const { saving, ask, navigate, pass } = setUp();
    const path = saveFolderPath(ID);
    const keyFor = async (asked: string): Promise<string> => ((await (await ask(asked + SAVE_ASK)).json()) as SaveAnswer).key;
    const key = await keyFor(path);
    for (const search of ['', SAVE_KEY, `${SAVE_KEY}${'0'.repeat(32)}`, `?x=${key}`]) {
      expect((await navigate(path, search))?.status).toBe(204);
    }
    expect((await navigate(saveFilePath(ID, 0, ''), SAVE_KEY + key))?.status).toBe(204);
    // It was good for one try.
    expect((await navigate(path, SAVE_KEY + key))?.status).toBe(204);
    const late = await keyFor(path);
    pass(30_000);
    expect((await navigate(path, SAVE_KEY + late))?.status).toBe(204);
    expect([saving.count, saving.rows]).toEqual([0, []]);
    const first = await keyFor(path);
    const more: string[] = [];
    for (let given = 0; given < MAX_KEYS; given++) more.push(await keyFor(path));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect((await navigate(path, SAVE_KEY + first))?.status).toBe(204);
    const good = await navigate(path, SAVE_KEY + more.at(-1)!);
    expect(good?.status).toBe(200);
    await good?.body?.cancel();
  });

  it('of a .torrent file is named after the torrent, and has its info as it was hashed', async () => {
    const about = { kind: 'v1', name: 'Mine', pieceLength: 16_384, webSeeds: [], httpSeeds: [], isPrivate: true } as const;
    const made = { ...about, trackers: [['wss://t.example/']], comment: '', createdBy: '', createdAt: null };
    const hashes = { pieces: new Uint8Array(20), trees: [] };
    const meta = parseTorrent(createTorrent(made, placeFiles([{ path: [], length: 5 }], 'v1', 16_384), hashes));
    const { ask, has, saving } = setUp();
    has(torrentFile(meta.info, [['wss://t.example/'], ['wss://u.example/']]));
    const answer = await ask(saveTorrentPath(ID));
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''Mine.torrent");
    const again = parseTorrent(new Uint8Array(await answer.arrayBuffer()));
    expect([again.v1Hash, again.isPrivate, again.trackers.length]).toEqual([meta.v1Hash, true, 2]);
    expect(saving.count).toBe(0);
  });

  it('of each file after the other asks for no list of all', async () => {
    const setup = setUp();
    for (const file of [0, 1, 2]) await lengthOf(await setup.ask(saveFilePath(ID, file, 'x')));
    expect(setup.details).toBe(0);
  });

  it('of a folder or a torrent is an archive of what is chosen, from that folder down', async () => {
    const { ask, opened } = setUp();
    const whole = await ask(saveFolderPath(ID));
    expect([whole.headers.get('content-type'), whole.headers.get('content-disposition')]).toEqual([
      'application/zip',
      "attachment; filename*=UTF-8''Film.zip",
    ]);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(bytes.length).toBe(zipLength(FILES.slice(0, 3)));
    expect(bytes.length).toBe(Number(whole.headers.get('content-length')));
    expect(bytes.includes('not.iso')).toBe(false);
    const folder = Buffer.from(await (await ask(saveFolderPath(ID, ['Film', 'Extra']))).arrayBuffer());
    expect([folder.includes('Extra/a.txt'), folder.includes('Film/Extra')]).toEqual([true, false]);
    // A file without bytes is not even opened, but to look whether it may be.
    expect(opened).not.toContain(2);
  });

  it('is listed, with the names that files are to have', async () => {
    const { ask, saving } = setUp();
    expect(await (await ask(saveListPath(ID))).json()).toEqual([
      { index: 0, path: ['Film', 'film.mkv'], size: 700_000 },
      { index: 1, path: ['Film', 'Extra', 'a.txt'], size: 5 },
      { index: 2, path: ['Film', 'Extra', 'b.txt'], size: 0 },
    ]);
    expect(saving.count).toBe(0);
  });

  it('of a folder with one file chosen is that file', async () => {
    const { ask } = setUp([row('Film/film.mkv', 9), row('Film/b', 9, { priority: 'skip' })]);
    expect((await ask(saveFolderPath(ID))).headers.get('content-disposition')).toContain("UTF-8''film.mkv");
  });

  it('holds names that are safe and distinct, whatever the torrent says', async () => {
    const hostile = [
      '../../etc/passwd',
      '/abs',
      'a\\..\\b',
      'CON',
      'x:stream',
      'x',
      'X',
      'e\u0301',
      '\u00e9',
      'dir/..',
      '\u202egpj.exe',
    ];
    const paths = distinctPaths(hostile.map(name => ['T', ...name.split('/').map(safeName).filter(Boolean)]));
    const { ask } = setUp(paths.map(path => ({ path, size: 1, done: 1, priority: 'normal' })));
    const bytes = Buffer.from(await (await ask(saveFolderPath(ID))).arrayBuffer());
    const names: string[] = [];
    for (let at = 0; (at = bytes.indexOf('PK\x01\x02', at, 'latin1')) >= 0; at += 46) {
      names.push(bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)));
    }
    expect(names).toHaveLength(hostile.length);
    expect(new Set(names.map(name => name.normalize('NFC').toUpperCase())).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^T\/(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\\:\u202e]+$/);
  });

  it('begins before there is all, and waits where the next byte is not there', async () => {
    const { ask, reach, wanted, readers } = setUp();
    reach(300_000);
    const reader = (await ask(saveFilePath(ID, 0, 'film.mkv'))).body!.getReader();
    let length = 0;
    while (length < 300_000) length += (await reader.read()).value?.length ?? 0;
    const next = reader.read();
    await expect.poll(() => wanted.length).toBeGreaterThan(0);
    const { stream } = wanted.at(-1)!;
    readers.readable(stream, 300_000, 400_000);
    expect((await next).value?.length).toBeGreaterThan(0);
    await reader.cancel();
  });

  it('goes on after a pause where it was, by opening the file again', async () => {
    const { ask, reach, refuse, readers, due, timers } = setUp();
    reach(300_000);
    const reader = (await ask(saveFilePath(ID, 0, 'film.mkv'))).body!.getReader();
    let length = 0;
    while (length < 300_000) length += (await reader.read()).value?.length ?? 0;
    refuse('paused');
    const next = reader.read();
    await new Promise(resolve => setTimeout(resolve, 5));
    // What the engine says to who reads of a torrent that is paused.
    readers.readable(1, 0, 0);
    for (let turn = 0; turn < 3; turn++) {
      await expect.poll(() => [...timers].some(({ ms }) => ms === 1_000)).toBe(true);
      due(1_000);
    }
    refuse(null);
    reach(Infinity);
    length += (await next).value?.length ?? 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) length += part.value.length;
    expect(length).toBe(700_000);
  });

  it('goes on after the download manager has paused it for an hour, and may be given up then', async () => {
    vi.useFakeTimers();
    try {
      const { ask, due, timers, opened } = setUp();
      const [resumed, left] = (await Promise.all([0, 1].map(() => ask(saveFilePath(ID, 0, 'film.mkv'))))).map(({ body }) =>
        body!.getReader(),
      );
      let length = (await resumed!.read()).value!.length;
      await left!.read();
      await vi.advanceTimersByTimeAsync(3_600_000);
      await left!.cancel();
      const before = opened.length;
      const next = resumed!.read();
      await vi.waitFor(() => expect([...timers].some(({ ms }) => ms === 1_000)).toBe(true));
      due(1_000);
      for (let part = await next; !part.done; part = await resumed!.read()) length += part.value.length;
      expect([length, opened.length]).toEqual([700_000, before + 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([['no-such-torrent'], ['failed'], ['not-chosen']])('fails where the torrent is %s half-way', async code => {
    const { ask, reach, refuse, readers, due, timers, saving } = setUp();
    reach(300_000);
    const reader = (await ask(saveFolderPath(ID))).body!.getReader();
    let length = 0;
    while (length < 300_000) length += (await reader.read()).value?.length ?? 0;
    refuse(code);
    const next = reader.read();
    next.catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 5));
    readers.readable(1, 0, 0);
    await expect.poll(() => [...timers].some(({ ms }) => ms === 1_000)).toBe(true);
    due(1_000);
    await expect(next).rejects.toThrow('A sentence for people.');
    expect(saving.count).toBe(0);
  });

  it('fails where a byte cannot be read, after a day in which nothing came, and for an update', async () => {
    const broken = setUp();
    broken.fail('io');
    await expect(lengthOf(await broken.ask(saveFolderPath(ID)))).rejects.toThrow('could not be read');
    expect(broken.saving.count).toBe(0);
    const silent = setUp();
    silent.reach(0);
    const lasting = lengthOf(await silent.ask(saveFilePath(ID, 0, 'film.mkv')));
    lasting.catch(() => undefined);
    await expect.poll(() => silent.wanted.length).toBe(1);
    silent.due(24 * 3_600_000);
    await expect(lasting).rejects.toThrow('Nothing came');
    const cut = setUp();
    cut.reach(0);
    const under = lengthOf(await cut.ask(saveFilePath(ID, 0, 'film.mkv')));
    under.catch(() => undefined);
    cut.saving.end();
    await expect(under).rejects.toThrow('being updated');
    expect([cut.saving.count, (await cut.ask(saveFolderPath(ID))).status]).toEqual([0, 503]);
  });

  it('ends with who takes it: nothing is read any more', async () => {
    const { ask, saving, wanted } = setUp();
    const reader = (await ask(saveFolderPath(ID))).body!.getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(saving.count).toBe(0);
    const told = wanted.length;
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(wanted.length).toBe(told);
  });

  it('is refused in words where it cannot begin, and leads nobody away', async () => {
    const setup = setUp();
    setup.refuse('paused');
    const answer = await setup.ask(saveFolderPath(ID));
    expect([answer.status, await answer.text()]).toEqual([409, 'A sentence for people.\n']);
    expect((await setup.press(saveFolderPath(ID)))?.status).toBe(204);
    expect(setup.saving.count).toBe(0);
    setup.refuse(null);
    setup.withoutMetadata();
    expect(await (await setup.ask(saveFolderPath(ID))).text()).toContain('has not arrived yet');
  });

  it('is told of to who asks, without a byte of it, and nothing else is answered', async () => {
    const { ask, saving, refuse, wanted } = setUp();
    expect(await (await ask(saveFolderPath(ID) + SAVE_ASK)).json()).toMatchObject({ refused: null });
    refuse('paused');
    expect(await (await ask(saveFolderPath(ID) + SAVE_ASK)).json()).toEqual({ refused: 'A sentence for people.', key: '' });
    refuse(null);
    expect([saving.count, wanted]).toEqual([0, []]);
    expect(saving.respond(new Request(`${ORIGIN}/stream/`), new URL(`${ORIGIN}/stream/`))).toBeNull();
    for (const path of [
      '/save/',
      '/save/x/0/a',
      `/save/${ID}`,
      `/save/${ID}/9/x`,
      `/save/${ID}/in/Nothing`,
      `/save/${ID}/in/%ff`,
      `/save/${'0'.repeat(40)}/in/`,
    ]) {
      expect((await ask(path)).status, path).toBe(404);
    }
    expect((await ask(saveFolderPath(ID), { method: 'POST' })).status).toBe(405);
    expect(saving.count).toBe(0);
  });

  it('is one of eight at once', async () => {
    const { ask } = setUp();
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(saveFolderPath(ID))));
    const ninth = await ask(saveFolderPath(ID));
    expect([ninth.status, await ninth.text()]).toEqual([503, expect.stringContaining('Too much is being saved')]);
    await all[0]?.body?.cancel();
    expect((await ask(saveFolderPath(ID))).status).toBe(200);
  });
});
