/** Asks the host that runs on a home, as a program of the same person: by its lock file's port and secret. */
import { request } from 'node:http';
import type { Holder } from '../host/process/lock-file.ts';

/** Bytes of an answer. */
const MAX_ANSWER = 16 << 20;
const LOOPBACK = '127.0.0.1';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The host is there and says nothing that can be understood, or is gone. */
export class NoAnswer extends Error {}

export interface Question {
  readonly path: `/local/${string}`;
  readonly type?: string;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
}

/** @throws {NoAnswer} */
export function ask(host: Holder, { path, type, body = new Uint8Array(), timeoutMs }: Question): Promise<Answer> {
  // Port 0 stands for 80 in a request, where another may listen; the secret is for the host alone.
  if (host.port === 0) return Promise.reject(new NoAnswer('it is starting'));
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new NoAnswer(why));
    const asked = request({
      host: LOOPBACK,
      port: host.port,
      path,
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'x-starling-local': host.secret,
        'content-length': body.length,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
    });
    asked.on('error', error => failed(error.message));
    asked.on('response', response => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > MAX_ANSWER) asked.destroy(new Error('its answer is too long'));
        else parts.push(part);
      });
      response.on('error', error => failed(error.message));
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) as unknown });
        } catch {
          failed('its answer cannot be read');
        }
      });
    });
    asked.end(body);
  });
}
