/** The lease over real sockets: who holds it, who follows, and what becomes of who lost it. Time passes when the test says so. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { browserName } from '../../daemon/host/pairing/browser-name.ts';
import { AWAY_INSTALL } from '../../daemon/host/control/own-clients.ts';
import { relayFrames } from '../../daemon/wire/relay.ts';
import { GRACE, RECALL, RENEWAL } from '../../daemon/host/control/lease.ts';
import { type ControlFrame, ControlOp, StateStatus, type Welcome } from '../../daemon/wire/control.ts';
import { API_VERSION } from '../../sw/api.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { control, type ControlClient, pair, type TestHost, testHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36';
const EDGE = `${CHROME} Edg/147.0.0.0`;
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15';

async function setUp(awayProgram?: string) {
  const timers = new FakeTimers();
  const host = await testHost({
    clock: { now: () => timers.now, after: timers.after },
    ...(awayProgram === undefined ? {} : { awayProgram }),
  });
  return { host, timers };
}

/** A host whose own engine is a thread that does nothing; the test stands in for it on `/control`. */
async function setUpAway() {
  const folder = tempFolder();
  const [program, given] = [join(folder, 'away.mjs'), join(folder, 'token')];
  const lines = [
    `import { renameSync, writeFileSync } from 'node:fs';`,
    `import { workerData } from 'node:worker_threads';`,
    `const given = ${JSON.stringify(given)};`,
    `writeFileSync(given + '.new', workerData.token);`,
    `renameSync(given + '.new', given);`,
    `setInterval(() => {}, 1000);`,
  ];
  writeFileSync(program, lines.join('\n'));
  const { host, timers } = await setUp(program);
  /** The next one that is started. */
  const away = async (): Promise<ControlClient> => {
    await until(() => existsSync(given), 'the thread to start');
    const token = readFileSync(given, 'utf8');
    rmSync(given);
    return control(host, token, AWAY_INSTALL);
  };
  return { host, timers, away };
}

async function browser(host: TestHost, install: string, agent = ''): Promise<ControlClient> {
  return control(host, await pair(host, install, agent), install);
}

const isHeld = ({ lease, io }: Welcome): boolean => lease.state === 'held' && io.state === 'RUNNING';
type Relayed = Extract<ControlFrame, { op: typeof ControlOp.RELAY }>;
const isFollowed = ({ lease }: Welcome): boolean => lease.state === 'followed';
const isAskedToYield = (client: ControlClient): boolean =>
  client.frames.some(frame => frame.op === ControlOp.EVENT && frame.event.type === 'yield');

/** What it was told last. */
function last(client: ControlClient): Welcome {
  const welcomes = client.frames.flatMap(frame => (frame.op === ControlOp.WELCOME ? [frame.welcome] : []));
  return welcomes.at(-1)!;
}

/** Resolves once the host has heard all that was sent before. */
async function heard(client: ControlClient): Promise<void> {
  const pong = new Promise(resolve => client.ws.once('pong', resolve));
  client.ws.ping();
  await pong;
}

function leaseYield(client: ControlClient, { epoch }: Welcome, reserve = 0): void {
  client.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve, work: true });
}

async function write(client: ControlClient, epoch: number, id: number): Promise<StateStatus> {
  client.send({ op: ControlOp.STATE_WRITE, id, epoch, writes: [{ key: 'k', value: Uint8Array.of(id) }] });
  const isDone = (frame: ControlClient['frames'][number]) => frame.op === ControlOp.STATE_DONE && frame.id === id;
  await until(() => client.frames.some(isDone), 'the answer to a write');
  const done = client.frames.find(isDone)!;
  return done.op === ControlOp.STATE_DONE ? done.status : StateStatus.FAILED;
}

