/** `GET` and `HEAD /read/{root}`: a part of any file below a root. */
import type { ServerResponse } from 'node:http';
import { ReadFile } from '../browse.ts';
import { type ByteRange, readRange } from '../../wire/byte-range.ts';
import { STREAM_CHUNK } from '../limits.ts';
import { BYTES, Refusal } from './answers.ts';
import { waitFor } from './body.ts';
import type { Call } from './call.ts';
import { type Head, headerOf, numberOf, pathOf } from './headers.ts';

export async function read({ request, response, tail, services, patience }: Call): Promise<void> {
  const path = pathOf(request);
  const asked = askedOf(request);
  const file = await ReadFile.open(await services.files.roots.directory(tail), path);
  try {
    const { range, status, headers } = asked(file.size);
    if (response.destroyed) return;
    response.writeHead(status, { ...BYTES, ...headers, 'content-length': range.to - range.from });
    if (request.method === 'HEAD') response.end();
    else await send(file, range, response, patience.stall);
  } finally {
    await file.close();
  }
}

interface Part {
  readonly range: ByteRange;
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is asked for of a file of some size, in either of two spellings. @throws {Refusal} 400; later 416 */
export function askedOf(head: Head): (size: number) => Part {
  const [range, offset, length] = [headerOf(head, 'range'), numberOf(head, 'x-offset'), numberOf(head, 'x-length')];
  if (offset === undefined && length === undefined) {
    // Nothing names the version of a file, so a range that depends on one is the whole.
    const counting = head.headers['if-range'] === undefined ? range : undefined;
    return size => byRange(counting, size);
  }
  if (range !== undefined) throw new Refusal(400, 'range');
  const from = offset ?? 0;
  return size => {
    const to = from + (length ?? Math.max(0, size - from));
    if (from > size || to > size) throw beyond(size);
    return { range: { from, to }, status: 200, headers: {} };
  };
}

function byRange(header: string | undefined, size: number): Part {
  const range = readRange(header, size);
  if (range === 'beyond') throw beyond(size);
  if (range === 'whole') return { range: { from: 0, to: size }, status: 200, headers: {} };
  return { range, status: 206, headers: { 'content-range': `bytes ${range.from}-${range.to - 1}/${size}` } };
}

function beyond(size: number): Refusal {
  return new Refusal(416, 'range', { 'content-range': `bytes */${size}` });
}

/** A chunk is read when the one before it was taken. Resolves when the last was, or nobody takes it any more. */
async function send(file: ReadFile, { from, to }: ByteRange, response: ServerResponse, stall: number): Promise<void> {
  for (let at = from; at < to && !response.destroyed;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(STREAM_CHUNK, to - at));
    await file.read(chunk, at);
    at += chunk.length;
    if (!response.write(chunk)) await waitFor(response, 'drain', stall);
  }
  response.end();
  await waitFor(response, 'finish', stall);
}
