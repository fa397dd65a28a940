/** Requests to a real io-daemon, as the page that holds the ticket sends them. */
import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { until } from '../peers/wait.ts';
import { type IoProcess, ORIGIN } from './io-process.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export interface Question {
  readonly method?: string;
  readonly path: string;
  /** Undefined: left out, where it would be sent otherwise. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Uint8Array;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Headers that name a path, and others. */
export function at(path: string, headers: Readonly<Record<string, string | number>> = {}): Record<string, string> {
  const named = { 'x-path-base64': base64(path), ...headers };
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, String(value)]));
}

/** Headers of a write of these bytes. */
export function writing(path: string, bytes: Uint8Array, offset: number, size: number): Record<string, string> {
  const digest = createHash('sha1').update(bytes).digest('hex');
  return at(path, { 'x-offset': offset, 'x-file-size': size, 'x-expected-sha1': digest });
}

/** A request whose body is sent by hand. */
export class Raw {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(port: number, method: string, path: string, headers: Readonly<Record<string, string>>) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.socket.on('data', bytes => (this.received += bytes.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.on('end', () => (this.isClosed = true));
    const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(this.received)?.[1] ?? 0);
  }

  async end(): Promise<void> {
    this.socket.destroy();
    await until('the end of the socket', () => this.socket.destroyed);
  }
}

export class Asker {
  readonly #io: IoProcess;
  readonly ticket: string;

  constructor(io: IoProcess, ticket: string) {
    this.#io = io;
    this.ticket = ticket;
  }

  ask({ method = 'GET', path, headers = {}, body }: Question): Promise<Answer> {
    const all = { origin: ORIGIN, authorization: `Bearer ${this.ticket}`, ...headers };
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
    if (method === 'POST' && !('content-length' in headers)) given['content-length'] = String(body?.length ?? 0);
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.#io.port, path, method, headers: given, agent: false }, answer => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(parts) }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  get(path: string, headers: Question['headers'] = {}): Promise<Answer> {
    return this.ask({ path, headers });
  }

  post(path: string, headers: Question['headers'] = {}, body?: Uint8Array): Promise<Answer> {
    return this.ask({ method: 'POST', path, headers, ...(body === undefined ? {} : { body }) });
  }
}

export function jsonOf(answer: Answer): unknown {
  return JSON.parse(answer.bytes.toString());
}
