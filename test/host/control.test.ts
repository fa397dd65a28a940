import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Epochs } from '../../daemon/host/store/epochs.ts';
import { Supervisor } from '../../daemon/host/process/supervisor.ts';
import { CONTRACT, type ControlFrame, ControlOp, type Root, StateStatus } from '../../daemon/wire/control.ts';
import { encodeControl } from '../../daemon/wire/control-codec.ts';
import { type Frame, type FrameOf, Op } from '../../daemon/wire/frames.ts';
import { control, type ControlClient, controlSocket, INSTALL_ID, pair, testHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

type FrameNamed<O extends ControlFrame['op']> = Extract<ControlFrame, { op: O }>;

const isReply = <O extends ControlFrame['op']>(op: O, id: number) =>
  function fits(frame: ControlFrame | Frame): frame is FrameNamed<O> {
    return frame.op === op && frame.id === id;
  };

let lastId = 100;

async function write(client: ControlClient, epoch: number, records: Record<string, string | null>): Promise<StateStatus> {
  const id = ++lastId;
  const writes = Object.entries(records).map(([key, value]) => ({
    key,
    value: value === null ? null : new TextEncoder().encode(value),
  }));
  client.send({ op: ControlOp.STATE_WRITE, id, epoch, writes });
  return (await client.find(isReply(ControlOp.STATE_DONE, id))).status;
}

async function load(client: ControlClient): Promise<Record<string, string>> {
  const id = ++lastId;
  client.send({ op: ControlOp.STATE_LOAD, id, after: '' });
  const { records, last } = await client.find(isReply(ControlOp.STATE_RECORDS, id));
  expect(last).toBe(true);
  return Object.fromEntries(records.map(({ key, value }) => [key, new TextDecoder().decode(value!)]));
}

test('download folders that cannot be saved end nothing, and it is logged once', async () => {
  const home = tempFolder();
  const missing = join(realpathSync(tempFolder()), 'missing');
  const file = join(home, 'roots.json');
  writeFileSync(file, JSON.stringify({ salt: 'salt', default: missing, paths: [missing] }));
  const host = await testHost({ home });
  rmSync(file);
  mkdirSync(file);
  mkdirSync(missing);
  const token = await pair(host);
  const lines = (): number =>
    readFileSync(join(home, 'logs/host.log'), 'utf8').split('download folders cannot be saved').length - 1;
  for (let time = 0; time < 2; time++) {
    await (await control(host, token)).welcome();
    await until(() => lines() > 0, 'a line');
  }
  expect(lines()).toBe(1);
  // Also of what is being tried just now.
  await until(() => readdirSync(home).filter(name => /^roots\.json.*tmp$/.test(name)).length === 0, 'nothing beside it');
});

test('the io-daemon that runs is told where a download folder is mounted that was missing when it started', async () => {
  const home = tempFolder();
  const missing = join(realpathSync(tempFolder()), 'missing');
  writeFileSync(join(home, 'roots.json'), JSON.stringify({ salt: 'salt', default: missing, paths: [missing] }));
  const host = await testHost({ home });
  const token = await pair(host);
  await (await control(host, token)).welcome(({ io }) => io.state === 'RUNNING');
  expect(host.heard()).toContain(`"path":"${missing}","mount":""`);
  mkdirSync(missing);
  await (await control(host, token)).welcome();
  await until(() => host.heard().includes(`"path":"${missing}","mount":"/`), 'the mount');
});

test('AUTH, then a welcome with an epoch, the roots, and a ticket that the io-daemon has confirmed', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const welcome = await client.welcome(({ io }) => io.state === 'RUNNING');
  expect(client.frames[0]).toMatchObject({ op: Op.AUTH_RESULT, id: 1, ok: true });
  expect(client.frames[1]).toEqual({ op: ControlOp.HOST_HELLO, id: 0, contract: CONTRACT });
  expect(welcome).toMatchObject({ version: '0.0.0-test', io: { port: 40_000, gaveUp: false } });
  expect(Buffer.from(welcome.io.ticket, 'base64url')).toHaveLength(32);
  expect(welcome.roots).toHaveLength(1);
  expect(welcome.roots[0]).toMatchObject({ name: 'downloads', isDefault: true, problem: '' });
  expect(welcome.roots[0]!.free).toBeGreaterThan(0);
  expect(welcome.roots[0]!.token).toMatch(/^[0-9a-f]{64}$/);
  const heard = host.heard();
  expect(heard).toContain(createHash('sha256').update(welcome.io.ticket).digest('hex'));
  expect(heard).not.toContain(welcome.io.ticket);
  expect(heard).toContain(`{"token":"${welcome.roots[0]!.token}","path":"${host.downloads}","mount":"`);
  for (const frame of client.frames) {
    if (frame.op === ControlOp.WELCOME && frame.welcome.io.state !== 'RUNNING') expect(frame.welcome.io.ticket).toBe('');
  }
});

