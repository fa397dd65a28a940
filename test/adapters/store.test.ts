import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../daemon/io/limits.ts';
import { ErrorCode, FileStatus, LandStatus, NetStatus, Op } from '../../daemon/wire/frames.ts';
import { DaemonHttp } from '../../sw/adapters/daemon-http.ts';
import { DaemonStore } from '../../sw/adapters/daemon-store.ts';
import { commitStatus, fileProblem, netProblem } from '../../sw/adapters/daemon-status.ts';
import { Harness, turn } from './harness.ts';

const nothing = new Uint8Array(0);
const digest = { algorithm: 'sha1', height: 0, offset: 0, length: 4, expected: new Uint8Array(20) } as const;

function connected() {
  const harness = new Harness();
  return { harness, ...harness.connect(), store: new DaemonStore(harness.link.io), http: new DaemonHttp(harness.link.io) };
}

describe('every status', () => {
  it('of a file is its own problem', () => {
    const problems = Object.values(FileStatus).map(fileProblem);
    expect(problems[FileStatus.OK]).toBeNull();
    expect(new Set(problems).size).toBe(problems.length);
    expect(problems).not.toContain('store-away');
  });

  it('of a commit is its own', () => {
    expect(Object.values(LandStatus).map(commitStatus)).toEqual(['ok', 'gone', 'mismatch', 'error']);
  });

  it('of the network is put in words, save that all is well', () => {
    for (const status of Object.values(NetStatus)) expect(netProblem(status, '') === '').toBe(status === NetStatus.OK);
  });
});

describe('a buffer', () => {
  async function begun() {
    const all = connected();
    const told: unknown[] = [];
    all.store.onRefused((...args) => told.push(args));
    all.store.begin(5, 4, nothing, [{ file: 1, offset: 0, length: 4 }], []);
    await turn();
    const asked = all.io.sent(Op.LAND_OPEN)[0];
    if (asked === undefined) throw new Error('no buffer was opened');
    return { ...all, told, asked };
  }

  it('that the daemon has no room for takes nothing', async () => {
    const { io, told, asked } = await begun();
    io.say({ op: Op.ERROR, id: asked.id, code: ErrorCode.LIMIT, text: '' });
    expect(told).toEqual([[5, 'limit']]);
  });

  it('that the daemon has no room in is told of once, and not once it was dropped', async () => {
    const { io, store, told } = await begun();
    const put = (): void => store.put(5, 0, new Uint8Array(1));
    const last = () => io.sent(Op.LAND_PUT).at(-1)?.id ?? 0;
    const refuse = (id: number, code: ErrorCode): void => io.say({ op: Op.ERROR, id, code, text: '' });
    put();
    put();
    await turn();
    const first = last();
    refuse(first, ErrorCode.LIMIT);
    refuse(first, ErrorCode.LIMIT);
    expect(told).toEqual([[5, 'limit']]);
    put();
    await turn();
    expect(last()).not.toBe(first);
    refuse(last(), ErrorCode.NO_SUCH_BUFFER);
    put();
    await turn();
    store.drop(5);
    refuse(last(), ErrorCode.LIMIT);
    expect(told).toHaveLength(1);
  });

  it('is told what of it stands in its files once it is parked, and nothing by a daemon that is gone', async () => {
    const { harness, io, store } = await begun();
    const told: unknown[] = [];
    store.park(5, there => told.push(there));
    store.park(5, there => told.push(there));
    await turn();
    const there = [{ offset: 1, length: 2 }];
    io.say({ op: Op.LAND_PARKED, id: io.sent(Op.LAND_PARK)[0]?.id ?? 0, buffer: 5, file: FileStatus.FULL, there });
    harness.link.io.closed();
    expect(told).toEqual([there, null]);
  });

  it('stands in its files where it is longer than the daemon says', () => {
    const { io, store } = connected();
    expect(store.backed).toBe(Infinity);
    const hello = { version: '1', capabilities: [], limits: { ...LIMITS, backed: 12_345 } };
    io.say({ op: Op.SERVER_HELLO, id: 0, hello });
    expect(store.backed).toBe(12_345);
  });

  it('of a daemon that is gone is gone without a word, and one that was dropped is not heard of', async () => {
    const { harness, io, store, told, asked } = await begun();
    store.drop(5);
    io.say({ op: Op.ERROR, id: asked.id, code: ErrorCode.LIMIT, text: '' });
    store.begin(6, 4, nothing, [{ file: 1, offset: 0, length: 4 }], []);
    await turn();
    harness.link.io.closed();
    expect(told).toEqual([]);
  });
});

