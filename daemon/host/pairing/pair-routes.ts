/** How an app comes to be paired: what it asks before it has a token, and the page on which a person answers for it. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import type { ApprovalPage } from './approval/page.ts';
import { browserName } from './browser-name.ts';
import type { PairRequests } from './pair-requests.ts';
import type { Pairing } from './pairing.ts';
import { lengthLimit } from '../http/length-limit.ts';
import { OPEN_DOORS, originOf } from '../http/request-guard.ts';
import { UNNAMED } from './tokens.ts';
import { VERSION } from '../version.ts';

const MAX_BODY = 1024;
/** Seconds for which a browser need not ask again whether a page may ask. */
const PREFLIGHT_AGE = '600';

const NO_STORE = { 'Cache-Control': 'no-store' };
const OVER = 'This pairing link was used or is older than two minutes. Run `npm start` again to get a new one.';
const UNKNOWN = 'This pairing link is not one of this Starling. Run `npm start` again to get a new one.';
const UNWRITTEN = 'The list of paired apps cannot be written, so nothing was paired. Look at the disk of the home folder.';
const NOT_NOW = 'Another app asks to be paired, or somebody has just said no.';

const secret = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const pairRequest = v.object({
  /** Of a pairing link; a page that has none asks a person. */
  secret: v.optional(secret),
  installId: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{8,64}$/)),
});
const statusRequest = v.object({ id: secret, cancel: v.optional(v.boolean(), false) });
const approvalRequest = v.object({ secret, allow: v.optional(v.boolean()) });

export interface PairRoutesOptions {
  readonly pairing: Pairing;
  readonly requests: PairRequests;
  readonly approval: ApprovalPage;
  /** Whether an app of that origin is paired. */
  readonly isPaired: (origin: string) => boolean;
  /** The port, once it is known. */
  readonly port: () => number;
  /** The link with this secret was traded for a token. */
  readonly paired: (secret: string) => void;
  /** Somebody was turned away, for this reason. */
  readonly refused: (why: string) => void;
}

type App = Hono<{ Bindings: HttpBindings }>;
type Call = Context<{ Bindings: HttpBindings }>;

export function pairRoutes(app: App, options: PairRoutesOptions): void {
  const limit = lengthLimit(MAX_BODY, 'The request is too large.');

  for (const door of OPEN_DOORS) {
    app.use(door, async (c, next) => {
      await next();
      const origin = originIn(c);
      c.res.headers.set('Vary', 'Origin');
      // The guard has let through websites over https and our own page alone.
      if (origin !== '') c.res.headers.set('Access-Control-Allow-Origin', origin);
    });
    app.options(door, c => {
      const answer = {
        'Access-Control-Allow-Methods': door === '/health' ? 'GET' : 'POST',
        'Access-Control-Allow-Headers': 'content-type',
        'Access-Control-Max-Age': PREFLIGHT_AGE,
      };
      const isLocal = c.req.header('access-control-request-private-network') === 'true';
      return c.body(null, 204, isLocal ? { ...answer, 'Access-Control-Allow-Private-Network': 'true' } : answer);
    });
  }

  const unwritten = (c: Call): Response => {
    options.refused('a pairing that cannot be written');
    return c.json({ message: UNWRITTEN }, 503, NO_STORE);
  };

  app.get('/health', c => {
    const origin = originIn(c);
    // Of itself alone, and no more than it would learn by opening a WebSocket.
    const paired = origin === '' ? {} : { paired: options.isPaired(origin) };
    return c.json({ name: 'starling', version: VERSION, ...paired }, 200, NO_STORE);
  });

  app.post('/pair', limit, async c => {
    const body = await bodyOf(c, pairRequest);
    if (body instanceof Response) return body;
    const { installId } = body;
    const name = browserName(c.req.header('user-agent') ?? '') || UNNAMED;
    const origin = originIn(c);
    if (body.secret === undefined) {
      const asked = options.requests.ask({ origin, installId, name });
      if (asked.outcome === 'asked') return c.json({ id: asked.id, code: asked.code }, 202, NO_STORE);
      options.refused('an app that asks to be paired too soon');
      // A website is shown no header of an answer but a few.
      const seconds = Math.ceil(asked.retryMs / 1000);
      return c.json({ message: NOT_NOW, seconds }, 429, { 'Retry-After': String(seconds) });
    }
    if (origin !== originOf(options.port())) {
      options.refused('a pairing link from another origin');
      return c.json({ message: UNKNOWN }, 403);
    }
    const result = await options.pairing.redeem(body.secret, origin, installId, name).catch(() => null);
    if (result === null) return unwritten(c);
    switch (result.outcome) {
      case 'paired':
        options.paired(body.secret);
        return c.json({ token: result.token }, 200, NO_STORE);
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

  app.post('/status', limit, async c => {
    const body = await bodyOf(c, statusRequest);
    if (body instanceof Response) return body;
    if (body.cancel) options.requests.cancel(body.id, originIn(c));
    const status = await options.requests.status(body.id, originIn(c)).catch(() => null);
    return status === null ? unwritten(c) : c.json(status, 200, NO_STORE);
  });

  app.post('/approve', limit, async c => {
    const body = await bodyOf(c, approvalRequest);
    if (body instanceof Response) return body;
    const { approval } = options;
    const answer = body.allow === undefined ? approval.look(body.secret) : approval.answer(body.secret, body.allow) ? {} : null;
    return answer === null ? c.json({ message: 'This question is over.' }, 410) : c.json(answer, 200, NO_STORE);
  });
}

function originIn(c: Call): string {
  return c.req.header('origin') ?? '';
}

/** What was sent, checked; an answer where it is not that. A form of a foreign page can send no JSON without asking first. */
async function bodyOf<S extends v.GenericSchema>(c: Call, schema: S): Promise<v.InferOutput<S> | Response> {
  if (c.req.header('content-type')?.split(';')[0] !== 'application/json') return c.json({ message: 'JSON is expected.' }, 415);
  const body = v.safeParse(schema, await c.req.json<unknown>().catch(() => null));
  return body.success ? body.output : c.json({ message: 'This request is none that is known here.' }, 400);
}
