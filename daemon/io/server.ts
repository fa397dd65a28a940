/**
 * The door: a WebSocket at /io on 127.0.0.1, for the one page and the one ticket that were admitted last, and plain requests
 * of who shows that ticket. Nobody else gets as far as a WebSocket; who does has 5 s and 4 KiB to show the ticket.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { WireError } from '../wire/bytes.ts';
import { decodeFrame, encode } from '../wire/codec.ts';
import { ErrorCode, type Frame, type FrameOf, MAX_FRAME, Op, PRE_AUTH_FRAME } from '../wire/frames.ts';
import type { ClientSockets } from './client-sockets.ts';
import { Client } from './client.ts';
import { errnoOf } from './errno.ts';
import { HttpIn } from './http-in.ts';
import { AUTH_DEADLINE, CONNECTIONS, OUT_QUEUE } from './limits.ts';
import { STREAM } from './requests/routes.ts';
import { type Services, settled } from './services.ts';

export interface Admission {
  /** SHA-256 of the ticket. */
  readonly ticketHash: Buffer;
  readonly origin: string;
}

const SUPERSEDED: Frame = { op: Op.ERROR, id: 0, code: ErrorCode.SUPERSEDED, text: 'another connection has taken over' };
/** A WebSocket's own framing around the first message. */
const FRAMING = 64;
/** The rest of a head that nothing follows. */
const LAST = 'Connection: close\r\nContent-Length: 0\r\n\r\n';
/** A client that was told to go has so long to do it, ms. */
const GRACE = 1_000;