describe('a commit', () => {
  async function commit() {
    const all = connected();
    const told: unknown[] = [];
    all.store.commit(5, [digest], true, (...args) => told.push(args));
    await turn();
    const asked = all.io.sent(Op.LAND_COMMIT)[0];
    if (asked === undefined) throw new Error('no commit was sent');
    return { ...all, told, asked };
  }

  it('is answered with what became of it', async () => {
    const { io, told, asked } = await commit();
    const blocks = new Uint8Array(20).fill(3);
    io.say({ op: Op.LAND_RESULT, id: asked.id, buffer: 5, status: LandStatus.MISMATCH, file: FileStatus.OK, blocks });
    expect(told).toEqual([['mismatch', null, blocks]]);
  });

  it('says what is wrong with the file', async () => {
    const { io, told, asked } = await commit();
    io.say({ op: Op.LAND_RESULT, id: asked.id, buffer: 5, status: LandStatus.ERROR, file: FileStatus.FULL, blocks: nothing });
    expect(told).toEqual([['error', 'full', nothing]]);
  });

  it('is gone where the daemon has no such buffer, and says nothing where the daemon is gone', async () => {
    const first = await commit();
    first.io.say({ op: Op.ERROR, id: first.asked.id, code: ErrorCode.NO_SUCH_BUFFER, text: '' });
    expect(first.told).toEqual([['gone', null, nothing]]);
    const second = await commit();
    second.io.drop();
    await turn();
    expect(second.told).toEqual([]);
  });

  it('is an error where it is refused otherwise', async () => {
    const { io, told, asked } = await commit();
    io.say({ op: Op.ERROR, id: asked.id, code: ErrorCode.LIMIT, text: '' });
    expect(told).toEqual([['error', 'limit', nothing]]);
  });
});

describe('files', () => {
  it('are opened, synced and deleted, each with its own answer', async () => {
    const { io, store } = connected();
    const told: unknown[] = [];
    store.openFile(1, 'root', ['a', 'b'], 9, true, true, (...args) => told.push(['open', ...args]));
    store.sync([1], (problem, stat) => told.push(['sync', problem, [...stat]]));
    store.deleteFile('root', ['a'], 9, true, problem => told.push(['delete', problem]));
    await turn();
    const id = (index: number): number => io.frames().slice(-3)[index]?.id ?? 0;
    expect(io.sent(Op.FILE_DELETE)).toMatchObject([{ root: 'root', components: ['a'], size: 9, trash: true }]);
    io.say({ op: Op.FILE_DONE, id: id(2), status: FileStatus.GONE, files: [] });
    io.say({ op: Op.FILE_DONE, id: id(1), status: FileStatus.OK, files: [{ file: 1, size: 9, mtimeMs: 12 }] });
    io.say({ op: Op.FILE_OPENED, id: id(0), file: 1, status: FileStatus.OK, size: 9, mtimeMs: 11 });
    expect(told).toEqual([
      ['delete', 'gone'],
      ['sync', null, [[1, { size: 9, mtime: 12 }]]],
      ['open', null, 9, 11],
    ]);
  });

  it('have verdicts, null for what could not be read and what was not answered', async () => {
    const { io, store } = connected();
    const told: unknown[] = [];
    const item = { spans: [{ file: 1, offset: 0, length: 4 }], digest };
    store.verify([item, item, item, item], verdicts => told.push(verdicts));
    await turn();
    io.say({ op: Op.VERIFY_RESULT, id: io.sent(Op.VERIFY)[0]?.id ?? 0, verdicts: Uint8Array.of(0, 1, 2) });
    expect(told).toEqual([[true, false, null, null]]);
  });
});

describe('with the daemon away', () => {
  it('everything is answered, in a later turn, save what becomes of a piece', async () => {
    const { harness, store, http } = connected();
    harness.link.close();
    const told: unknown[] = [];
    store.openFile(1, 'r', ['a'], 1, true, false, problem => told.push(problem));
    store.sync([1], problem => told.push(problem));
    store.deleteFile('r', ['a'], 1, false, problem => told.push(problem));
    store.commit(1, [digest], false, status => told.push(status));
    store.verify([{ spans: [], digest }], verdicts => told.push(verdicts));
    http.get('http://a/', null, 1, 1, problem => told.push(problem));
    store.begin(1, 1, nothing, [], []);
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual(['store-away', 'store-away', 'store-away', [null], 'The daemon is away.']);
  });
});

describe('HTTP', () => {
  it('gives the answer, whatever its status, and the problem where there is none', async () => {
    const { io, http } = connected();
    const told: unknown[] = [];
    http.get('http://a/', null, 100, 1000, (...args) => told.push(args));
    http.get('http://b/', null, 100, 1000, (...args) => told.push(args));
    await turn();
    const [first, second] = io.sent(Op.HTTP_GET);
    expect(first?.request).toMatchObject({ url: 'http://a/', maxBytes: 100, timeoutMs: 1000 });
    io.say({ op: Op.HTTP_RESULT, id: first?.id ?? 0, net: NetStatus.OK, status: 404, detail: '', body: Uint8Array.of(1) });
    io.say({ op: Op.HTTP_RESULT, id: second?.id ?? 0, net: NetStatus.TLS, status: 0, detail: 'expired', body: nothing });
    expect(told).toEqual([
      ['', 404, Uint8Array.of(1)],
      ['expired', 0, nothing],
    ]);
  });

  it('tells nothing after it was called off', async () => {
    const { io, http } = connected();
    const told: unknown[] = [];
    const callOff = http.get('http://a/', null, 100, 1000, (...args) => told.push(args));
    await turn();
    const asked = io.sent(Op.HTTP_GET)[0]?.id ?? 0;
    callOff();
    callOff();
    await turn();
    expect(io.sent(Op.HTTP_CANCEL)).toEqual([{ op: Op.HTTP_CANCEL, id: asked }]);
    io.say({ op: Op.HTTP_RESULT, id: asked, net: NetStatus.CANCELLED, status: 0, detail: '', body: nothing });
    expect(told).toEqual([]);
  });
});
