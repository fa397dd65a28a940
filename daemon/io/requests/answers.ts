/** How requests are answered and refused. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FileStatus } from '../../wire/frames.ts';
import { FileProblem } from '../errno.ts';
import { LIMITS, REFUSED_LINGER } from '../limits.ts';

/** Ends a request with a status; `reason` is one word for programs. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${reason}`);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

const OF_FILES: Readonly<Record<Exclude<FileStatus, typeof FileStatus.OK>, readonly [status: number, reason: string]>> = {
  [FileStatus.FULL]: [507, 'full'],
  [FileStatus.READ_ONLY]: [403, 'read-only'],
  [FileStatus.DENIED]: [403, 'denied'],
  [FileStatus.GONE]: [404, 'gone'],
  [FileStatus.BUSY]: [409, 'busy'],
  [FileStatus.UNSAFE]: [403, 'unsafe'],
  [FileStatus.CONFLICT]: [409, 'conflict'],
  [FileStatus.NO_SUCH_ROOT]: [403, 'no-such-root'],
  [FileStatus.IO]: [500, 'io'],
  [FileStatus.LIMIT]: [503, 'limit'],
  [FileStatus.BUSY_HANDLES]: [503, 'busy-handles'],
  [FileStatus.TOO_LARGE]: [413, 'too-large'],
  [FileStatus.QUOTA]: [507, 'quota'],
};

/** @throws {FileProblem} */
export function must(status: FileStatus): void {
  if (status !== FileStatus.OK) throw new FileProblem(status);
}

export function refusalOf(problem: FileProblem): Refusal {
  const [status, reason] = problem.status === FileStatus.OK ? [500, 'io'] : OF_FILES[problem.status];
  return new Refusal(status, reason);
}

/** What every answer says: it is never a document of anybody's, and nobody keeps it. */
export const PLAIN = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'no-store',
};

/** The head of an answer with the bytes of a file. */
export const BYTES = {
  ...PLAIN,
  'content-type': 'application/octet-stream',
  'accept-ranges': 'bytes',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range',
};

export function reply(response: ServerResponse, value: object): void {
  if (response.destroyed) return;
  const body = JSON.stringify(value);
  response.writeHead(200, { ...PLAIN, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The connection ends with it. `isHeardOut`: who is still sending may go on for a moment, to hear it. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, reason, headers }: Refusal,
  isHeardOut: boolean,
): void {
  if (response.destroyed) return;
  const body = request.method === 'HEAD' ? '' : JSON.stringify({ error: reason });
  response.writeHead(status, {
    ...PLAIN,
    ...headers,
    connection: 'close',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  if (!isHeardOut || request.complete || request.destroyed) {
    response.end(body);
    return;
  }
  // To close on unread bytes would take the answer from them.
  response.flushHeaders();
  if (body !== '') response.write(body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, REFUSED_LINGER);
  request.once('end', end);
  request.once('close', end);
  request.on('error', end);
  let left = LIMITS.writeBody;
  request.on('data', (part: Buffer) => {
    left -= part.length;
    if (left < 0) end();
  });
  request.resume();
}
