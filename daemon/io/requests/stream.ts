/** `GET` and `HEAD /stream/{file}`: an open file by its number, as far as the engine says that it is there. */
import { FileStatus } from '../../wire/frames.ts';
import { readRange } from '../../wire/byte-range.ts';
import { BYTES, Refusal } from './answers.ts';
import type { Call } from './call.ts';
import { headerOf } from './headers.ts';

export async function stream({ request, response, tail, services, connection }: Call): Promise<void> {
  const range = headerOf(request, 'range');
  const readable = connection();
  const number = /^[1-9]\d{0,9}$/.test(tail) ? Number(tail) : 0;
  const file = readable?.files.borrow(number) ?? null;
  if (readable === null || file === null) throw new Refusal(404, 'gone');
  let isHandedOver = false;
  try {
    const { status } = await services.files.stamp(file);
    if (status !== FileStatus.OK || readable.streams.isEnded) throw new Refusal(404, 'gone');
    if (readable.streams.isFull) throw new Refusal(503, 'limit');
    if (response.destroyed) return;
    // Nothing names the version of a file, so a range that depends on one is the whole.
    const asked = request.headers['if-range'] === undefined ? readRange(range, file.size) : 'whole';
    if (asked === 'beyond') throw new Refusal(416, 'range', { 'content-range': `bytes */${file.size}` });
    const { from, to } = asked === 'whole' ? { from: 0, to: file.size } : asked;
    response.writeHead(asked === 'whole' ? 200 : 206, {
      ...BYTES,
      'content-length': to - from,
      ...(asked === 'whole' ? {} : { 'content-range': `bytes ${from}-${to - 1}/${file.size}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    isHandedOver = true;
    readable.streams.send(number, file, { from, to }, response);
  } finally {
    if (!isHandedOver) file.release();
  }
}
