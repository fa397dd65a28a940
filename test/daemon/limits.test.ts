/** The limits that no other test runs into: what happens at each, and that what was held is given back. */
import { Socket } from 'node:dgram';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClientFiles } from '../../daemon/io/client-files.ts';
import { Client } from '../../daemon/io/client.ts';
import { Files } from '../../daemon/io/files.ts';
import { Gather } from '../../daemon/io/gather.ts';
import { Guard } from '../../daemon/io/guard.ts';
import type { HashPool } from '../../daemon/io/hash-pool.ts';
import { HttpOut } from '../../daemon/io/http-out.ts';
import type { Job, JobResult } from '../../daemon/io/jobs.ts';
import { Landing } from '../../daemon/io/landing.ts';
import {
  ASSEMBLY,
  COPIES,
  COPY_QUEUE,
  DELETES,
  DELETE_QUEUE,
  HTTP_REQUESTS,
  LIMITS,
  MOVES,
  MOVE_QUEUE,
  OPEN_BUFFERS,
  RANGES_THERE,
  SEND_COUNT,
  SPARE,
  STAGED,
  TASKS,
  TRASH_ENTRIES,
  UDP_QUEUE,
  UNACKNOWLEDGED,
} from '../../daemon/io/limits.ts';
import { log } from '../../daemon/io/log.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { OpenPorts } from '../../daemon/io/open-ports.ts';
import { Outbox } from '../../daemon/io/outbox.ts';
import { PeerSocket } from '../../daemon/io/peer-socket.ts';
import { ReadBudget } from '../../daemon/io/read-budget.ts';
import { Rules } from '../../daemon/wire/rules.ts';
import { createServices } from '../../daemon/io/services.ts';
import { SharedFile } from '../../daemon/io/shared-file.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { Trash } from '../../daemon/io/trash.ts';
import { Udp } from '../../daemon/io/udp.ts';
import { Utp } from '../../daemon/io/utp/utp.ts';
import { encode } from '../../daemon/wire/codec.ts';
import {
  CloseReason,
  ErrorCode,
  FileStatus,
  type Frame,
  IpFamily,
  LandStatus,
  MAX_FRAME,
  NetStatus,
  Op,
  SentStatus,
} from '../../daemon/wire/frames.ts';
import { until } from '../peers/wait.ts';
import { sha1Of } from './fixture.ts';

const MiB = 1 << 20;
const NONE = new Uint8Array();
const counters = () => ({ netIn: 0, netOut: 0, ioIn: 0, ioOut: 0 });
const turn = () => new Promise(resolve => setImmediate(resolve));
const never = () => new Promise<never>(() => undefined);

/** Frames that were told. */
function hearing() {
  const told: Frame[] = [];
  return { told, push: (frame: Frame) => void told.push(frame), later: (tell: () => void) => tell() };
}

/** Buffers for what lands, whose threads find everything right at once. */
function landings() {
  const run = (job: Job): Promise<JobResult> =>
    Promise.resolve({ status: LandStatus.OK, errno: '', blocks: NONE, memory: job.kind === 'commit' ? job.memory : null });
  const pool: Pick<HashPool, 'run' | 'reach'> = { reach: 4, run };
  return new Landing(pool as HashPool, new MemoryPool());
}

describe('the connection of the client', () => {
  it('gathers no message longer than any may be', async () => {
    const lengths: number[] = [];
    const outbox = new Outbox(message => lengths.push(message.length));
    for (let part = 0; part < 9; part++) outbox.push({ op: Op.HTTP_BODY, id: 0, request: 1, bytes: new Uint8Array(MiB) });
    await turn();
    expect(lengths.length).toBeGreaterThan(2);
    for (const length of lengths) expect(length).toBeLessThanOrEqual(MAX_FRAME);
    expect(lengths.reduce((sum, length) => sum + length)).toBeGreaterThan(9 * MiB);
  });

  it('ends where more is asked for at once than can be worked on', async () => {
    const { told, push } = hearing();
    const services = createServices('test', [], log);
    let hasFailed = false;
    const client = new Client(
      services,
      () => undefined,
      () => 0,
      () => (hasFailed = true),
    );
    const say = client.push.bind(client);
    client.push = frame => (push(frame), say(frame));
    const frame = encode({ op: Op.VERIFY, id: 1, items: [] });
    for (let times = 0; times < TASKS; times++) client.receive(frame);
    expect(hasFailed).toBe(false);
    client.receive(frame);
    expect(hasFailed).toBe(true);
    expect(told.at(-1)).toMatchObject({ op: Op.ERROR, code: ErrorCode.LIMIT });
    await services.pool.close();
  });
});