test('the first browser holds the lease; the second follows it by its name, without an epoch, a port or a ticket', async () => {
  const { host } = await setUp();
  const first = await browser(host, 'install-1', FIREFOX);
  const held = await first.welcome(isHeld);
  expect(held).toMatchObject({ io: { port: 40_000 } });
  const second = await browser(host, 'install-2', CHROME);
  expect(await second.welcome()).toMatchObject({
    epoch: 0,
    lease: { state: 'followed', holder: 'Firefox on Linux' },
    io: { port: 0, ticket: '' },
    roots: [{ name: 'downloads' }],
  });
  expect(first.ws.readyState).toBe(first.ws.OPEN);
  expect(await write(second, held.epoch, 5)).toBe(StateStatus.STALE_EPOCH);
  expect(await write(first, held.epoch, 6)).toBe(StateStatus.OK);
});

test('Use here: the holder is asked, yields, and follows; its epoch and its ticket are good no more', async () => {
  const { host } = await setUp();
  const first = await browser(host, 'install-1');
  const before = await first.welcome(isHeld);
  const second = await browser(host, 'install-2');
  await second.welcome(isFollowed);
  second.send({ op: ControlOp.LEASE_TAKE, id: 0 });
  await until(() => isAskedToYield(first), 'the recall');
  expect(last(second).lease.state).toBe('waiting');
  // Until it yields, it has time to record what it has.
  expect(await write(first, before.epoch, 7)).toBe(StateStatus.OK);
  leaseYield(first, before);
  const after = await second.welcome(isHeld);
  expect(after.epoch).toBe(before.epoch + 1);
  expect(host.heard()).toContain(createHash('sha256').update(after.io.ticket).digest('hex'));
  await first.welcome(isFollowed);
  expect(await write(first, before.epoch, 8)).toBe(StateStatus.STALE_EPOCH);
});

test('a holder that is asked to yield and does not is cut off after two seconds', async () => {
  const { host, timers } = await setUp();
  const first = await browser(host, 'install-1');
  const before = await first.welcome(isHeld);
  const second = await browser(host, 'install-2');
  await second.welcome(isFollowed);
  second.send({ op: ControlOp.LEASE_TAKE, id: 0 });
  await until(() => isAskedToYield(first), 'the recall');
  timers.advance(RECALL - 1);
  expect(last(second).lease.state).toBe('waiting');
  timers.advance(1);
  const after = await second.welcome(isHeld);
  expect(await write(first, before.epoch, 9)).toBe(StateStatus.STALE_EPOCH);
  expect(await write(second, after.epoch, 9)).toBe(StateStatus.OK);
  // It was slow, not dead: where the other goes it has its turn again.
  leaseYield(first, before);
  await heard(first);
  leaseYield(second, after);
  expect((await first.welcome(({ epoch }) => epoch > after.epoch)).lease.state).toBe('held');
});