test('wrong credentials get no further', async () => {
  const host = await testHost();
  const token = await pair(host);
  const attempts = [
    { token: `${token.slice(1)}A`, origin: host.origin, installId: INSTALL_ID },
    { token, origin: 'http://evil.com', installId: INSTALL_ID },
    { token, origin: host.origin, installId: 'install-0002' },
    { token: '', origin: host.origin, installId: INSTALL_ID },
  ];
  for (const attempt of attempts) {
    const client = controlSocket(host);
    await new Promise(resolve => client.ws.once('open', resolve));
    client.send({ op: Op.AUTH, id: 1, ...attempt });
    expect(await client.closed).toBe(4003);
    expect(client.frames).toEqual([{ op: Op.AUTH_RESULT, id: 1, ok: false, message: 'not paired', kept: [] }]);
  }
});

test('before AUTH nothing else is heard, nothing long is taken, and time is short', async () => {
  const host = await testHost();
  const opened = async (): Promise<ControlClient> => {
    const client = controlSocket(host);
    await new Promise(resolve => client.ws.once('open', resolve));
    return client;
  };
  const silent = await opened();
  const begun = performance.now();
  const [early, long, garbled, worded] = [await opened(), await opened(), await opened(), await opened()];
  early.send({ op: ControlOp.STATE_LOAD, id: 1, after: '' });
  long.ws.send(Buffer.alloc(1 << 20));
  garbled.ws.send(Buffer.from([9, 9, 9]));
  worded.ws.send('hello');
  expect(await early.closed).toBe(4003);
  expect(early.frames).toEqual([{ op: Op.AUTH_RESULT, id: 1, ok: false, message: 'not paired', kept: [] }]);
  expect([1002, 1006]).toContain(await long.closed);
  expect(await garbled.closed).toBe(1002);
  expect(await worded.closed).toBe(1002);
  expect(await silent.closed).toBe(4003);
  expect(performance.now() - begun).toBeGreaterThan(4000);
});

test('before AUTH no message is taken in pieces beyond a few KiB', async () => {
  const client = controlSocket(await testHost());
  await new Promise(resolve => client.ws.once('open', resolve));
  for (let n = 0; n < 100; n++) client.ws.send(new Uint8Array(100), { fin: false });
  client.ws.ping();
  await Promise.race([client.closed, new Promise(resolve => client.ws.once('pong', resolve))]);
  client.ws.send(new Uint8Array(100), { fin: true }, () => undefined);
  // Nobody waited for its end to say what is wrong with it.
  expect(await client.closed).toBe(1006);
});

test('guesses of a token: each costs a connection, and who is let in does not notice', async () => {
  const host = await testHost();
  const inside = await control(host, await pair(host));
  await inside.welcome();
  const guess = async (n: number): Promise<void> => {
    const client = controlSocket(host);
    await new Promise(resolve => client.ws.once('open', resolve));
    client.send({ op: Op.AUTH, id: n, token: `guess-${n}`, origin: host.origin, installId: INSTALL_ID });
    expect(await client.closed).toBe(4003);
  };
  // One after another: few are let wait before they have said who they are.
  for (let n = 0; n < 50; n++) await guess(n);
  expect(inside.ws.readyState).toBe(inside.ws.OPEN);
  expect(await load(inside)).toEqual({});
});

/** Leaves a close of the other end unanswered, and goes on as if there were none. */
function stubborn(client: ControlClient): ControlClient {
  client.ws.close = () => undefined;
  return client;
}

test('who was refused is heard no more on that connection, and loses it whatever it does', async () => {
  const host = await testHost();
  const token = await pair(host);
  const inside = await control(host, token);
  await inside.welcome();
  const client = stubborn(await control(host, 'guess'));
  await client.find((frame): frame is FrameOf<typeof Op.AUTH_RESULT> => frame.op === Op.AUTH_RESULT);
  client.send({ op: Op.AUTH, id: 2, token, origin: host.origin, installId: INSTALL_ID });
  expect(await client.closed).toBe(4003);
  expect(inside.ws.readyState).toBe(inside.ws.OPEN);
  expect(await load(inside)).toEqual({});
});

test('who was superseded is heard no more, and loses its connection whatever it does', async () => {
  const host = await testHost();
  const token = await pair(host);
  const first = stubborn(await control(host, token));
  await first.welcome();
  const { apps } = await first.find(
    (frame): frame is FrameNamed<typeof ControlOp.PAIRED_APPS> => frame.op === ControlOp.PAIRED_APPS,
  );
  const second = await control(host, token);
  await second.welcome();
  first.send({ op: ControlOp.UNPAIR, id: 5, app: apps[0]!.id });
  expect(await first.closed).toBe(4001);
  expect(second.ws.readyState).toBe(second.ws.OPEN);
  expect(await load(second)).toEqual({});
});

