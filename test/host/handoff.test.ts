/** Links and files that programs of this computer hand to the host: over its local door, to the client at work. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { StateStore } from '../../daemon/host/store/state.ts';
import { ControlOp, HandedState, HandoffKind, MAX_HANDOFFS, type ControlFrame } from '../../daemon/wire/control.ts';
import { control, pair, testHost, type ControlClient, type TestHost } from './host.ts';
import { tempFolder, until } from './temp.ts';

type Handoff = Extract<ControlFrame, { op: typeof ControlOp.HANDOFF }>;

const magnet = (digit: string, more = ''): string => `magnet:?xt=urn:btih:${digit.repeat(40)}${more}`;

interface Told {
  readonly status: number;
  readonly state?: string;
  readonly name?: string;
  readonly text?: string;
  readonly open?: string | null;
  readonly message?: string;
}

function secretOf(host: TestHost): string {
  return (JSON.parse(readFileSync(join(host.home, 'lock.json'), 'utf8')) as { secret: string }).secret;
}

function add(
  host: TestHost,
  content: string | Uint8Array,
  {
    type = 'text/plain',
    query = '?screen=1',
    headers = {},
  }: { type?: string; query?: string; headers?: Record<string, string> } = {},
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${host.origin}/local/add${query}`,
      { method: 'POST', headers: { 'content-type': type, 'x-starling-local': secretOf(host), ...headers } },
      response => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString()));
        response.on('end', () => {
          const body = text.startsWith('{') ? (JSON.parse(text) as object) : { message: text };
          resolve({ status: response.statusCode ?? 0, ...body });
        });
      },
    );
    asked.on('error', reject);
    asked.end(content);
  });
}

const handoffs = (client: ControlClient): Handoff[] =>
  client.frames.filter((frame): frame is Handoff => frame.op === ControlOp.HANDOFF);

async function nth(client: ControlClient, index: number): Promise<Handoff> {
  await until(() => handoffs(client).length > index, 'a hand-off');
  return handoffs(client)[index]!;
}

function answer(client: ControlClient, handoff: number, state: HandedState, text = ''): void {
  client.send({ op: ControlOp.HANDED, id: 0, handoff, state, text });
}

async function atWork(host: TestHost): Promise<ControlClient> {
  const client = await control(host, await pair(host));
  await client.welcome();
  return client;
}

function torrentFile(): Uint8Array {
  return Buffer.from(`d4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:${'p'.repeat(20)}ee`);
}

test('a link reaches the client at work, and whoever handed it over hears what became of it', async () => {
  const host = await testHost();
  const client = await atWork(host);
  const shown = add(host, magnet('a', '&dn=Open%20film'));
  const first = await nth(client, 0);
  expect(first).toMatchObject({ id: 0, start: false, kind: HandoffKind.MAGNET });
  expect(Buffer.from(first.content).toString()).toBe(magnet('a', '&dn=Open%20film'));
  answer(client, first.handoff, HandedState.SHOWN);
  expect(await shown).toEqual({ status: 200, state: 'shown', name: 'Open film', text: '', open: null });

  const listed = add(host, torrentFile(), { type: 'application/x-bittorrent' });
  const second = await nth(client, 1);
  expect([second.kind, Buffer.from(second.content)]).toEqual([HandoffKind.TORRENT, torrentFile()]);
  answer(client, second.handoff, HandedState.LISTED);
  expect(await listed).toMatchObject({ state: 'listed', name: 'x', open: null });

  const started = add(host, magnet('c'), { query: '?start=1' });
  const third = await nth(client, 2);
  expect(third.start).toBe(true);
  answer(client, third.handoff, HandedState.STARTED);
  expect(await started).toMatchObject({ state: 'started' });

  const refused = add(host, magnet('d'));
  answer(client, (await nth(client, 3)).handoff, HandedState.REFUSED, 'There is no room in the list.');
  expect(await refused).toMatchObject({ state: 'refused', text: 'There is no room in the list.' });
});

test('what is no torrent, no link or from a page is refused with a sentence, and goes nowhere', async () => {
  const host = await testHost();
  const client = await atWork(host);
  const wrong: [string | Uint8Array, Parameters<typeof add>[2], number][] = [
    ['magnet:?dn=nothing', {}, 422],
    ['http://evil.com/', {}, 422],
    ['', {}, 422],
    ['i042e', { type: 'application/x-bittorrent' }, 422],
    [magnet('a'), { type: 'application/json' }, 415],
    [magnet('a'), { headers: { origin: 'http://evil.com' } }, 403],
    [magnet('a'), { headers: { origin: host.origin } }, 403],
    [magnet('a'), { headers: { 'sec-fetch-site': 'none' } }, 403],
    [magnet('a'), { headers: { host: 'evil.com' } }, 421],
    [magnet('a'), { headers: { 'x-starling-local': 'guess' } }, 401],
    [Buffer.alloc(10_000_001), { type: 'application/x-bittorrent' }, 413],
  ];
  for (const [content, how, status] of wrong) {
    const told = await add(host, content, how);
    expect(told.status, JSON.stringify(how)).toBe(status);
    expect(told.message).toMatch(/^[A-Z].+[.]\s*$/);
  }
  expect(handoffs(client)).toEqual([]);
});

test('with no window it is kept for the one that is opened, and of many one opens it', async () => {
  const host = await testHost();
  const first = await add(host, magnet('a'));
  expect(first).toMatchObject({ status: 200, state: 'waiting' });
  expect(readFileSync(first.open!, 'utf8')).toContain('#pair=');
  expect(await add(host, magnet('b'))).toMatchObject({ state: 'waiting', open: null });
  // The same again is the same.
  expect(await add(host, magnet('a'))).toMatchObject({ state: 'waiting', open: null });
  const client = await atWork(host);
  await nth(client, 1);
  expect(handoffs(client).map(({ content }) => Buffer.from(content).toString())).toEqual([magnet('a'), magnet('b')]);
});

test('what was not answered when the client went is given to the next; what was is not', async () => {
  const host = await testHost();
  const token = await pair(host);
  const before = await control(host, token);
  await before.welcome();
  const asked = [add(host, magnet('a')), add(host, magnet('b'))];
  const done = (await Promise.all([nth(before, 0), nth(before, 1)])).find(
    ({ content }) => Buffer.from(content).toString() === magnet('a'),
  )!;
  answer(before, done.handoff, HandedState.SHOWN);
  await asked[0];
  before.ws.terminate();
  const after = await control(host, token);
  const again = await nth(after, 0);
  expect(Buffer.from(again.content).toString()).toBe(magnet('b'));
  answer(after, again.handoff, HandedState.SHOWN);
  expect(await asked[1]).toMatchObject({ state: 'shown' });
  expect(handoffs(after)).toHaveLength(1);
});

test('where no window is in view the app is to be opened; it stays kept until one shows it', async () => {
  const host = await testHost();
  const token = await pair(host);
  const client = await control(host, token);
  await client.welcome();
  const asked = add(host, magnet('a'));
  const { handoff } = await nth(client, 0);
  answer(client, handoff, HandedState.UNSEEN);
  expect(await asked).toMatchObject({ state: 'waiting', open: `${host.origin}/` });
  answer(client, handoff, HandedState.SHOWN);
  client.ws.close();
  await client.closed;
  const next = await control(host, token);
  await next.welcome(({ io }) => io.state === 'RUNNING');
  expect(handoffs(next)).toEqual([]);
});

test('where no window can be opened it is shown by one that is there, and waits for no other', async () => {
  const host = await testHost();
  const client = await atWork(host);
  const asked = add(host, magnet('a'), { query: '' });
  const { handoff, start } = await nth(client, 0);
  expect(start).toBe(false);
  answer(client, handoff, HandedState.UNSEEN);
  expect(await asked).toMatchObject({ state: 'waiting', open: null });
});

test('a client that says nothing holds nobody up for long, and an answer to nothing changes nothing', async () => {
  const host = await testHost();
  const client = await atWork(host);
  answer(client, 4711, HandedState.SHOWN);
  expect(await add(host, magnet('a'))).toMatchObject({ state: 'waiting' });
});

test('so many wait and no more, and one more is told so', async () => {
  const host = await testHost();
  for (let index = 0; index < MAX_HANDOFFS; index++) {
    const hash = index.toString(16).padStart(40, '0');
    expect((await add(host, `magnet:?xt=urn:btih:${hash}`)).status).toBe(200);
  }
  expect(await add(host, magnet('f'))).toMatchObject({ status: 503, message: expect.stringMatching(/Too many/) as string });
  // What waits already is no more.
  expect((await add(host, `magnet:?xt=urn:btih:${'0'.repeat(40)}`)).status).toBe(200);
});

test('so many bytes wait and no more', async () => {
  const host = await testHost();
  const file = (name: string): Buffer => {
    const pieces = Buffer.alloc(20 * 480_000, 'p');
    const head = `d4:infod6:lengthi${480_000 * 16_384}e4:name1:${name}12:piece lengthi16384e6:pieces${pieces.length}:`;
    return Buffer.concat([Buffer.from(head), pieces, Buffer.from('ee')]);
  };
  const statuses: number[] = [];
  for (const name of 'abcd') statuses.push((await add(host, file(name), { type: 'application/x-bittorrent' })).status);
  expect(statuses).toEqual([200, 200, 200, 503]);
});

const day = 24 * 60 * 60_000;
const recordsOf = (home: string): string[] => readdirSync(join(home, 'waiting')).sort();

function logOf(home: string): string {
  const names = readdirSync(join(home, 'logs')).filter(name => name.startsWith('host'));
  return names.map(name => readFileSync(join(home, 'logs', name), 'utf8')).join('');
}

test('what somebody was told waits is on disk, outlives the host, and is gone from there once a window shows it', async () => {
  const first = await testHost();
  const { home } = first;
  expect(await add(first, magnet('a'))).toMatchObject({ state: 'waiting' });
  expect(await add(first, torrentFile(), { type: 'application/x-bittorrent' })).toMatchObject({ state: 'waiting' });
  expect(recordsOf(home)).toHaveLength(2);
  await first.stop();

  const second = await testHost({ home });
  const client = await atWork(second);
  await nth(client, 1);
  const [link, file] = handoffs(client);
  expect(link).toMatchObject({ start: false, root: '', kind: HandoffKind.MAGNET });
  expect(Buffer.from(link!.content).toString()).toBe(magnet('a'));
  expect([file!.kind, Buffer.from(file!.content)]).toEqual([HandoffKind.TORRENT, torrentFile()]);
  // What is shown at once is never there.
  const asked = add(second, magnet('c'));
  answer(client, (await nth(client, 2)).handoff, HandedState.SHOWN);
  expect(await asked).toMatchObject({ state: 'shown' });
  expect(recordsOf(home)).toHaveLength(2);
  answer(client, link!.handoff, HandedState.SHOWN);
  await until(() => recordsOf(home).length === 1, 'one record less');
  answer(client, file!.handoff, HandedState.REFUSED, 'There is no room.');
  await until(() => recordsOf(home).length === 0, 'no record');
  await second.stop();

  const third = await testHost({ home });
  const next = await atWork(third);
  const later = add(third, magnet('b'));
  answer(next, (await nth(next, 0)).handoff, HandedState.SHOWN);
  expect(await later).toMatchObject({ state: 'shown' });
  expect(handoffs(next)).toHaveLength(1);
});

test('one that is damaged is put aside with a word in the log, and one of another version is removed with another', async () => {
  const first = await testHost();
  const { home } = first;
  await add(first, magnet('a'));
  const [torn] = recordsOf(home);
  await add(first, magnet('b'));
  await first.stop();
  await new StateStore(join(home, 'waiting'), () => undefined).write(0, [{ key: 'other', value: Buffer.from('{"kind":9}\n') }]);
  const at = join(home, 'waiting', torn!);
  writeFileSync(at, readFileSync(at).subarray(0, -1));

  const second = await testHost({ home });
  const client = await atWork(second);
  expect(Buffer.from((await nth(client, 0)).content).toString()).toBe(magnet('b'));
  expect(handoffs(client)).toHaveLength(1);
  expect(recordsOf(home).filter(name => name.startsWith(torn!))).toEqual([expect.stringMatching(/[.]damaged$/)]);
  expect(existsSync(at)).toBe(false);
  await second.stop();
  expect(recordsOf(home).filter(name => name.endsWith('.rec'))).toHaveLength(1);
  expect(logOf(home)).toContain('links that wait');
  expect(logOf(home)).toContain('is of another version, and is removed');
});

/** The clock on the wall is set. */
function setClock(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
  onTestFinished(() => void vi.useRealTimers());
}

