/** What is said over a channel by which a browser that follows another reads a file: one question, one answer, both checked. */
import * as v from 'valibot';
import { API_VERSION } from './api.ts';
import { farSaid } from './far-said.ts';
import { shownText } from './far-text.ts';
import type { Said } from './said.ts';
import type { TorrentId } from './view-model.ts';

/** `origin`: that of the app which asks; nowhere else is the secret good. */
export interface ReadRequest {
  readonly type: 'read';
  readonly version: typeof API_VERSION;
  readonly id: TorrentId;
  readonly file: number;
  readonly origin: string;
}

export type ReadAnswer =
  | {
      readonly type: 'readable';
      /** Of the io-daemon. */
      readonly port: number;
      /** The number that it knows the file by. */
      readonly file: number;
      readonly secret: string;
      readonly name: string;
    }
  | { readonly type: 'unreadable'; readonly why: Said };

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const request: v.GenericSchema<unknown, ReadRequest> = v.strictObject({
  type: v.literal('read'),
  version: v.literal(API_VERSION),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  file: v.pipe(whole, v.maxValue(1_000_000)),
  origin: v.pipe(v.string(), v.regex(/^https?:\/\/[\x21-\x7e]{1,256}$/)),
});

const answer: v.GenericSchema<unknown, ReadAnswer> = v.variant('type', [
  v.object({
    type: v.literal('readable'),
    port: v.pipe(whole, v.minValue(1), v.maxValue(65_535)),
    file: v.pipe(whole, v.minValue(1)),
    secret: v.pipe(v.string(), v.regex(/^[\w-]{20,100}$/)),
    name: shownText(255),
  }),
  v.object({
    type: v.literal('unreadable'),
    why: farSaid,
  }),
]);

/** Null where it is none. */
export function parseReadRequest(message: unknown): ReadRequest | null {
  const result = v.safeParse(request, message);
  return result.success ? result.output : null;
}

/** Null where it is none. */
export function parseReadAnswer(message: unknown): ReadAnswer | null {
  const result = v.safeParse(answer, message);
  return result.success ? result.output : null;
}