test('a new connection supersedes the one before, with the next epoch; a write of the old epoch is refused', async () => {
  const host = await testHost();
  const token = await pair(host);
  const first = await control(host, token);
  const { epoch } = await first.welcome();
  expect(await write(first, epoch, { a: '1' })).toBe(StateStatus.OK);
  const second = await control(host, token);
  const welcome = await second.welcome(({ io }) => io.state === 'RUNNING');
  expect(welcome.epoch).toBe(epoch + 1);
  expect(await first.closed).toBe(4001);
  expect(first.frames.at(-1)).toEqual({ op: ControlOp.EVENT, id: 0, event: { type: 'superseded' } });
  expect(await write(second, epoch, { a: '2' })).toBe(StateStatus.STALE_EPOCH);
  expect(await load(second)).toEqual({ a: '1' });
  expect(await write(second, welcome.epoch, { a: null, b: '3' })).toBe(StateStatus.OK);
  expect(await load(second)).toEqual({ b: '3' });
});

test('epochs and state go on over a restart of the host', async () => {
  const first = await testHost();
  const token = await pair(first);
  const before = await control(first, token);
  const { epoch, roots } = await before.welcome();
  await write(before, epoch, { k: 'kept' });
  await first.stop();
  expect(await before.closed).toBe(1001);
  const second = await testHost({ home: first.home });
  expect(second.port).toBe(first.port);
  const after = await control(second, token);
  const welcome = await after.welcome();
  expect(welcome.epoch).toBeGreaterThan(epoch);
  // Another download folder was asked for: it is the default now, and the one before is still there.
  expect(welcome.roots.map(({ isDefault }) => isDefault)).toEqual([false, true]);
  expect(welcome.roots[0]!.token).toBe(roots[0]!.token);
  expect(await load(after)).toEqual({ k: 'kept' });
});

test('a client whose epoch is being written as the host stops is not let in, and starts nothing', async () => {
  const host = await testHost();
  const token = await pair(host);
  let written: (epoch: number) => void = () => undefined;
  const next = vi.spyOn(Epochs.prototype, 'next').mockReturnValue(new Promise(resolve => (written = resolve)));
  const need = vi.spyOn(Supervisor.prototype, 'need');
  onTestFinished(() => void vi.restoreAllMocks());
  const client = await control(host, token);
  await until(() => next.mock.calls.length > 0, 'the epoch being written');
  const stopped = host.stop();
  written(1);
  await stopped;
  expect(await client.closed).not.toBe(4001);
  expect(need).not.toHaveBeenCalled();
  expect(client.frames.map(({ op }) => op)).not.toContain(ControlOp.WELCOME);
});

test('an io-daemon killed under a connection: told at once, then where the new one is, with a fresh ticket', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const before = await client.welcome(({ io }) => io.state === 'RUNNING');
  process.kill(childPid(host.heard()), 'SIGKILL');
  const after = await client.welcome(({ io }) => io.state === 'RUNNING' && io.ticket !== before.io.ticket);
  expect(after.epoch).toBe(before.epoch);
  const states = client.frames.flatMap(frame => (frame.op === ControlOp.WELCOME ? [frame.welcome.io.state] : []));
  expect(states.slice(states.indexOf('RUNNING'))).toEqual(['RUNNING', 'STOPPED', 'STARTING', 'STARTING', 'RUNNING']);
});

test('an io-daemon that ends itself as idle under a connection is started again, and takes a fresh ticket', async () => {
  const host = await testHost({ ioMode: 'idle-once' });
  const client = await control(host, await pair(host));
  const states = (): readonly string[] =>
    client.frames.flatMap(frame => (frame.op === ControlOp.WELCOME ? [frame.welcome.io.state] : []));
  await until(() => states().includes('STOPPING') && states().at(-1) === 'RUNNING', 'running again');
  const tickets = client.frames.flatMap(frame =>
    frame.op === ControlOp.WELCOME && frame.welcome.io.ticket !== '' ? [frame.welcome.io.ticket] : [],
  );
  expect(host.heard()).toContain(createHash('sha256').update(tickets.at(-1)!).digest('hex'));
});

test('an io-daemon that keeps dying is given up, said so, and started again when asked for', async () => {
  const host = await testHost({ ioMode: 'crash' });
  const client = await control(host, await pair(host));
  const welcome = await client.welcome(({ io }) => io.gaveUp);
  expect(welcome.io).toEqual({ state: 'STOPPED', port: 0, ticket: '', gaveUp: true });
  await client.find(
    (frame): frame is FrameNamed<typeof ControlOp.EVENT> => frame.op === ControlOp.EVENT && frame.event.type === 'notice',
  );
  expect(host.said).toHaveLength(1);
  const count = client.frames.length;
  client.send({ op: ControlOp.IO_START, id: 0 });
  await until(
    () => client.frames.slice(count).some(frame => frame.op === ControlOp.WELCOME && frame.welcome.io.state === 'STARTING'),
    'started again',
  );
});

