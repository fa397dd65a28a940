/** Answers of /stream that get no further, and those whose engine leaves while they begin. */
import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClientFiles } from '../../daemon/io/client-files.ts';
import { Files } from '../../daemon/io/files.ts';
import { HttpIn } from '../../daemon/io/http-in.ts';
import { log } from '../../daemon/io/log.ts';
import { createServices } from '../../daemon/io/services.ts';
import { type Patience, Streams } from '../../daemon/io/streams.ts';
import { type Frame, type FrameOf, Op } from '../../daemon/wire/frames.ts';
import { until } from '../peers/wait.ts';

/** More than the sockets of a connection take. */
const SIZE = 64 * (1 << 20);
const NEVER = 3_600_000;
const SOON = 200;

let root: string;
let files: Files;
let server: Server | null = null;
let pushed: Frame[];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'starling-ends-')));
  writeFileSync(join(root, 'film'), '');
  truncateSync(join(root, 'film'), SIZE);
  files = new Files();
  files.setRoots([{ token: 'root', path: root, mount: '' }]);
  pushed = [];
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(root, { recursive: true });
});

/** Serves with `answer` and asks for file 7. */
function ask(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<IncomingMessage> {
  const listening = createServer(answer);
  server = listening;
  return new Promise((resolve, reject) => {
    listening.listen(0, '127.0.0.1', () => {
      const { port } = listening.address() as AddressInfo;
      const headers = { authorization: 'Bearer ticket' };
      get({ host: '127.0.0.1', port, path: '/stream/7', headers, agent: false }, resolve).on('error', reject);
    });
  });
}

const wants = () => pushed.filter((frame): frame is FrameOf<typeof Op.STREAM_WANT> => frame.op === Op.STREAM_WANT);

/** An answer of the whole file, of which so many bytes are there; its reader has not begun to read. */
function begin(length: number, patience: Patience): Promise<IncomingMessage> {
  const streams = new Streams(files, frame => pushed.push(frame), patience);
  return ask((_request, response) => {
    response.writeHead(200, { 'content-length': SIZE });
    response.flushHeaders();
    streams.send(7, files.open('root', ['film'], SIZE, false, false), { from: 0, to: SIZE }, response);
    streams.have({ op: Op.STREAM_HAVE, id: 0, stream: 1, offset: 0, length });
  });
}

it('an answer for which no further byte comes is cut, and its file let go', async () => {
  const body = await begin(10, { silence: SOON, stall: NEVER });
  let bytes = 0;
  const ended = new Promise<unknown>(resolve => body.on('error', resolve));
  body.on('data', (part: Buffer) => (bytes += part.length));
  expect(await ended).toMatchObject({ code: 'ECONNRESET' });
  expect(bytes).toBe(10);
  await until('the file to be let go', () => files.count === 0);
  expect(wants().at(-1)).toMatchObject({ stream: 1, length: 0 });
});

it('an answer that nobody reads is cut, and its file let go', async () => {
  const body = await begin(SIZE, { silence: NEVER, stall: SOON });
  body.on('error', () => undefined);
  await until('the file to be let go', () => files.count === 0);
  let bytes = 0;
  body.on('data', (part: Buffer) => (bytes += part.length));
  await until('its end', () => body.destroyed);
  expect(body.complete).toBe(false);
  expect(bytes).toBeLessThan(SIZE);
});

it('an engine that leaves while its file is looked at has no answer begun', async () => {
  const own = new ClientFiles(files, frame => pushed.push(frame));
  await own.open({
    op: Op.FILE_OPEN,
    id: 1,
    file: 7,
    root: 'root',
    components: ['film'],
    size: SIZE,
    create: false,
    allocate: false,
  });
  const streams = new Streams(files, frame => pushed.push(frame));
  const requests = new HttpIn(
    { refusal: () => '', holdsTicket: () => true },
    { ...createServices('test', [], log), files },
    () => ({
      files: own,
      streams,
    }),
  );
  const answer = await ask((request, response) => {
    void requests.answer(request, response);
    streams.end();
    own.end();
  });
  expect(answer.statusCode).toBe(404);
  await until('the file to be let go', () => files.count === 0);
  expect(wants()).toEqual([]);
});
