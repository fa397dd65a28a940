import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiServer, type Backend } from '../../sw/api-server.ts';
import { API_VERSION } from '../../sw/api.ts';
import { EngineError } from '../../sw/engine/index.ts';
import type { FarEvents } from '../../sw/far-channel.ts';
import { parseFromFar } from '../../sw/far-messages.ts';
import { parseReadAnswer, parseReadRequest } from '../../sw/far-reading.ts';
import { FarReads } from '../../sw/far-reads.ts';
import type { Lender } from '../../sw/lent-reads.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import { FakeTimers } from '../fakes/sockets.ts';

const ID = 'ab'.repeat(20);
const ORIGIN = 'https://app.example';
const SECRET = 's'.repeat(43);
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0));

/** A browser that reads through another: what was granted there, and what was taken back. */
function setUp(lender: Partial<Lender> = {}) {
  const log: string[] = [];
  const asked: unknown[] = [];
  let secret: string | null = SECRET;
  const whole: Lender = {
    open: (_id, file) => Promise.resolve({ file: 40 + file, path: ['folder', 'film.mkv'] }),
    port: () => 9,
    grants: {
      give(file, origin, done) {
        log.push(`${file} for ${origin}`);
        queueMicrotask(() => done(secret));
        return () => log.push(`${file} taken back`);
      },
    },
    ...lender,
  };
  const server = new ApiServer({} as Backend, {
    shown: () => undefined,
    focused: () => undefined,
    windowsChanged: () => undefined,
  });
  const timers = new FakeTimers();
  const ends: FarEvents[] = [];
  const reads = new FarReads({
    after: timers.after,
    origin: ORIGIN,
    open(here) {
      ends.push(here);
      let isOpen = true;
      const there = serveRelayed(
        server,
        whole,
        {
          send: message => queueMicrotask(() => isOpen && here.message(structuredClone(message))),
          close: () =>
            queueMicrotask(() => {
              isOpen = false;
              here.closed();
            }),
        },
        ends.length,
      );
      return {
        send(message) {
          asked.push(message);
          there.message(structuredClone(message));
        },
        close: () => there.closed(),
      };
    },
  });
  return { reads, log, asked, ends, timers, refuse: () => (secret = null) };
}

describe('a file of the browser that is followed', () => {
  it('is opened there, for this origin, and given up here when it was read', async () => {
    const { reads, log, asked } = setUp();
    const open = await reads.open(ID, 2);
    expect(open).toMatchObject({ file: 42, path: ['film.mkv'], door: { port: 9, secret: SECRET } });
    expect(asked).toEqual([{ type: 'read', version: API_VERSION, id: ID, file: 2, origin: ORIGIN }]);
    expect(log).toEqual([`42 for ${ORIGIN}`]);
    open.close();
    open.close();
    expect(log).toEqual([`42 for ${ORIGIN}`, '42 taken back']);
  });

  it('is refused in the words of the browser at work, without a path in them', async () => {
    const failure = new EngineError('torrent', 'It is not at /home/ann/film.mkv now.');
    const { reads, log } = setUp({ open: () => Promise.reject(failure) });
    await expect(reads.open(ID, 2)).rejects.toMatchObject({ code: 'told', message: 'It is not at … now.' });
    const away = setUp({ port: () => null });
    await expect(away.reads.open(ID, 2)).rejects.toMatchObject({ code: 'read-away' });
    const full = setUp();
    full.refuse();
    await expect(full.reads.open(ID, 2)).rejects.toMatchObject({ code: 'too-many-reads' });
    expect(log).toEqual([]);
  });

  it('is refused by codes that are known, with what their sentences take and nothing else', () => {
    const read = (code: string, values: object) => parseReadAnswer({ type: 'unreadable', why: { code, values } });
    expect(read('paused', { more: 'x' })).toEqual({ type: 'unreadable', why: { code: 'paused', values: {} } });
    for (const [code, values] of [
      ['pawsed', {}],
      ['told', {}],
      ['told', { text: 1 }],
      ['constructor', {}],
    ] as const) {
      expect(read(code, values), code).toBe(null);
    }
  });

  it('is not waited for where nobody answers, the channel ends, or what comes is no answer', async () => {
    const silent = setUp({ open: () => new Promise(() => undefined) });
    const first = silent.reads.open(ID, 1);
    const second = silent.reads.open(ID, 1);
    const third = silent.reads.open(ID, 1);
    silent.ends[1]!.closed();
    silent.ends[2]!.message({ type: 'readable', port: 9, file: 1, secret: 'a b', name: 'x' });
    silent.timers.advance(10_000);
    for (const read of [first, second]) await expect(read).rejects.toMatchObject({ code: 'far-read-away' });
    await expect(third).rejects.toMatchObject({ code: 'far-read-other' });
  });

  it('is one of eight at most that are read at once', async () => {
    const { reads } = setUp();
    const open = await Promise.all(Array.from({ length: 8 }, (_, file) => reads.open(ID, file)));
    await expect(reads.open(ID, 8)).rejects.toMatchObject({ code: 'too-many-reads' });
    open[3]?.close();
    expect(await reads.open(ID, 8)).toMatchObject({ file: 48 });
  });

  it('that is given up before it was granted is taken back all the same', async () => {
    let opened: (file: { file: number; path: string[] }) => void = () => undefined;
    const { reads, ends, log } = setUp({ open: () => new Promise(resolve => (opened = resolve)) });
    const read = reads.open(ID, 1);
    ends[0]!.closed();
    await expect(read).rejects.toMatchObject({ code: 'far-read-away' });
    opened({ file: 41, path: ['x'] });
    await turn();
    expect(log).toEqual([]);
  });
});

describe('what another browser says', () => {
  it('is taken or refused, and never throws', () => {
    const types = [
      'snapshot',
      'delta',
      'rows',
      'files',
      'filesChanged',
      'left',
      'news',
      'reply',
      'folder',
      'handoff',
      'read',
      'readable',
    ];
    const message = fc.oneof(
      fc.anything(),
      fc.record({
        type: fc.constantFrom(...types),
        torrents: fc.anything(),
        files: fc.anything(),
        id: fc.anything(),
        error: fc.anything(),
      }),
    );
    fc.assert(
      fc.property(message, said => {
        for (const parse of [parseFromFar, parseReadAnswer, parseReadRequest]) parse(said);
      }),
    );
  });
});
