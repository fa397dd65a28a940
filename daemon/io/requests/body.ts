/** Bodies of requests, as they come: bounded in length by who takes them, and in time here. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { BODY_PACE } from '../limits.ts';
import { Refusal } from './answers.ts';
import type { Call } from './call.ts';

/**
 * Hands on each part of the body, the next once the one before was taken. One that comes more slowly than BODY_PACE a
 * `patience.pace` ends with its connection, unless it is us that it waits for.
 * @throws {Refusal} 413 above `most` bytes; the system's error where it ends too early
 */
export async function receive(
  { request, patience }: Call,
  most: number,
  take: (part: Buffer) => void | Promise<void>,
): Promise<void> {
  let came = 0;
  let seen = 0;
  /** When the part at hand was given, and how long others were with their taker since that was looked at, ms. */
  let given = Infinity;
  let ours = 0;
  const timer = setInterval(() => {
    const isOurs = given < Infinity || ours > patience.pace / 2;
    if (came - seen < BODY_PACE && !isOurs) request.destroy();
    seen = came;
    ours = 0;
  }, patience.pace);
  try {
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      came += part.length;
      if (came > most) throw new Refusal(413, 'too-large');
      given = performance.now();
      await take(part);
      ours += performance.now() - given;
      given = Infinity;
    }
  } finally {
    clearInterval(timer);
  }
}

/** A whole body of exactly that length. */
export async function receiveInto(call: Call, bytes: Uint8Array): Promise<void> {
  let at = 0;
  await receive(call, bytes.length, part => {
    bytes.set(part, at);
    at += part.length;
  });
  if (at !== bytes.length) throw new Refusal(400, 'content-length');
}

/** Until the response takes more, or has sent all that it was given; who takes nothing for so long is cut off. */
export async function waitFor(response: ServerResponse, event: 'drain' | 'finish', stall: number): Promise<void> {
  if (response.destroyed || (event === 'finish' && response.writableFinished)) return;
  const ended = new AbortController();
  const { signal } = ended;
  // One that waits behind another tells nobody that it is destroyed.
  const timer = setTimeout(() => {
    response.destroy();
    ended.abort();
  }, stall);
  await Promise.race([once(response, event, { signal }), once(response, 'close', { signal })]).catch(() => undefined);
  clearTimeout(timer);
  ended.abort();
}
