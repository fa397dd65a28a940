import type { BlockSink, SpanSource } from '../../../sw/adapters/local/blocks.ts';
import type { FileProblem, Span } from '../../../sw/engine/events.ts';

/** Buffers that are open in a test, and what of them is there. */
export class FakeSink implements BlockSink {
  readonly buffers = new Map<number, { readonly bytes: Uint8Array; readonly there: Uint8Array }>();

  /** Bytes that there is room for, and who waits for more. */
  space = Infinity;
  private waiting: (() => void)[] = [];

  room(): Promise<void> {
    return new Promise(resolve => this.waiting.push(resolve));
  }

  /** There is room for so many more. */
  async free(bytes: number): Promise<void> {
    this.space = bytes;
    for (const resolve of this.waiting.splice(0)) resolve();
    await new Promise(resolve => setImmediate(resolve));
  }

  open(buffer: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.buffers.set(buffer, { bytes, there: new Uint8Array(length) });
    return bytes;
  }

  land(buffer: number, offset: number, bytes: Uint8Array): ReturnType<BlockSink['land']> {
    const open = this.buffers.get(buffer);
    if (!open || offset + bytes.length > open.bytes.length) return 'gone';
    const there = open.there.subarray(offset, offset + bytes.length);
    if (there.every(flag => flag === 1)) return 'earlier';
    if (bytes.length > this.space) return 'full';
    this.space -= bytes.length;
    open.bytes.set(bytes, offset);
    there.fill(1);
    return 'landed';
  }
}

/** Files whose every byte tells where it stands; reads wait until a test lets them go on. */
export class FakeSource implements SpanSource {
  readonly reads: { readonly spans: readonly Span[]; readonly end: (problem?: FileProblem) => void }[] = [];
  calledOff = 0;

  read(spans: readonly Span[], done: (problem: FileProblem | null, bytes: Uint8Array) => void): () => void {
    let isWanted = true;
    this.reads.push({
      spans,
      end: problem => {
        if (isWanted) done(problem ?? null, problem ? new Uint8Array(0) : contentOf(spans));
        isWanted = false;
      },
    });
    return () => {
      isWanted = false;
      this.calledOff += 1;
    };
  }

  /** All that wait, and what they lead to. */
  async readAll(): Promise<void> {
    for (let next = this.reads.shift(); next; next = this.reads.shift()) {
      next.end();
      await Promise.resolve();
    }
  }
}

export function contentOf(spans: readonly Span[]): Uint8Array {
  return Buffer.concat(
    spans.map(({ file, offset, length }) => Uint8Array.from({ length }, (_, i) => (file * 31 + offset + i) % 251)),
  );
}
