/** The host's HTTP side: the app itself, what it asks beside /control, and what other programs of the same person ask. */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Asset } from './assets.ts';
import { lengthLimit } from './length-limit.ts';
import { METRICS_TYPE, type Metrics } from './metrics.ts';
import { pairRoutes, type PairRoutesOptions } from '../pairing/pair-routes.ts';
import { type Admitted, originOf, type Refusal, refuse } from './request-guard.ts';
import type { Tokens } from '../pairing/tokens.ts';

const MAX_BODY = 1024;
const MAX_CONNECTIONS = 256;
/** How long the answer to a refused upgrade may take to be sent. */
const REFUSED_MS = 1000;

/** The header that names the browser that a token was given to. */
export const INSTALL_HEADER = 'x-starling-install';

/** The one Trusted Types policy that the app may make, for the addresses of its workers. */
const TRUSTED_TYPES_POLICY = 'starling';

const policy = (connect: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    // Subtitles are put into WebVTT in the page.
    "media-src 'self' blob:",
    `connect-src 'self' ${connect}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES_POLICY}`,
  ].join('; ');

/** The io-daemon on its port, and WebSocket trackers. */
const PAGE_REACHES = 'http://127.0.0.1:* ws://127.0.0.1:* wss:';
/** The worker fetches from web seeds as well, wherever they are. */
const WORKER_REACHES = 'http: https: ws://127.0.0.1:* wss:';
const WORKER = '/sw.js';
/** So does a page where there is no worker; the io-daemon is none of its business. */
const QUICK_REACHES = 'http: https: wss:';
const QUICK_PAGE = '/quick.html';
const REACHES: Readonly<Record<string, string>> = { [WORKER]: WORKER_REACHES, [QUICK_PAGE]: QUICK_REACHES };

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy(PAGE_REACHES),
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

export interface HttpOptions extends Omit<PairRoutesOptions, 'isPaired'> {
  readonly assets: ReadonlyMap<string, Asset>;
  /** What other programs of the same person ask. */
  readonly local: Hono<{ Bindings: HttpBindings }>;
  readonly metrics: Metrics;
  readonly tokens: Tokens;
  /** A paired app has asked for the end of the host, and has its answer, or has gone. */
  readonly shutdown: () => void;
  /** Takes over a socket whose request passed the guard and asks for /control. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

function routes(options: HttpOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const limit = lengthLimit(MAX_BODY, 'The request is too large.');

  pairRoutes(app, { ...options, isPaired: origin => options.tokens.knows(origin) });

  app.route('/local', options.local);

  app.get('/metrics', async c => {
    if (c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined) {
      options.refused('a page that asks for figures');
      return c.text('No page may ask this.', 403);
    }
    if (!options.metrics.admits(c.req.header('authorization') ?? '')) {
      options.refused('not the token for figures');
      return c.text('The token of this home is expected.', 401, { 'WWW-Authenticate': 'Bearer' });
    }
    return c.body(await options.metrics.text(), 200, { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' });
  });

  app.post('/control/shutdown', limit, c => {
    const [, token = ''] = /^Bearer ([\w-]{1,100})$/.exec(c.req.header('authorization') ?? '') ?? [];
    const installId = c.req.header(INSTALL_HEADER) ?? '';
    if (options.tokens.find({ token, origin: originOf(options.port()), installId }) === null) {
      options.refused('the end was asked for by who is not paired');
      return c.json({ message: 'Not allowed.' }, 401);
    }
    c.env.outgoing.once('close', options.shutdown);
    return c.json({}, 202, { Connection: 'close' });
  });

  app.get('*', c => {
    const asset = options.assets.get(c.req.path);
    if (asset === undefined) return c.text('There is nothing here.', 404);
    const reaches = REACHES[c.req.path];
    const headers = {
      'Content-Type': asset.type,
      'Cache-Control': asset.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ETag: asset.etag,
      ...(reaches === undefined ? {} : { 'Content-Security-Policy': policy(reaches) }),
    };
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304, headers);
    return c.body(asset.body, 200, headers);
  });
  app.notFound(c => c.text('There is nothing here.', 404));
  app.onError((_error, c) => c.json({ message: 'The request failed.' }, 500));
  return app;
}

/** A server that isn't listening yet. */
export function makeServer(options: HttpOptions): Server {
  const app = routes(options);
  const admitted = (): Admitted => ({
    own: originOf(options.port()),
    isPaired: origin => options.tokens.knows(origin),
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    {
      requestTimeout: 15_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: 10_000,
      maxHeaderSize: 16 << 10,
    },
    (request, response) => {
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      const refusal = refuse(request, admitted(), false);
      if (refusal === null) {
        void listener(request, response);
        return;
      }
      options.refused(refusal.text);
      response.writeHead(refusal.status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
      response.end(`${refusal.text}\n`);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The other end may go away at any moment; that is no fault of the host.
    socket.on('error', () => socket.destroy());
    const refusal = refuse(request, admitted(), true);
    if (refusal !== null) {
      options.refused(refusal.text);
      refuseUpgrade(socket, refusal);
    } else if (request.url !== '/control') refuseUpgrade(socket, { status: 404, text: 'There is nothing here.' });
    else options.upgrade(request, socket, head);
  });
  return server;
}

/** Answers, and closes the socket whether or not the other end closes its half. */
export function refuseUpgrade(socket: Duplex, { status, text }: Refusal | { status: 404 | 503; text: string }): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`;
  const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
  socket.once('close', () => clearTimeout(timer));
  // What it still has to say is read: to close on unread bytes would take the answer from it.
  socket.resume();
  socket.end(`${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`, () => socket.destroy());
}
