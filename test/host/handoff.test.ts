/** Links and files that programs of this computer hand to the host: over its local door, to the client at work. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ControlOp, HandedState, HandoffKind, MAX_HANDOFFS, type ControlFrame } from '../../daemon/wire/control.ts';
import { control, pair, testHost, type ControlClient, type TestHost } from './host.ts';
import { until } from './temp.ts';

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