describe('a socket', () => {
  it('has so many rules and no more', () => {
    const rules = new Rules();
    const prefix = (at: number) => Uint8Array.of(7, at >> 8, at & 255);
    const add = (at: number) => rules.add(prefix(at), 1, [{ offset: 0, length: 1, block: 1 }], () => true);
    for (let at = 0; at < LIMITS.rules; at++) expect(add(at)).toBe(true);
    expect(add(LIMITS.rules)).toBe(false);
    rules.withdraw(prefix(0), 1, []);
    expect(add(LIMITS.rules)).toBe(true);
  });

  it('has so many sends that wait and no more', async () => {
    const { told, push } = hearing();
    const files: Pick<Files, 'read'> = { read: never };
    const gather = new Gather(files as Files, new ReadBudget(new MemoryPool()), push);
    const peer = { id: 1, isClosed: false, takesPayload: false } as unknown as PeerSocket;
    for (let send = 0; send <= SEND_COUNT; send++) {
      gather.send(peer, { op: Op.SEND_SPANS, id: 0, sock: 1, send, header: NONE, spans: [] }, []);
    }
    await turn();
    expect(told).toMatchObject([{ op: Op.SENT, status: SentStatus.ERROR, file: FileStatus.LIMIT, sends: [SEND_COUNT] }]);
    gather.end(1);
  });

  it('is closed where its frames do not fit the memory for those of all', () => {
    const { told, push, later } = hearing();
    const assembly = { bytes: ASSEMBLY - 100 };
    const throttle = new Throttle(PROCESS_TIME);
    const peer = new PeerSocket(
      1,
      { landing: landings(), throttle, push, later, counters: counters(), assembly },
      () => undefined,
    );
    peer.attach(new Fake() as never);
    peer.opened();
    peer.framed(MiB, NONE);
    const frame = Buffer.alloc(90);
    frame.writeUInt32BE(86);
    peer.read(frame);
    expect(assembly.bytes).toBe(ASSEMBLY - 10);
    peer.read(frame);
    expect(told).toMatchObject([{ op: Op.TCP_CLOSE, reason: CloseReason.ERROR }]);
    expect(assembly.bytes).toBe(ASSEMBLY - 100);
  });

  it('of UDP drops what the system does not take', async () => {
    const { told, push } = hearing();
    const guard = new Guard(['127.0.0.0/8']);
    const udp = new Udp(guard, new OpenPorts(), counters(), push, () => 0, new Utp(guard, () => undefined));
    udp.bind({ op: Op.UDP_BIND, id: 1, udp: 1, family: IpFamily.V4, port: 0 });
    await until('it to be bound', () => told.length === 1);
    const sent = vi.spyOn(Socket.prototype, 'send').mockImplementation(() => undefined);
    const queue = vi.spyOn(Socket.prototype, 'getSendQueueSize').mockReturnValue(UDP_QUEUE - 100);
    const send = (length: number) =>
      udp.send({ op: Op.UDP_SEND, id: 0, udp: 1, host: '127.0.0.1', port: 9, bytes: new Uint8Array(length) });
    send(101);
    expect(sent).not.toHaveBeenCalled();
    send(100);
    expect(sent).toHaveBeenCalledOnce();
    for (const spy of [sent, queue]) spy.mockRestore();
    udp.end();
  });
});

/** As much of a socket as one is made of here. */
class Fake {
  readonly writableLength = 0;
  on = () => this;
  pause = () => this;
  resume = () => this;
  destroy = () => this;
}

