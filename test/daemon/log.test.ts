import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Journal } from '../../daemon/io/journal.ts';
import { REMEMBERED } from '../../daemon/io/limits.ts';
import type { Log } from '../../daemon/io/log.ts';
import { LONG, Rests } from '../../daemon/io/rests.ts';
import { type Counts, Tally, TELL_EVERY } from '../../daemon/io/tally.ts';
import { CloseReason, ErrorCode, FileStatus, type Frame, LandStatus, NetStatus, Op } from '../../daemon/wire/frames.ts';
import { openFile } from './fixture.ts';
import { IoClient, IoProcess, ORIGIN } from './io-process.ts';

interface Said {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

function fakeLog(level = 'info'): { readonly log: Log; readonly said: Said[] } {
  const said: Said[] = [];
  const at =
    (name: string) =>
    (first: unknown, second?: unknown): void => {
      const fields = typeof first === 'object' ? (first as Said['fields']) : {};
      said.push({ level: name, fields, text: String(second ?? first) });
    };
  const log = { level, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
  return { log: log, said };
}

describe('over time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('what happens often is told once a minute as numbers, and not at all where nothing happens', () => {
    const told: Counts[] = [];
    const tally = new Tally(recent => told.push(recent));
    for (let n = 0; n < 10_000; n++) tally.count('connect', n % 4 === 0 ? 'timeout' : 'refused');
    tally.count('guard', 'loopback');
    expect(told).toEqual([]);
    vi.advanceTimersByTime(TELL_EVERY);
    expect(told).toEqual([{ connect: { timeout: 2500, refused: 7500 }, guard: { loopback: 1 } }]);
    vi.advanceTimersByTime(10 * TELL_EVERY);
    expect(told).toHaveLength(1);
    tally.count('connect', 'refused');
    vi.advanceTimersByTime(TELL_EVERY);
    expect(told[1]).toEqual({ connect: { refused: 1 } });
    expect(tally.totals.connect).toEqual({ timeout: 2500, refused: 7501 });
  });

  test('a rest is told where it lasts, with how long it was, and short ones are only added up', () => {
    const { log, said } = fakeLog();
    const rests = new Rests(log, () => Date.now());
    for (let n = 0; n < 1000; n++) {
      rests.changed(true);
      vi.advanceTimersByTime(9);
      rests.changed(false);
      vi.advanceTimersByTime(1);
    }
    expect(said).toEqual([]);
    expect(rests.total).toBe(9000);
    rests.changed(true);
    rests.changed(true);
    vi.advanceTimersByTime(LONG);
    expect(said.map(({ level }) => level)).toEqual(['warn']);
    vi.advanceTimersByTime(2000);
    expect(rests.total).toBe(9000 + LONG + 2000);
    rests.changed(false);
    expect(said[1]).toMatchObject({ level: 'info', fields: { seconds: Math.round((LONG + 2000) / 1000) } });
  });
});

test('what becomes of sockets and requests is counted by its reason, and a problem with a file is said at once', () => {
  const { log, said } = fakeLog();
  const tally = new Tally(() => undefined);
  const journal = new Journal(log, tally);
  const frames: Frame[] = [
    { op: Op.TCP_CONNECTED, id: 1, sock: 1, status: NetStatus.REFUSED_BY_GUARD, detail: 'a name' },
    { op: Op.TCP_CONNECTED, id: 1, sock: 2, status: NetStatus.OK, detail: '' },
    { op: Op.TCP_CLOSE, id: 0, sock: 2, reason: CloseReason.FRAME_TOO_LONG, detail: 'what it said' },
    { op: Op.HTTP_RESULT, id: 2, net: NetStatus.TIMEOUT, status: 0, detail: 'a host', body: new Uint8Array() },
    { op: Op.LAND_RESULT, id: 3, buffer: 1, status: LandStatus.MISMATCH, file: FileStatus.OK, blocks: new Uint8Array() },
  ];
  for (const frame of frames) journal.told(frame);
  expect(tally.totals).toEqual({
    connect: { 'refused by guard': 1, ok: 1 },
    close: { 'frame too long': 1 },
    http: { timeout: 1 },
    commit: { mismatch: 1 },
  });
  expect(said).toEqual([]);
  journal.told({
    op: Op.LAND_RESULT,
    id: 4,
    buffer: 1,
    status: LandStatus.ERROR,
    file: FileStatus.FULL,
    blocks: new Uint8Array(),
  });
  expect(said).toEqual([{ level: 'warn', fields: { what: 'write', why: 'full' }, text: 'a file cannot be used' }]);
});

test('what was asked for and refused by an ERROR is not remembered', () => {
  const { log, said } = fakeLog();
  const journal = new Journal(log, new Tally(() => undefined));
  const asked = { root: 'r', components: ['a', 'b'], size: 1, create: true, allocate: false };
  journal.asked({ op: Op.FILE_OPEN, id: 9, file: 1, ...asked });
  journal.told({ op: Op.ERROR, id: 9, code: ErrorCode.BAD_STATE, text: 'file 1 is taken' });
  journal.told({ op: Op.FILE_DONE, id: 9, status: FileStatus.IO, files: [] });
  expect(said.at(-1)?.fields).toEqual({ what: 'use', why: 'io' });
});

test('requests for files are remembered in a number and no more', () => {
  const { log, said } = fakeLog();
  const journal = new Journal(log, new Tally(() => undefined));
  for (let id = 0; id <= REMEMBERED; id++)
    journal.asked({ op: Op.FILE_DELETE, id, root: 'r', components: ['a'], size: 1, trash: false });
  for (const id of [REMEMBERED - 1, REMEMBERED]) journal.told({ op: Op.FILE_DONE, id, status: FileStatus.IO, files: [] });
  expect(said.slice(-2).map(({ fields }) => fields)).toEqual([
    { what: 'delete', why: 'io', depth: 1 },
    { what: 'use', why: 'io' },
  ]);
});

test.each([false, true])('a running io-daemon says who came and which files fail (verbose: %s), and no secret', async verbose => {
  const io = await IoProcess.start({ verbose });
  try {
    symlinkSync('/etc', join(io.root, 'My Films'));
    writeFileSync(join(io.root, 'My Song'), 'x'.repeat(100));
    const ticket = await io.admit();
    const wrong = await IoClient.open(io.port);
    wrong.send({ op: Op.AUTH, id: 0, token: 'a-wrong-ticket', origin: ORIGIN, installId: 'test' });
    await wrong.closed;
    const client = await io.connect(ticket);
    expect((await openFile(client, 1, ['My Films', 'one.mkv'], 10)).status).toBe(FileStatus.UNSAFE);
    expect((await openFile(client, 2, 'My Song', 10)).status).toBe(FileStatus.CONFLICT);
    const other = await io.connect();
    await client.closed;
    await other.close();
    await expect.poll(() => io.stderr).toContain('the client has gone');
    await expect.poll(() => io.stderr).toContain('another connection takes over');
    const lines = io.stderr
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { msg: string; why?: string; depth?: number; path?: string });
    const problems = lines.filter(({ msg }) => msg === 'a file cannot be used').map(({ why, depth, path }) => [why, depth, path]);
    expect(problems).toEqual([
      ['unsafe', 2, verbose ? 'My Films/one.mkv' : undefined],
      ['conflict', 1, verbose ? 'My Song' : undefined],
    ]);
    for (const secret of [ticket, 'a-wrong-ticket', 'root-token', io.root]) expect(io.stderr).not.toContain(secret);
  } finally {
    await io.stop();
  }
});
