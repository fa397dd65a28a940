/** How this process asks over HTTP: GET alone, TLS verified, every hop of a redirect past the guard, addresses pinned. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type IpFamily, NetStatus } from '../wire/frames.ts';
import { errnoOf } from './errno.ts';
import type { Address, Guard } from './guard.ts';
import { CONNECT_TIMEOUT, DIALLED, HTTP_IDLE, HTTP_PER_ORIGIN, HTTP_REQUESTS, REDIRECTS } from './limits.ts';

/** A redirect elsewhere does not take these along. */
const SECRET = new Set(['authorization']);
const MAX_URL = 8 * 1024;
const MAX_HEADERS = 32 * 1024;

export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly net: NetStatus;

  constructor(net: NetStatus, detail: string) {
    super(detail);
    this.net = net;
  }
}

type Headers = Readonly<Record<string, string>>;

export interface Wish {
  readonly address: string;
  /** Over these addresses alone, on every hop; 0: over either. */
  readonly family: IpFamily | 0;
  readonly headers: Headers;
  /** Over one of the few connections to that origin that are kept, when it is free. */
  readonly keep: boolean;
}

export class HttpClient {
  readonly #guard: Guard;
  readonly #http = new HttpAgent(KEEPING);
  readonly #https = new HttpsAgent(KEEPING);

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /**
   * The answer that redirects lead to, its body unread. Aborting `signal` ends the request and its connection. Throws an {@link HttpProblem} or the system's error.
   */
  async open({ address, family, headers, keep }: Wish, signal: AbortSignal): Promise<IncomingMessage> {
    let url = parse(address);
    let sent = headers;
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const response = await this.#ask(url, { family, headers: sent, keep }, signal);
      const { statusCode = 0 } = response;
      const { location } = response.headers;
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return response;
      response.destroy();
      const next = parse(location, url);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new HttpProblem(NetStatus.REFUSED_BY_GUARD, 'a redirect from https to http');
      }
      if (next.origin !== url.origin) sent = withoutSecrets(sent);
      url = next;
    }
    throw new HttpProblem(NetStatus.FAILED, 'too many redirects');
  }

  /** Closes the connections that are kept. */
  end(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #ask(url: URL, { family, headers, keep }: Omit<Wish, 'address'>, signal: AbortSignal): Promise<IncomingMessage> {
    const isTls = url.protocol === 'https:';
    const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
    const resolved = await this.#guard.resolve(url.hostname, port, 'http');
    signal.throwIfAborted();
    if (resolved.status !== NetStatus.OK) throw new HttpProblem(resolved.status, resolved.detail);
    const addresses = resolved.addresses.filter(address => family === 0 || address.family === family);
    if (addresses.length === 0) throw new HttpProblem(NetStatus.NAME_NOT_FOUND, `no IPv${family} address`);
    // The request hands on to its socket what is said of families.
    const options = {
      agent: keep && (isTls ? this.#https : this.#http),
      signal,
      lookup: pinned(addresses.slice(0, DIALLED)),
      ...this.#guard.from.local,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: CONNECT_TIMEOUT / DIALLED,
      headers: { 'user-agent': 'Starling', accept: '*/*', ...headers, 'accept-encoding': 'identity' },
      maxHeaderSize: MAX_HEADERS,
    };
    const send = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const request = (isTls ? httpsRequest : httpRequest)(url, options);
        request.on('response', resolve);
        request.on('error', error => reject(request.reusedSocket && !signal.aborted ? new Stale(error) : error));
        request.end();
      });
    try {
      return await send();
    } catch (error) {
      // The server may have closed a kept connection just as it was used again.
      if (error instanceof Stale)
        return send().catch((again: unknown) => Promise.reject(again instanceof Stale ? again.cause : again));
      throw error;
    }
  }
}

const KEEPING = {
  keepAlive: true,
  maxSockets: HTTP_PER_ORIGIN,
  maxFreeSockets: HTTP_PER_ORIGIN,
  maxTotalSockets: HTTP_REQUESTS,
  scheduling: 'lifo',
  timeout: HTTP_IDLE,
} as const;

/** It failed on a connection that was used before. */
class Stale extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
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

function withoutSecrets(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.has(name.toLowerCase())));
}

const NET: Readonly<Record<string, NetStatus>> = {
  ECONNREFUSED: NetStatus.REFUSED,
  ENETUNREACH: NetStatus.UNREACHABLE,
  EHOSTUNREACH: NetStatus.UNREACHABLE,
  ETIMEDOUT: NetStatus.TIMEOUT,
};

/** What any thrown value says of a request. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const errno = errnoOf(error);
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(errno);
  return new HttpProblem(isTls ? NetStatus.TLS : (NET[errno] ?? NetStatus.FAILED), textOf(error));
}

function textOf(error: unknown): string {
  // Where several addresses failed, the first says it.
  if (error instanceof AggregateError) return textOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
