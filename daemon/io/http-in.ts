/**
 * Plain requests to the io-daemon: `GET` and `HEAD /stream/{file}`, for the page that holds the ticket. Anything else is
 * refused before it is looked at.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FileStatus } from '../wire/frames.ts';
import { readRange } from './byte-range.ts';
import type { ClientFiles } from './client-files.ts';
import type { Files } from './files.ts';
import type { Streams } from './streams.ts';

/** What a page has to be. */
export interface Doorkeeper {
  /** The status to refuse with; empty where host and origin are right. */
  readonly refusal: (request: IncomingMessage) => string;
  readonly holdsTicket: (ticket: string) => boolean;
}

/** What the one connection has, while there is one. */
export interface Readable {
  readonly files: ClientFiles;
  readonly streams: Streams;
}

/** Seconds for which a browser need not ask again whether it may ask. */
const MAX_AGE = '600';

export class HttpIn {
  readonly #door: Doorkeeper;
  readonly #files: Files;
  readonly #current: () => Readable | null;

  constructor(door: Doorkeeper, files: Files, current: () => Readable | null) {
    this.#door = door;
    this.#files = files;
    this.#current = current;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#door.refusal(request);
    if (refusal !== '') return refuse(response, Number.parseInt(refusal));
    const { method, headers, url = '' } = request;
    response.setHeader('access-control-allow-origin', headers.origin ?? '');
    response.setHeader('vary', 'origin');
    if (method === 'OPTIONS') return allow(response);
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { allow: 'GET, HEAD, OPTIONS' });
    // Nobody has more to say than a question.
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return refuse(response, 400);
    const [, number] = /^\/stream\/([1-9]\d{0,9})$/.exec(url) ?? [];
    if (number === undefined) return refuse(response, 404);
    const ticket = /^Bearer ([\w-]{1,100})$/.exec(headers.authorization ?? '')?.[1];
    if (ticket === undefined || !this.#door.holdsTicket(ticket)) {
      return refuse(response, 401, { 'www-authenticate': 'Bearer' });
    }
    const readable = this.#current();
    const file = readable?.files.borrow(Number(number)) ?? null;
    if (readable === null || file === null) return refuse(response, 404);
    const { status } = await this.#files.stamp(file);
    const isThere = status === FileStatus.OK && !readable.streams.isEnded;
    if (!isThere || response.destroyed || readable.streams.isFull) {
      file.release();
      return refuse(response, isThere ? 503 : 404);
    }
    // Nothing names the version of a file, so a range that depends on one is the whole.
    const asked = headers['if-range'] === undefined ? readRange(headers.range, file.size) : 'whole';
    if (asked === 'beyond') {
      file.release();
      return refuse(response, 416, { 'content-range': `bytes */${file.size}` });
    }
    const range = asked === 'whole' ? { from: 0, to: file.size } : asked;
    response.writeHead(asked === 'whole' ? 200 : 206, {
      ...PLAIN,
      'accept-ranges': 'bytes',
      'content-length': range.to - range.from,
      ...(asked === 'whole' ? {} : { 'content-range': `bytes ${range.from}-${range.to - 1}/${file.size}` }),
    });
    if (method === 'HEAD') {
      file.release();
      response.end();
      return;
    }
    response.flushHeaders();
    readable.streams.send(Number(number), file, range, response);
  }
}

/** What is served is never a document of anybody's: whoever shows it says what it is. */
const PLAIN = {
  'content-type': 'application/octet-stream',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'no-store',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range',
};

function allow(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'authorization, range',
    'access-control-max-age': MAX_AGE,
  });
  response.end();
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, connection: 'close', 'content-length': 0 });
  response.end();
}