it('so many HTTP requests are under way and no more', async () => {
  const { told, push, later } = hearing();
  const http = new HttpOut(new Guard([], never), landings(), new Throttle(PROCESS_TIME), counters(), { push, later });
  const request = { url: 'http://slow.example/', family: 0, headers: {}, maxBytes: 1, timeoutMs: 60_000 } as const;
  for (let id = 1; id <= HTTP_REQUESTS; id++) void http.get(id, request);
  await http.get(HTTP_REQUESTS + 1, request);
  expect(told).toMatchObject([{ op: Op.HTTP_RESULT, id: HTTP_REQUESTS + 1, net: NetStatus.LIMIT }]);
  http.end();
});

describe('what lands', () => {
  it('has so many buffers that are open and no more', () => {
    const landing = landings();
    const begin = (buffer: number) => landing.open(buffer, 1, NONE, []);
    for (let buffer = 1; buffer <= OPEN_BUFFERS; buffer++) expect(begin(buffer)).toBe(true);
    expect(begin(OPEN_BUFFERS + 1)).toBe(false);
    landing.drop(1);
    expect(begin(OPEN_BUFFERS + 1)).toBe(true);
  });

  it('has so many results that nobody has acknowledged, and opens no buffer beyond them', async () => {
    const landing = landings();
    const most = OPEN_BUFFERS + UNACKNOWLEDGED;
    const zeros = [{ file: null, offset: 0, length: 1 }];
    for (let buffer = 1; buffer <= most; buffer++) {
      expect(landing.open(buffer, 1, NONE, zeros)).toBe(true);
      landing.commit(buffer, [sha1Of(Uint8Array.of(0))], false, () => undefined);
      if (buffer % OPEN_BUFFERS === 0) await turn();
    }
    expect(landing.isFull).toBe(true);
    expect(landing.open(most + 1, 1, NONE, zeros)).toBe(false);
    landing.drop(1);
    expect(landing.open(most + 1, 1, NONE, zeros)).toBe(true);
  });

  it('has one commit that waits for a buffer: the one before is called off', () => {
    const landing = landings();
    const results: string[] = [];
    landing.open(1, MiB, NONE, []);
    const commit = (name: string) =>
      landing.commit(1, [sha1Of(new Uint8Array(MiB))], false, result => results.push(`${name} ${result?.status}`));
    for (const name of ['first', 'second', 'third']) commit(name);
    expect(results).toEqual([`first ${LandStatus.MISSING}`, `second ${LandStatus.MISSING}`]);
    landing.drop(1);
    expect(results).toHaveLength(3);
  });

  it('is held apart in so many bytes and no more, and thrown away beyond', () => {
    const landing = landings();
    const length = 4 * MiB;
    landing.open(1, length, NONE, []);
    const claim = () => landing.claim({ buffer: 1, offset: 0, length });
    expect(claim()?.staged).toBeNull();
    const staged = Array.from({ length: STAGED / length }, () => claim() ?? expect.unreachable());
    expect(landing.used).toBe(length + STAGED);
    expect(claim()).toBeNull();
    landing.abandon(staged[0] ?? expect.unreachable());
    expect(claim()).not.toBeNull();
    landing.drop(1);
    expect(landing.used).toBe(0);
  });

  it('is known of a buffer in so many ranges and no more', () => {
    const landing = landings();
    landing.open(1, 8 * MiB, NONE, []);
    const put = (at: number) => landing.put(1, at * 16, Uint8Array.of(1));
    const isThere = (at: number) => landing.holds({ buffer: 1, offset: at * 16, length: 1 });
    for (let at = 0; at < RANGES_THERE; at++) put(at);
    put(RANGES_THERE);
    expect([isThere(RANGES_THERE - 1), isThere(RANGES_THERE)]).toEqual([true, false]);
    expect(landing.reset(1, [{ offset: 0, length: 1 }])).toBe(false);
    const there = Array.from({ length: RANGES_THERE + 1 }, (_, at) => ({ offset: at * 2, length: 1 }));
    expect(landing.open(2, 8 * MiB, NONE, [], there)).toBe(false);
  });

  it('leaves so much memory for the next of its size and no more', () => {
    const memory = new MemoryPool();
    const given = Array.from({ length: SPARE / MiB + 8 }, () => new ArrayBuffer(MiB));
    for (const each of given) memory.give(each);
    const taken = new Set(given.map(() => memory.take(MiB)));
    expect(given.filter(each => taken.has(each))).toHaveLength(SPARE / MiB);
    memory.give(new ArrayBuffer(SPARE));
    memory.give(new ArrayBuffer(1));
    expect(memory.take(SPARE).byteLength).toBe(SPARE);
  });
});

