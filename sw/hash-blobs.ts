/** Reads files end to end, once, and hashes their pieces as they come: the browser's digests run side by side on threads of its own. */
import { refusal } from './engine/index.ts';
import type { ShareFile } from './share.ts';

/** What is read at once, bytes, where a piece is not longer. Piece lengths are powers of two. */
const CHUNK = 4 << 20;
/** Of them, those that are being hashed or stored, beside the one that is read. */
const CHUNKS_UNDER_WAY = 3;
const SHA1_BYTES = 20;

export interface HashJob {
  /** In the order in which pieces are cut from them. */
  readonly files: readonly ShareFile[];
  readonly pieceLength: number;
  /** Takes what was read; the bytes are not touched any more. */
  readonly store: (bytes: Uint8Array) => Promise<void>;
  /** Bytes that are hashed and stored. */
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

/** SHA-1 of each piece, end to end. Throws a {@link Refusal} where a file cannot be read, what `store` rejects with, or the signal's reason. */
export async function hashBlobs({ files, pieceLength, store, onProgress, signal }: HashJob): Promise<Uint8Array<ArrayBuffer>> {
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  const pieces = new Uint8Array(Math.ceil(size / pieceLength) * SHA1_BYTES);
  const underWay: Promise<void>[] = [];
  let [read, done] = [0, 0];
  try {
    for await (const bytes of chunks(files, Math.max(CHUNK, pieceLength))) {
      signal.throwIfAborted();
      const { length } = bytes;
      const digests = digestsOf(bytes, pieceLength, pieces, read / pieceLength);
      const step = Promise.all([digests, store(bytes)]).then(() => onProgress((done += length)));
      // It is looked at below, in its turn.
      step.catch(() => undefined);
      underWay.push(step);
      read += length;
      if (underWay.length > CHUNKS_UNDER_WAY) await underWay.shift();
    }
  } finally {
    await Promise.allSettled(underWay);
  }
  await Promise.all(underWay);
  signal.throwIfAborted();
  return pieces;
}

/** `first`: the index of the first piece of `bytes`. */
async function digestsOf(bytes: Uint8Array<ArrayBuffer>, pieceLength: number, into: Uint8Array, first: number): Promise<void> {
  const asked: Promise<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += pieceLength) {
    asked.push(crypto.subtle.digest('SHA-1', bytes.subarray(at, at + pieceLength)));
  }
  (await Promise.all(asked)).forEach((digest, index) => into.set(new Uint8Array(digest), (first + index) * SHA1_BYTES));
}

/** All bytes in chunks of that length but for the last; files may end and begin within one. */
async function* chunks(files: readonly ShareFile[], length: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let parts: Uint8Array<ArrayBuffer>[] = [];
  let filled = 0;
  for (const one of files) {
    for (let at = 0; at < one.file.size;) {
      const part = await read(one, at, Math.min(one.file.size, at + length - filled));
      at += part.length;
      filled += part.length;
      parts.push(part);
      if (filled < length) continue;
      yield joined(parts, filled);
      [parts, filled] = [[], 0];
    }
  }
  if (filled > 0) yield joined(parts, filled);
}

async function read({ file, path }: ShareFile, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: ArrayBuffer | null = null;
  try {
    bytes = await file.slice(from, to).arrayBuffer();
  } catch (error) {
    console.warn('A file that is to be shared could not be read.', error);
  }
  if (bytes?.byteLength === to - from) return new Uint8Array(bytes);
  throw path.length === 0 ? refusal('share-unreadable') : refusal('share-unreadable-one', { file: path.join('/') });
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
