/** Reading what lies in segments: whole ranges as they are, and blocks from larger reads that are remembered for a while. */
import type { FileProblem } from '../../engine/events.ts';
import type { Catalogue } from './catalogue.ts';
import type { Extents, Segment } from './extents.ts';
import { problemOf, type SegmentFiles } from './folder.ts';

/** What is read of a segment at once for blocks, bytes. */
const CHUNK = 512 << 10;
/** Chunks that are remembered: 16 MiB. */
export const CHUNKS = 32;

/** Why something could not be read. */
export class Unreadable extends Error {
  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

export class SegmentReader {
  /** By segment and number of the chunk, in order of last use. */
  private readonly chunks = new Map<string, Promise<Uint8Array>>();

  constructor(
    private readonly files: SegmentFiles,
    private readonly catalogue: Catalogue,
  ) {}

  /** A range of a file, with zeros where nothing was written if that `mayMiss`. Throws {@link Unreadable}. */
  async read(extents: Extents, offset: number, length: number, mayMiss: boolean): Promise<Uint8Array> {
    const parts = extents.parts(offset, length);
    const [only] = parts;
    if (parts.length === 1 && only?.segment) return this.range(only.segment, only.place, length);
    const bytes = new Uint8Array(length);
    for (const { offset: at, length: part, segment, place } of parts) {
      if (segment) bytes.set(await this.range(segment, place, part), at - offset);
      else if (!mayMiss) throw new Unreadable('gone');
    }
    return bytes;
  }

  /** Copies a range of a file to `at` of `into`, by way of what is remembered. Throws {@link Unreadable}. */
  async copy(extents: Extents, offset: number, length: number, into: Uint8Array, at: number): Promise<void> {
    for (const part of extents.parts(offset, length)) {
      if (!part.segment) throw new Unreadable('gone');
      let [from, to] = [part.place, at + part.offset - offset];
      for (let left = part.length; left > 0;) {
        const chunk = await this.chunk(part.segment, Math.floor(from / CHUNK));
        const piece = chunk.subarray(from % CHUNK, (from % CHUNK) + left);
        if (piece.length === 0) throw new Unreadable('gone');
        into.set(piece, to);
        from += piece.length;
        to += piece.length;
        left -= piece.length;
      }
    }
  }

  /** A range of a segment. Throws {@link Unreadable}. */
  async range(segment: Segment, place: number, length: number): Promise<Uint8Array> {
    const bytes = await this.bytes(segment, place, length);
    if (bytes.length !== length) throw new Unreadable('gone');
    return bytes;
  }

  private chunk(segment: Segment, number: number): Promise<Uint8Array> {
    const key = `${segment.id}/${number}`;
    const known = this.chunks.get(key);
    this.chunks.delete(key);
    const chunk = known ?? this.bytes(segment, number * CHUNK, Math.min(CHUNK, segment.length - number * CHUNK));
    this.chunks.set(key, chunk);
    if (this.chunks.size > CHUNKS) this.chunks.delete(this.chunks.keys().next().value!);
    if (!known) chunk.catch(() => this.chunks.delete(key));
    return chunk;
  }

  private async bytes(segment: Segment, place: number, length: number): Promise<Uint8Array> {
    const { group, id } = segment;
    for (let isAgain = false; ; isAgain = true) {
      try {
        if (!(await this.catalogue.isSound(segment))) throw new Unreadable('gone');
        const file = await this.files.open(group, id);
        if (file.size !== segment.length) break;
        return new Uint8Array(await file.slice(place, place + length).arrayBuffer());
      } catch (error) {
        if (error instanceof Unreadable) throw error;
        // What was opened before may be of no use any more; what the browser cannot read just now may be there all the same.
        this.files.forget(id);
        const problem = problemOf(error);
        if (problem === 'gone') break;
        if (isAgain) throw new Unreadable(problem);
      }
    }
    this.catalogue.lose(group, [segment]);
    throw new Unreadable('gone');
  }
}
