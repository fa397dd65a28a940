/** The host's HTTP side: the app itself, and the few questions that a page may ask before it has a token. */
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import type { Asset } from './assets.ts';
import { METRICS_TYPE, type Metrics } from './metrics.ts';
import type { Pairing } from './pairing.ts';
import { originOf, type Refusal, refuse } from './request-guard.ts';
import { VERSION } from './version.ts';

const MAX_BODY = 1024;
const MAX_CONNECTIONS = 256;
/** How long the answer to a refused upgrade may take to be sent. */
const REFUSED_MS = 1000;

/** The header that names the browser that a token was given to. */
export const INSTALL_HEADER = 'x-starling-install';

/** The one Trusted Types policy that the app may make, for the addresses of its workers. */
const TRUSTED_TYPES_POLICY = 'starling';

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    // The io-daemon on its port, and WebSocket trackers.
    "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* wss:",
    "manifest-src 'self'",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES_POLICY}`,
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

const pairRequest = v.object({
  secret: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  installId: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{8,64}$/)),
});

const OVER = 'This pairing link was used or is older than two minutes. Run `npm start` again to get a new one.';
const UNKNOWN = 'This pairing link is not one of this Starling. Run `npm start` again to get a new one.';

export interface HttpOptions {
  readonly assets: ReadonlyMap<string, Asset>;
  readonly pairing: Pairing;
  /** The port, once it is known. */
  readonly port: () => number;
  /** What other programs of the same person ask. */
  readonly local: Hono<{ Bindings: HttpBindings }>;
  readonly metrics: Metrics;
  /** The link with this secret was traded for a token. */
  readonly paired: (secret: string) => void;
  /** Somebody was turned away, for this reason. */
  readonly refused: (why: string) => void;
  readonly isPaired: (token: string, installId: string) => boolean;
  /** A paired app has asked for the end of the host, and has its answer, or has gone. */
  readonly shutdown: () => void;
  /** Takes over a socket whose request passed the guard and asks for /control. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

function routes(options: HttpOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const limit = bodyLimit({ maxSize: MAX_BODY, onError: c => c.json({ message: 'The request is too large.' }, 413) });

  app.get('/health', c => c.json({ name: 'starling', version: VERSION }, 200, { 'Cache-Control': 'no-store' }));

  app.post('/pair', limit, async c => {
    if (c.req.header('content-type')?.split(';')[0] !== 'application/json') return c.json({ message: 'JSON is expected.' }, 415);
    const body = v.safeParse(pairRequest, await c.req.json<unknown>().catch(() => null));
    if (!body.success) return c.json({ message: 'A secret and an install id are expected.' }, 400);
    const result = await options.pairing.redeem(body.output.secret, originOf(options.port()), body.output.installId);
    switch (result.outcome) {
      case 'paired':
        options.paired(body.output.secret);
        return c.json({ token: result.token }, 200, { 'Cache-Control': 'no-store' });
      case 'over':
        options.refused('a pairing link that was used or is too old');
        return c.json({ message: OVER }, 410);
      case 'unknown':
        options.refused('a pairing link of another Starling');
        return c.json({ message: UNKNOWN }, 401);
      case 'locked':
        options.refused('too many wrong pairing links');
        return c.json({ message: UNKNOWN }, 429, { 'Retry-After': String(Math.ceil(result.retryMs / 1000)) });
    }
  });

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
    if (!options.isPaired(token, c.req.header(INSTALL_HEADER) ?? '')) {
      options.refused('the end was asked for by who is not paired');
      return c.json({ message: 'Not allowed.' }, 401);
    }
    c.env.outgoing.once('close', options.shutdown);
    return c.json({}, 202, { Connection: 'close' });
  });

  app.get('*', c => {
    const asset = options.assets.get(c.req.path);
    if (asset === undefined) return c.text('There is nothing here.', 404);
    const headers = {
      'Content-Type': asset.type,
      'Cache-Control': asset.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ETag: asset.etag,
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
      const refusal = refuse(request, originOf(options.port()), false);
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
    const refusal = refuse(request, originOf(options.port()), true);
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