test('a root that goes away is told as a problem, and told again when it is back', async () => {
  const host = await testHost();
  const token = await pair(host);
  const first = await control(host, token);
  await first.welcome();
  rmSync(host.downloads, { recursive: true });
  const second = await control(host, token);
  // The look that began with the first client may have seen it already.
  const told = (): (readonly Root[])[] =>
    [...first.frames, ...second.frames].flatMap(frame => {
      if (frame.op === ControlOp.ROOTS_CHANGED) return [frame.roots];
      return frame.op === ControlOp.WELCOME ? [frame.welcome.roots] : [];
    });
  await until(() => told().some(roots => roots[0]?.problem === 'The folder is missing.'), 'the problem is told');
});

test('frames that make no sense here are answered and end nothing; malformed ones end the connection', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  await client.welcome();
  client.send({ op: ControlOp.STATE_DONE, id: 50, status: StateStatus.OK, detail: '' });
  client.send({ op: Op.STATS, id: 51 });
  const isError = (frame: ControlFrame | Frame): frame is FrameOf<typeof Op.ERROR> => frame.op === Op.ERROR;
  await until(() => client.frames.filter(isError).length === 2, 'both answered');
  expect(client.frames.filter(isError).map(({ id }) => id)).toEqual([50, 51]);
  const good = encodeControl({ op: ControlOp.STATE_WRITE, id: 52, epoch: 1, writes: [{ key: 'k', value: new Uint8Array(8) }] });
  client.ws.send(good.subarray(0, good.length - 1));
  expect(await client.closed).toBe(1002);
});

test('a record of the longest value goes in and comes out', async () => {
  const host = await testHost();
  const client = await control(host, await pair(host));
  const { epoch } = await client.welcome();
  const value = new Uint8Array(16 << 20).fill(7);
  client.send({ op: ControlOp.STATE_WRITE, id: 60, epoch, writes: [{ key: 'long', value }] });
  expect((await client.find(isReply(ControlOp.STATE_DONE, 60))).status).toBe(StateStatus.OK);
  client.send({ op: ControlOp.STATE_LOAD, id: 61, after: '' });
  const { records } = await client.find(isReply(ControlOp.STATE_RECORDS, 61));
  expect(Buffer.from(records[0]!.value!).equals(value)).toBe(true);
});

test('one record is read under the epoch of its connection alone', async () => {
  const host = await testHost();
  const token = await pair(host);
  const client = await control(host, token);
  const { epoch } = await client.welcome();
  expect(await write(client, epoch, { a: '1', b: '2' })).toBe(StateStatus.OK);
  client.send({ op: ControlOp.STATE_READ, id: 62, epoch, key: 'b' });
  client.send({ op: ControlOp.STATE_READ, id: 63, epoch, key: 'c' });
  client.send({ op: ControlOp.STATE_READ, id: 64, epoch: epoch - 1, key: 'b' });
  const { records, last } = await client.find(isReply(ControlOp.STATE_RECORDS, 62));
  expect([last, records.map(({ key, value }) => [key, String(Buffer.from(value ?? []))])]).toEqual([true, [['b', '2']]]);
  expect((await client.find(isReply(ControlOp.STATE_RECORDS, 63))).records).toEqual([]);
  expect((await client.find(isReply(ControlOp.STATE_DONE, 64))).status).toBe(StateStatus.STALE_EPOCH);
});

test('ports wished for are answered with what the router does', async () => {
  const home = tempFolder();
  writeFileSync(join(home, 'config.json'), JSON.stringify({ network: { portMapping: false } }));
  const host = await testHost({ home });
  const token = await pair(host);
  const first = await control(host, token);
  await first.welcome();
  first.send({ op: ControlOp.PORTS_MAP, id: 70, wishes: [{ protocol: 'tcp', port: 6881 }] });
  const { ports } = await first.find(isReply(ControlOp.PORTS_MAPPED, 70));
  expect(ports).toMatchObject({ state: 'failed', problem: 'forbidden' });
  first.send({ op: ControlOp.PORTS_MAP, id: 71, wishes: [] });
  expect((await first.find(isReply(ControlOp.PORTS_MAPPED, 71))).ports.state).toBe('off');
  first.send({ op: ControlOp.PORTS_MAPPED, id: 72, ports });
  await first.find((frame): frame is FrameOf<typeof Op.ERROR> => frame.op === Op.ERROR && frame.id === 72);
});

function childPid(heard: string): number {
  return Number(/"pid":(\d+)/.exec(heard)![1]);
}
