/** GET requests for trackers and web seeds: bounded in size and time, every hop of a redirect past the guard. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Frame, type FrameOf, NetStatus, Op } from '../wire/frames.ts';
import { errnoOf } from './errno.ts';
import type { Address, Guard } from './guard.ts';
import { CONNECT_TIMEOUT, DIALLED, HTTP_REQUESTS, HTTP_TIMEOUT, LIMITS, REDIRECTS } from './limits.ts';

type Request = FrameOf<typeof Op.HTTP_GET>['request'];

/** What the caller may not set: it belongs to the connection, or would change what comes back. */
const OURS = new Set([
  'host',
  'connection',
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'cookie',
]);
/** A redirect elsewhere does not take these along. */
const SECRET = new Set(['authorization']);
const MAX_URL = 8 * 1024;

interface Outcome {
  readonly net: NetStatus;
  readonly status: number;
  readonly detail: string;
  readonly body: Uint8Array;
}

class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly net: NetStatus;

  constructor(net: NetStatus, detail: string) {
    super(detail);
    this.net = net;
  }
}

export class HttpOut {
  readonly #guard: Guard;
  readonly #push: (frame: Frame) => void;
  readonly #running = new Map<number, AbortController>();

  constructor(guard: Guard, push: (frame: Frame) => void) {
    this.#guard = guard;
    this.#push = push;
  }

  async get(id: number, request: Request): Promise<void> {
    const outcome = await this.#get(id, request);
    this.#push({ op: Op.HTTP_RESULT, id, ...outcome });
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort(new HttpProblem(NetStatus.CANCELLED, 'cancelled'));
  }

  end(): void {
    for (const id of this.#running.keys()) this.cancel(id);
  }

  async #get(id: number, request: Request): Promise<Outcome> {
    if (this.#running.has(id)) return failure(NetStatus.FAILED, 'the number is taken');
    if (this.#running.size >= HTTP_REQUESTS) return failure(NetStatus.LIMIT, 'too many requests at once');
    const control = new AbortController();
    this.#running.set(id, control);
    const timer = setTimeout(
      () => control.abort(new HttpProblem(NetStatus.TIMEOUT, 'no answer in time')),
      Math.min(request.timeoutMs, HTTP_TIMEOUT),
    );
    try {
      return await this.#follow(request, control.signal);
    } catch (error) {
      const reason: unknown = control.signal.aborted ? control.signal.reason : error;
      return reason instanceof HttpProblem ? failure(reason.net, reason.message) : failure(netOf(reason), textOf(reason));
    } finally {
      clearTimeout(timer);
      this.#running.delete(id);
    }
  }

  async #follow(request: Request, signal: AbortSignal): Promise<Outcome> {
    const limit = Math.min(request.maxBytes, LIMITS.httpBody);
    let url = parse(request.url);
    let headers = request.headers;
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const response = await this.#ask(url, headers, signal);
      const { statusCode = 0 } = response;
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return receive(response, limit);
      response.destroy();
      const next = parse(location, url);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new HttpProblem(NetStatus.REFUSED_BY_GUARD, 'a redirect from https to http');
      }
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
    throw new HttpProblem(NetStatus.FAILED, 'too many redirects');
  }

  async #ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const isTls = url.protocol === 'https:';
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    const resolved = await this.#guard.resolve(url.hostname, port, 'http');
    signal.throwIfAborted();
    if (resolved.status !== NetStatus.OK) throw new HttpProblem(resolved.status, resolved.detail);
    const addresses = resolved.addresses.slice(0, DIALLED);
    // The request hands on to its socket what is said of families.
    const options = {
      agent: false as const,
      signal,
      lookup: pinned(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: CONNECT_TIMEOUT / DIALLED,
      headers: { 'user-agent': 'Starling', accept: '*/*', ...allowed(headers), 'accept-encoding': 'identity' },
      maxHeaderSize: 32 * 1024,
    };
    return new Promise((resolve, reject) => {
      const request = (isTls ? httpsRequest : httpRequest)(url, options);
      request.on('response', resolve);
      request.on('error', reject);
      request.end();
    });
  }
}

/** Gives the addresses that were checked, whatever the name is; one after another is tried. */
function pinned(addresses: readonly Address[]): LookupFunction {
  return (_name, options, callback) => {
    const [first] = addresses as readonly [Address, ...Address[]];
    if (options.all !== true) callback(null, first.host, first.family);
    else
      callback(
        null,
        addresses.map(({ host, family }) => ({ address: host, family })),
      );
  };
}

function parse(text: string, base?: URL): URL {
  if (text.length > MAX_URL || !URL.canParse(text, base?.href)) throw new HttpProblem(NetStatus.FAILED, 'not an address');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new HttpProblem(NetStatus.REFUSED_BY_GUARD, 'neither http nor https');
  }
  return url;
}

async function receive(response: IncomingMessage, limit: number): Promise<Outcome> {
  const { statusCode: status = 0, headers } = response;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    response.destroy();
    throw new HttpProblem(NetStatus.FAILED, 'an encoding that was not asked for');
  }
  const tooLarge = new HttpProblem(NetStatus.TOO_LARGE, `more than ${limit} bytes`);
  const parts: Buffer[] = [];
  let length = 0;
  if (Number(headers['content-length'] ?? 0) > limit) {
    response.destroy();
    throw tooLarge;
  }
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw tooLarge;
    parts.push(part);
  }
  return { net: NetStatus.OK, status, detail: '', body: Buffer.concat(parts) };
}

function allowed(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.has(name.toLowerCase())));
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.has(name.toLowerCase())));
}

function failure(net: NetStatus, detail: string): Outcome {
  return { net, status: 0, detail: detail.slice(0, 200), body: new Uint8Array(0) };
}

const NET: Readonly<Record<string, NetStatus>> = {
  ECONNREFUSED: NetStatus.REFUSED,
  ENETUNREACH: NetStatus.UNREACHABLE,
  EHOSTUNREACH: NetStatus.UNREACHABLE,
  ETIMEDOUT: NetStatus.TIMEOUT,
};

function netOf(error: unknown): NetStatus {
  const errno = errnoOf(error);
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(errno);
  return isTls ? NetStatus.TLS : (NET[errno] ?? NetStatus.FAILED);
}

function textOf(error: unknown): string {
  // Where several addresses failed, the first says it.
  if (error instanceof AggregateError) return textOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