describe('files', () => {
  const folders: string[] = [];
  const folder = () => {
    const path = realpathSync(mkdtempSync(join(tmpdir(), 'starling-limits-')));
    folders.push(path);
    return path;
  };
  afterEach(() => {
    for (const path of folders.splice(0)) rmSync(path, { recursive: true });
  });

  it('are open in a number and no more', async () => {
    const { told, push } = hearing();
    const files = new ClientFiles(new Files(), push);
    const ask = (file: number) =>
      files.open({
        op: Op.FILE_OPEN,
        id: file,
        file,
        root: 'none',
        components: [`${file}`],
        size: 1,
        create: false,
        allocate: false,
      });
    const opening = Array.from({ length: LIMITS.files }, (_, at) => ask(at + 1));
    await ask(LIMITS.files + 1);
    expect(told).toMatchObject([{ op: Op.FILE_OPENED, id: LIMITS.files + 1, status: FileStatus.LIMIT }]);
    await Promise.all(opening);
    expect(told.slice(1).every(frame => frame.op === Op.FILE_OPENED && frame.status === FileStatus.NO_SUCH_ROOT)).toBe(true);
  });

  it('wait to be deleted, moved and copied in numbers, and no more do', async () => {
    const files = new Files();
    // As on a disk that hangs.
    vi.spyOn(files.roots, 'directory').mockImplementation(never);
    const path = (name: string) => ({ root: 'none', components: [name] });
    const hung = () => new SharedFile('none', ['a'], 1, never(), () => undefined);
    const kinds: [most: number, ask: (at: number) => Promise<FileStatus>][] = [
      [DELETES + DELETE_QUEUE, at => files.delete('none', [`${at}`], 1, false)],
      [MOVES + MOVE_QUEUE, async at => (await files.move(path(`m${at}`), path(`n${at}`), 1)).status],
    ];
    for (const [most, ask] of kinds) {
      const answered: FileStatus[] = [];
      for (let at = 0; at < most; at++) void ask(at).then(status => answered.push(status));
      expect(await ask(most)).toBe(FileStatus.LIMIT);
      expect(answered).toEqual([]);
    }
    const [from, to] = [hung(), hung()];
    for (let at = 0; at < COPIES + COPY_QUEUE; at++) void files.copy(from, 0, to, 0, 1);
    expect(await files.copy(from, 0, to, 0, 1)).toBe(FileStatus.LIMIT);
  });

  it('have their directories flushed by the time that they are closed', async () => {
    const root = folder();
    const files = new Files();
    files.setRoots([{ token: 'root', path: root, mount: '' }]);
    const handle = await open(root);
    const prototype = Object.getPrototypeOf(handle) as typeof handle;
    await handle.close();
    const flushed = vi.spyOn(prototype, 'sync');
    const file = files.open('root', ['a', 'b', 'film'], 1, true, false);
    await file.ready();
    expect(flushed).not.toHaveBeenCalled();
    file.release();
    // The root, and the two that were made for it.
    await until('three directories to be flushed', () => flushed.mock.calls.length === 3);
    flushed.mockRestore();
  });

  it.skipIf(process.platform !== 'linux')(
    'go to so many entries of the trash that are kept for others, and no more',
    async () => {
      const home = folder();
      const root = folder();
      const { XDG_DATA_HOME } = process.env;
      process.env.XDG_DATA_HOME = home;
      try {
        const trash = new Trash();
        for (let at = 0; at < TRASH_ENTRIES + 20; at++) {
          writeFileSync(join(root, `${at}`), '');
          await trash.take(root, [`${at}`], 1);
        }
        await until('those beyond to be ended', () => trash.count <= TRASH_ENTRIES);
        expect(existsSync(join(home, 'Trash', 'files', `${TRASH_ENTRIES + 19}`))).toBe(true);
      } finally {
        if (XDG_DATA_HOME === undefined) delete process.env.XDG_DATA_HOME;
        else process.env.XDG_DATA_HOME = XDG_DATA_HOME;
      }
    },
  );
});
