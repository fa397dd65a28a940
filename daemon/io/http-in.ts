/**
 * Plain requests to the io-daemon, for the page that holds the ticket: looked at from the outside in, by host and origin, path, method,
 * ticket, and only then by whoever answers them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FileProblem, problemOf } from './errno.ts';
import { BODY_PACE_TIME, LIMITS, READ_STALL } from './limits.ts';
import { Refusal, refusalOf, refuse } from './requests/answers.ts';
import type { Patience, Readable, Route } from './requests/call.ts';
import { headerOf } from './requests/headers.ts';
import { find } from './requests/routes.ts';
import type { Services } from './services.ts';

/** What a page has to be. */
export interface Doorkeeper {
  /** The status to refuse with; empty where host and origin are right. */
  readonly refusal: (request: IncomingMessage) => string;
  readonly holdsTicket: (ticket: string) => boolean;
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
    patience: Patience = { stall: READ_STALL, pace: BODY_PACE_TIME },
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
    try {
      await this.#answer(request, response);
    } catch (error) {
      // Half an answer ends short of its length, so that it is not taken for the whole.
      if (response.headersSent) response.destroy();
      else refuse(request, response, error instanceof Refusal ? error : refusalOf(new FileProblem(problemOf(error))));
    } finally {
      this.#running--;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stranger = this.#door.refusal(request);
    if (stranger !== '') throw new Refusal(Number.parseInt(stranger), 'origin');
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '');
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
    const ticket = /^Bearer ([\w-]{1,100})$/.exec(headerOf(request, 'authorization') ?? '')?.[1];
    const isAdmitted = () => ticket !== undefined && this.#door.holdsTicket(ticket);
    if (!isAdmitted()) throw new Refusal(401, 'ticket', { 'www-authenticate': 'Bearer' });
    if (this.#running > LIMITS.requests) throw new Refusal(503, 'limit');
    const [services, patience, connection] = [this.#services, this.#patience, this.#connection];
    await route.run({ request, response, tail, services, patience, connection, isAdmitted });
  }
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