test.each([1, -1])('one outlives a clock that is set by a day and back', async sign => {
  const first = await testHost();
  const { home } = first;
  await add(first, magnet('a'));
  await first.stop();
  for (const jump of [day + 60_000, -day - 60_000]) {
    setClock(sign * jump);
    await (await testHost({ home })).stop();
  }
  const client = await atWork(await testHost({ home }));
  expect(Buffer.from((await nth(client, 0)).content).toString()).toBe(magnet('a'));
});

test('one that nobody comes for is forgotten in the end, with a word in the log', async () => {
  const first = await testHost();
  const { home } = first;
  await add(first, magnet('a'));
  await first.stop();
  for (const left of [1, 0]) {
    setClock(day + 60_000);
    await (await testHost({ home })).stop();
    expect(recordsOf(home).filter(name => name.endsWith('.rec'))).toHaveLength(left);
  }
  expect(logOf(home)).toContain('nobody came for');
});

test('whoever waits to hear of one when the host ends hears that it waits, and so it does', async () => {
  const first = await testHost();
  const { home } = first;
  const client = await atWork(first);
  const asked = add(first, magnet('a'));
  await nth(client, 0);
  const stopped = first.stop();
  expect(await asked).toMatchObject({ state: 'waiting', open: null });
  await stopped;
  const next = await atWork(await testHost({ home }));
  expect(Buffer.from((await nth(next, 0)).content).toString()).toBe(magnet('a'));
});

test('a folder that cannot be used for what waits holds up nobody', async () => {
  const home = tempFolder();
  writeFileSync(join(home, 'waiting'), 'no folder');
  const host = await testHost({ home });
  expect(await add(host, magnet('a'))).toMatchObject({ state: 'waiting' });
  const client = await atWork(host);
  expect(Buffer.from((await nth(client, 0)).content).toString()).toBe(magnet('a'));
});
