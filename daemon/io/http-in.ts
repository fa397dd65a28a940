/**
 * Plain requests to the io-daemon, for the page that holds the ticket: looked at from the outside in, by host and origin, path, method,
 * ticket, and only then by whoever answers them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FileStatus } from '../wire/frames.ts';
import { errnoOf, FileProblem, problemOf } from './errno.ts';
import { BODY_PACE_TIME, LIMITS, STREAM_STALL } from './limits.ts';
import { Refusal, refusalOf, refuse } from './requests/answers.ts';
import type { Patience, Readable, Route } from './requests/call.ts';
import { headerOf } from './requests/headers.ts';
import { find } from './requests/routes.ts';
import type { Services } from './services.ts';
import { wordOf } from './tally.ts';

/** What a page has to be. */
export interface Doorkeeper {
  /** The status to refuse with; empty where host and origin are right. */
  readonly refusal: (request: IncomingMessage) => string;
  readonly holdsTicket: (ticket: string, request: IncomingMessage) => boolean;
}

/** Seconds for which a browser need not ask again whether it may ask. */
const MAX_AGE = '600';

export class HttpIn {
  readonly #door: Doorkeeper;
  readonly #services: Services;
  readonly #connection: () => Readable | null;
  readonly #patience: Patience;
  #running = 0;

  constructor(
    door: Doorkeeper,
    services: Services,
    connection: () => Readable | null,
    patience: Patience = { stall: STREAM_STALL, pace: BODY_PACE_TIME },
  ) {
    this.#door = door;
    this.#services = services;
    this.#connection = connection;
    this.#patience = patience;
  }

  get isBusy(): boolean {
    return this.#running > 0;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#running++;
    endWithSocket(request, response);
    let isKnown = false;
    try {
      await this.#answer(request, response, () => (isKnown = true));
    } catch (error) {
      this.#tell(error, request, response);
      // Half an answer ends short of its length, so that it is not taken for the whole.
      if (response.headersSent) response.destroy();
      else refuse(request, response, error instanceof Refusal ? error : refusalOf(new FileProblem(problemOf(error))), isKnown);
    } finally {
      this.#running--;
    }
  }

  /** Refusals are counted; what files or we ourselves did wrong is logged. */
  #tell(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    const { tally, log } = this.#services;
    if (error instanceof Refusal) return tally.count('request', error.message);
    // Who asked has gone, or was cut off.
    if (response.destroyed || (request.destroyed && !request.complete)) return;
    const what = find(request.url ?? '')
      ?.route.path.replaceAll('/', ' ')
      .trim();
    const isOfFiles = error instanceof FileProblem || /^E[A-Z\d]+$/.test(errnoOf(error));
    if (isOfFiles) log.warn({ what, why: wordOf(FileStatus, problemOf(error)) }, 'a file cannot be used');
    else log.error({ what, err: error }, 'a request failed');
  }

  /** `admitted` is called once it is known to be of the page. */
  async #answer(request: IncomingMessage, response: ServerResponse, admitted: () => void): Promise<void> {
    const stranger = this.#door.refusal(request);
    if (stranger !== '') throw new Refusal(Number.parseInt(stranger), 'origin');
    const origin = request.headers.origin ?? '';
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    const found = find(request.url ?? '');
    if (found === null) throw new Refusal(404, 'route');
    const { route, tail } = found;
    const isPreflight = request.method === 'OPTIONS';
    if (!isPreflight && !route.methods.some(method => method === request.method)) {
      throw new Refusal(405, 'method', { allow: [...route.methods, 'OPTIONS'].join(', ') });
    }
    if (hasBody(request) && (isPreflight || !route.takesBody)) throw new Refusal(400, 'body');
    if (isPreflight) return allow(response, route);
    const secret = /^Bearer ([\w-]{1,100})$/.exec(headerOf(request, 'authorization') ?? '')?.[1] ?? '';
    const grant = route.isGranted ? (this.#connection()?.streams.grants.find(origin, secret, tail) ?? null) : null;
    const isAdmitted = () => grant !== null || this.#door.holdsTicket(secret, request);
    if (!isAdmitted()) throw new Refusal(401, 'ticket', { 'www-authenticate': 'Bearer' });
    admitted();
    grant?.began(response);
    if (this.#running > LIMITS.requests) throw new Refusal(503, 'limit');
    const [services, patience, connection] = [this.#services, this.#patience, this.#connection];
    await route.run({ request, response, tail, services, patience, connection, isAdmitted });
  }
}

/** An answer that waits behind another on its connection has no socket yet, and would not hear of its end. */
function endWithSocket({ socket }: IncomingMessage, response: ServerResponse): void {
  const end = () => {
    if (response.socket !== null) return;
    response.destroy();
    response.emit('close');
  };
  // Each that waits listens.
  socket.setMaxListeners(0);
  socket.once('close', end);
  response.once('close', () => socket.off('close', end));
}

/** A POST without a body says so with a length of zero; of a question even that is too much. */
function hasBody({ headers, method }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && (method !== 'POST' || length !== '0');
}

function allow(response: ServerResponse, { methods, headers }: Route): void {
  response.writeHead(204, {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': ['authorization', ...headers].join(', '),
    'access-control-max-age': MAX_AGE,
  });
  response.end();
}
