/**
 * `/local/`: what other programs of the same person ask of the host that runs. They hold the secret of the lock file, which is
 * theirs alone to read; no page gets here, with a secret or without.
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { EngineError, MAX_TORRENT_BYTES } from '../../../sw/engine/index.ts';
import { HandoffKind } from '../../wire/control.ts';
import type { Handoffs, ToOpen } from './handoffs.ts';
import { lengthLimit } from './length-limit.ts';
import { isSame, type PairedApp } from '../pairing/tokens.ts';

/** The header that carries the secret of the lock file. */
export const LOCAL_SECRET_HEADER = 'x-starling-local';

const KINDS: ReadonlyMap<string, HandoffKind> = new Map([
  ['text/plain', HandoffKind.MAGNET],
  ['application/x-bittorrent', HandoffKind.TORRENT],
]);

/** Bytes; that of an app is shorter. */
const MAX_ID = 100;

export interface LocalDoorOptions {
  readonly secret: string;
  readonly handoffs: Handoffs;
  readonly apps: { readonly list: readonly PairedApp[] };
  /** An app is paired no more; false where there is none with that id. Rejects where that could not be written. */
  readonly unpair: (id: string) => Promise<boolean>;
  /** The address of the app. */
  readonly origin: () => string;
  /** Makes a new pairing link; gives the name of the file that leads a browser there. `isOpening`: one is about to be opened. */
  readonly newLink: (isOpening: boolean) => Promise<string>;
  /** Ends the host, once whoever asked for it has the answer, or has gone. */
  readonly shutdown: () => void;
  readonly refused: (why: string) => void;
  readonly status: () => Promise<object>;
}

export function localDoor(options: LocalDoorOptions): Hono<{ Bindings: HttpBindings }> {
  const { handoffs, newLink } = options;
  const local = new Hono<{ Bindings: HttpBindings }>();

  local.post('*', async (c, next) => {
    if (c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined) {
      options.refused('a page at the door for programs');
      return c.json({ message: 'No page may ask this.' }, 403);
    }
    if (!isSame(c.req.header(LOCAL_SECRET_HEADER) ?? '', options.secret)) {
      options.refused('not the secret of this home');
      return c.json({ message: 'Not allowed.' }, 401);
    }
    return next();
  });

  local.post('/link', async c => c.json({ file: await newLink(c.req.query('screen') === '1') }));

  /** What a browser is to open: the app where it is paired, else a link that pairs it. */
  const placeOf = async (open: ToOpen, hasScreen: boolean): Promise<string | null> =>
    open === 'link' ? newLink(hasScreen) : open === 'app' ? `${options.origin()}/` : null;

  const limit = lengthLimit(MAX_TORRENT_BYTES, 'This is larger than any torrent file. Nothing was added.');

  local.post('/add', limit, async c => {
    const kind = KINDS.get(c.req.header('content-type') ?? '');
    if (kind === undefined) return c.json({ message: 'A magnet link or a torrent file is expected.' }, 415);
    try {
      const manner = { start: c.req.query('start') === '1', root: '', hasScreen: c.req.query('screen') === '1' };
      const outcome = await handoffs.offer(kind, new Uint8Array(await c.req.arrayBuffer()), manner);
      return c.json({ ...outcome, open: await placeOf(outcome.open, manner.hasScreen) });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return c.json({ message: error.message }, error.code === 'full' ? 503 : 422);
    }
  });

  local.post('/status', async c => c.json(await options.status()));

  local.post('/pairs', c => c.json({ apps: options.apps.list }));

  local.post('/unpair', lengthLimit(MAX_ID, 'This is no ID.'), async c => {
    const id = await c.req.text();
    const isDone = await options.unpair(id).catch(() => null);
    return c.json({}, isDone === null ? 503 : isDone ? 200 : 404);
  });

  local.post('/stop', c => {
    c.env.outgoing.once('close', options.shutdown);
    return c.json({}, 202, { Connection: 'close' });
  });

  return local;
}
