import type { ChunkStore, StoreOptions } from 'webtorrent/dist/webtorrent.min.js';

/** Pieces of one torrent in memory, as webtorrent stores them, and what lies in them as a file to save. */
export class MemoryStore implements ChunkStore {
  readonly #pieces = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #length: number;

  constructor(
    readonly chunkLength: number,
    { length }: StoreOptions,
  ) {
    this.#length = length;
  }

  put(index: number, bytes: Uint8Array, done?: (error?: Error | null) => void): void {
    // What it gives may be part of a larger buffer, or be used again.
    this.#pieces.set(index, new Uint8Array(bytes));
    queueMicrotask(() => done?.(null));
  }

  get(...[index, options, told]: Parameters<ChunkStore['get']>): void {
    const done = typeof options === 'function' ? options : told;
    const { offset = 0, length } = typeof options === 'function' || options === null ? {} : options;
    const piece = this.#pieces.get(index);
    const part = piece?.subarray(offset, length === undefined ? undefined : offset + length);
    queueMicrotask(() => (part === undefined ? done?.(new Error('this piece is not there')) : done?.(null, part)));
  }

  /** The bytes from `offset` on; what is not there is left out. Their type makes no browser show them as a document. */
  blob(offset: number, length: number): Blob {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const end = Math.min(offset + length, this.#length);
    for (let at = offset; at < end;) {
      const index = Math.floor(at / this.chunkLength);
      const begin = index * this.chunkLength;
      const part = this.#pieces.get(index)?.subarray(at - begin, end - begin);
      if (part !== undefined) parts.push(part);
      at = begin + this.chunkLength;
    }
    return new Blob(parts, { type: 'application/octet-stream' });
  }

  close(done?: (error?: Error | null) => void): void {
    this.destroy(done);
  }

  destroy(done?: (error?: Error | null) => void): void {
    this.#pieces.clear();
    queueMicrotask(() => done?.(null));
  }
}