export class IoServer {
  readonly #services: Services;
  readonly #http = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 5_000,
    // Bodies have a pace of their own.
    requestTimeout: 0,
    // How often that is looked at.
    connectionsCheckingInterval: 1_000,
  });
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #requests: HttpIn;
  #admission: Admission | null = null;
  #port = 0;
  #current: { readonly leave: (last: Frame | null) => void; readonly client: Client | null } | null = null;

  constructor(services: Services) {
    this.#services = services;
    this.#http.maxConnections = CONNECTIONS;
    const door = {
      refusal: (request: IncomingMessage) => this.#stranger(request, this.#mayRead(request)),
      holdsTicket: (it: string, request: IncomingMessage) => this.#isTicket(it) && this.#isOurs(request),
    };
    this.#requests = new HttpIn(door, services, () => this.#current?.client ?? null);
    this.#http.on('request', (request, response) => void this.#requests.answer(request, response));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
    this.#http.on('clientError', (error, socket) => {
      // What has had an answer already is in the midst of another, which no more may be put into.
      const isFresh = socket instanceof Socket && socket.bytesWritten === 0;
      if (socket.writable && isFresh) socket.end(`HTTP/1.1 ${blameFor(error)}\r\n${LAST}`, () => socket.destroy());
      else socket.destroy();
    });
  }

  get isInUse(): boolean {
    return this.#current !== null || this.#requests.isBusy || this.#services.files.isBusy;
  }

  /** Those of the client that is connected. */
  get sockets(): ClientSockets | null {
    return this.#current?.client?.sockets ?? null;
  }

  /** Listens on a free port and tells which. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(0, '127.0.0.1', () => {
        const address = this.#http.address();
        this.#port = typeof address === 'object' && address !== null ? address.port : 0;
        this.#services.guard.own(this.#port);
        resolve(this.#port);
      });
    });
  }

  /** The one ticket taken from now on. Who is connected stays until another has shown it. */
  admit(admission: Admission): void {
    this.#admission = admission;
  }

  /** No ticket is taken, and who is connected goes, with all that runs for it. */
  dismiss(): void {
    this.#admission = null;
    this.#current?.leave(null);
  }

  close(): void {
    this.#current?.leave(null);
    this.#http.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = this.#refusal(request);
    if (refusal !== '') {
      this.#services.tally.count('door', refusal);
      // The other side may keep its half open for ever.
      socket.end(`HTTP/1.1 ${refusal}\r\n${LAST}`, () => socket.destroy());
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, ws => this.#authenticate(ws, request));
  }

  /** The status to refuse with; empty for a request that may become a WebSocket. */
  #refusal(request: IncomingMessage): string {
    const { url, method } = request;
    return this.#stranger(request) || (method === 'GET' && url === '/io' ? '' : '404 Not Found');
  }

  /** The status to refuse with whoever is not the page that was admitted, nor one that may read; else empty. */
  #stranger({ rawHeaders, headers }: IncomingMessage, mayRead = false): string {
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
    if (hosts !== 1 || headers.host !== `127.0.0.1:${this.#port}`) return '403 Forbidden';
    if (mayRead) return '';
    if (this.#admission === null || headers.origin !== this.#admission.origin) return '403 Forbidden';
    return '';
  }

  /** Whether it asks for a file, from an origin that was let read some; which, its secret says. */
  #mayRead({ url = '', headers }: IncomingMessage): boolean {
    const grants = this.#current?.client?.streams.grants;
    return url.startsWith(STREAM) && headers.origin !== undefined && grants?.knows(headers.origin) === true;
  }

  #isOurs({ headers }: IncomingMessage): boolean {
    return headers.origin === this.#admission?.origin;
  }

  #authenticate(ws: WebSocket, { socket }: IncomingMessage): void {
    const before = socket.bytesRead;
    const { tally } = this.#services;
    const deadline = setTimeout(() => {
      tally.count('door', 'no AUTH in time');
      ws.terminate();
    }, AUTH_DEADLINE);
    const measure = () => {
      if (socket.bytesRead - before > PRE_AUTH_FRAME + FRAMING) ws.terminate();
    };
    socket.on('data', measure);
    ws.on('error', () => ws.terminate());
    ws.on('close', () => clearTimeout(deadline));
    ws.once('message', (data: Buffer, isBinary) => {
      clearTimeout(deadline);
      socket.off('data', measure);
      const frame = isBinary && data.length <= PRE_AUTH_FRAME ? readAuth(data) : null;
      if (frame === null || !this.#admits(frame)) {
        tally.count('door', frame === null ? 'no AUTH' : 'not admitted');
        refuse(ws, frame);
      } else this.#welcome(ws, frame.id).catch(() => ws.terminate());
    });
  }

  #admits({ token, origin }: FrameOf<typeof Op.AUTH>): boolean {
    return this.#isTicket(token) && origin === this.#admission?.origin;
  }

  #isTicket(token: string): boolean {
    const hash = createHash('sha256').update(token).digest();
    return this.#admission !== null && timingSafeEqual(hash, this.#admission.ticketHash);
  }

  /** The one before leaves, its running writes end, and only then is the new one answered. */
  async #welcome(ws: WebSocket, id: number): Promise<void> {
    const { landing, kept, counters, pool, log } = this.#services;
    ws.pause();
    if (this.#current !== null) log.info('another connection takes over');
    this.#current?.leave(SUPERSEDED);
    const send = (message: Uint8Array) => {
      counters.ioOut += message.length;
      ws.send(message);
      if (ws.bufferedAmount <= OUT_QUEUE) return;
      log.warn('the client does not read: its connection is closed');
      ws.terminate();
    };
    let client: Client | null = null;
    const me = {
      get client() {
        return client;
      },
      leave: (last: Frame | null) => {
        if (client !== null) client.end(last);
        else if (last !== null) send(encode(last));
        ws.resume();
        dismiss(ws);
      },
    };
    this.#current = me;
    ws.on('close', code => {
      log.info({ code }, 'the client has gone');
      client?.end(null);
      if (this.#current === me) this.#current = null;
    });
    await settled(this.#services);
    if (this.#current !== me) return;
    send(encode({ op: Op.AUTH_RESULT, id, ok: true, message: '', kept: kept.offer() }));
    log.info({ buffers: landing.count }, 'a client was let in');
    pool.warmUp();
    const admitted = new Client(
      this.#services,
      send,
      () => ws.bufferedAmount,
      () => dismiss(ws),
    );
    client = admitted;
    ws.on('message', (data: Buffer, isBinary) => {
      counters.ioIn += data.length;
      if (isBinary) admitted.receive(new Uint8Array(data.buffer, data.byteOffset, data.length));
      else ws.terminate();
    });
    ws.resume();
  }
}

/** What to answer to what is no request. */
function blameFor(error: Error): string {
  switch (errnoOf(error)) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return '408 Request Timeout';
    case 'HPE_HEADER_OVERFLOW':
      return '431 Request Header Fields Too Large';
    default:
      return '400 Bad Request';
  }
}

function readAuth(data: Buffer): FrameOf<typeof Op.AUTH> | null {
  try {
    const frame = decodeFrame(data);
    return frame.op === Op.AUTH ? frame : null;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** `frame` is the AUTH that was not taken; null where something else came first. */
function refuse(ws: WebSocket, frame: FrameOf<typeof Op.AUTH> | null): void {
  const text = 'AUTH comes first';
  ws.send(
    encode(
      frame === null
        ? { op: Op.ERROR, id: 0, code: ErrorCode.NOT_AUTHENTICATED, text }
        : { op: Op.AUTH_RESULT, id: frame.id, ok: false, message: 'not admitted', kept: [] },
    ),
  );
  dismiss(ws);
}

function dismiss(ws: WebSocket): void {
  const timer = setTimeout(() => ws.terminate(), GRACE);
  ws.once('close', () => clearTimeout(timer));
  ws.close(1008);
}