describe('a holder', () => {
  test('whose connection is lost has three seconds to come back, with the next epoch', async () => {
    const { host, timers } = await setUp();
    const token = await pair(host, 'install-1');
    const first = await control(host, token, 'install-1');
    const { epoch } = await first.welcome(isHeld);
    const second = await browser(host, 'install-2');
    await second.welcome(isFollowed);
    first.ws.terminate();
    await second.welcome(({ lease }) => lease.state === 'waiting');
    timers.advance(GRACE - 1);
    const again = await control(host, token, 'install-1');
    expect((await again.welcome(isHeld)).epoch).toBe(epoch + 1);
    again.ws.terminate();
    await until(() => last(second).lease.state === 'waiting', 'the loss');
    timers.advance(GRACE);
    expect((await second.welcome(isHeld)).epoch).toBe(epoch + 2);
  });

  test('that says nothing for fifteen seconds loses it, and when it is heard again it follows', async () => {
    const { host, timers } = await setUp();
    const first = await browser(host, 'install-1');
    const before = await first.welcome(isHeld);
    const second = await browser(host, 'install-2');
    await second.welcome(isFollowed);
    timers.advance(RENEWAL - 1);
    first.send({ op: ControlOp.LEASE_RENEW, id: 0, epoch: before.epoch });
    await heard(first);
    timers.advance(RENEWAL - 1);
    expect(isHeld(last(first))).toBe(true);
    timers.advance(1);
    await second.welcome(isHeld);
    await first.welcome(isFollowed);
    first.send({ op: ControlOp.LEASE_RENEW, id: 0, epoch: before.epoch });
    expect(await write(first, before.epoch, 10)).toBe(StateStatus.STALE_EPOCH);
    expect(isHeld(last(second))).toBe(true);
  });

  test('that yields for an update keeps the others waiting until it is back', async () => {
    const { host, timers } = await setUp();
    const token = await pair(host, 'install-1');
    const first = await control(host, token, 'install-1');
    const before = await first.welcome(isHeld);
    const second = await browser(host, 'install-2');
    await second.welcome(isFollowed);
    leaseYield(first, before, 30_000);
    first.ws.close();
    await second.welcome(({ lease }) => lease.state === 'waiting');
    timers.advance(29_000);
    const next = await control(host, token, 'install-1');
    await next.welcome(isHeld);
    await until(() => last(second).lease.state === 'followed', 'the second follows again');
  });

  test('cannot yield what it no longer has', async () => {
    const { host } = await setUp();
    const token = await pair(host, 'install-1');
    const first = await control(host, token, 'install-1');
    const before = await first.welcome(isHeld);
    const again = await control(host, token, 'install-1');
    await again.welcome(isHeld);
    leaseYield(again, before);
    await heard(again);
    expect(isHeld(last(again))).toBe(true);
  });
});

describe("the host's own engine", () => {
  test('takes over from a browser that falls silent, and yields to it when that is heard again', async () => {
    const { host, timers, away } = await setUpAway();
    const first = await away();
    const started = await first.welcome(isHeld);
    const app = await browser(host, 'install-1');
    await until(() => isAskedToYield(first), 'the recall');
    leaseYield(first, started);
    const before = await app.welcome(isHeld);
    first.ws.close();
    timers.advance(RENEWAL);
    const second = await away();
    const meanwhile = await second.welcome(isHeld);
    await until(() => last(app).lease.state === 'waiting', 'the loss');
    app.send({ op: ControlOp.LEASE_RENEW, id: 0, epoch: before.epoch });
    await until(() => isAskedToYield(second), 'the recall');
    leaseYield(second, meanwhile);
    expect((await app.welcome(({ epoch }) => epoch > meanwhile.epoch)).lease.state).toBe('held');
  });

  test('comes to tell of the torrents where none is at work, once it has read its records', async () => {
    const { host, away } = await setUpAway();
    const first = await away();
    const { epoch } = await first.welcome(isHeld);
    first.send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve: 0, work: false });
    await until(() => last(first).lease.state !== 'held', 'the end of it');
    first.ws.close();
    const { secret } = JSON.parse(readFileSync(join(host.home, 'lock.json'), 'utf8')) as { secret: string };
    const told = fetch(`${host.origin}/local/status`, { method: 'POST', headers: { 'x-starling-local': secret } });
    const second = await away();
    const { channel } = await second.find((frame): frame is Relayed => frame.op === ControlOp.RELAY);
    const rows = [{ id: 'a', name: 'At rest' }];
    for (const [torrents, settings] of [
      [[], null],
      [rows, {}],
    ])
      for (const frame of relayFrames(channel, { type: 'snapshot', version: API_VERSION, torrents, settings }, true))
        second.send(frame);
    expect(await (await told).json()).toMatchObject({ atWork: null, torrents: rows });
  });
});

test.each([
  [FIREFOX, 'Firefox on Linux'],
  [CHROME, 'Chrome on Windows'],
  [EDGE, 'Edge on Windows'],
  [SAFARI, 'Safari on macOS'],
  ['curl/8', ''],
  ['', ''],
])('%s is called %s', (agent, name) => {
  expect(browserName(agent)).toBe(name);
});
