import { describe, expect, it, vi } from 'vitest';
import { MAX_READ, type SpanSource } from '../../../sw/adapters/local/blocks.ts';
import { LocalReaders } from '../../../sw/adapters/local/readers.ts';

const SIZE = 3_000_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, at) => (at * 7) & 255);

function setUp() {
  const wanted: [number, number, number][] = [];
  const reads: number[] = [];
  const source: SpanSource = {
    read: ([span], done) => {
      if (span === undefined || span.length > MAX_READ) throw new Error('no such read');
      reads.push(span.length);
      queueMicrotask(() => done(null, BYTES.slice(span.offset, span.offset + span.length)));
      return () => undefined;
    },
  };
  const readers = new LocalReaders(source);
  readers.hear((stream, _file, offset, length) => wanted.push([stream, offset, length]));
  const serve = (range: string | null = null, isHead = false) => readers.serve({ file: 4, size: SIZE }, range, isHead);
  return { readers, serve, wanted, reads };
}

describe('readers of files in the browser', () => {
  it('have ranges, and nothing beyond the end', async () => {
    const { readers, serve, wanted } = setUp();
    readers.hear((stream, _file, offset, length) => {
      wanted.push([stream, offset, length]);
      readers.readable(stream, offset, length);
    });
    const part = serve('bytes=10-19');
    expect([part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      206,
      `bytes 10-19/${SIZE}`,
      '10',
    ]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(BYTES.slice(10, 20));
    expect(wanted).toEqual([[1, 10, 10]]);
    const whole = serve();
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(Buffer.compare(new Uint8Array(await whole.arrayBuffer()), BYTES)).toBe(0);
    const beyond = serve(`bytes=${SIZE}-`);
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${SIZE}`]);
    const head = serve(null, true);
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, String(SIZE), null]);
  });

  it('wait for what is not there, say where they stand, and have only what was said to be right', async () => {
    const { readers, serve, wanted, reads } = setUp();
    const reader = serve('bytes=1000-').body?.getReader();
    const first = reader?.read();
    await expect.poll(() => wanted).toEqual([[1, 1000, SIZE - 1000]]);
    readers.readable(1, 2000, 500);
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(reads).toEqual([]);
    readers.readable(1, 1000, 300);
    expect((await first)?.value).toEqual(BYTES.slice(1000, 1300));
    readers.readable(1, 1300, SIZE - 1300);
    let length = 300;
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) length += part.value.length;
    expect(length).toBe(SIZE - 1000);
    expect(Math.max(...reads)).toBeLessThanOrEqual(256 << 10);
    expect(wanted).toHaveLength(1);
  });

  it('are ended by the engine, and by who goes; it hears of that', async () => {
    const { readers, serve, wanted } = setUp();
    const refused = serve().body?.getReader().read();
    await expect.poll(() => wanted.length).toBe(1);
    readers.readable(1, 0, 0);
    await expect(refused).rejects.toThrow('ends too early');
    expect(wanted.at(-1)).toEqual([1, 0, 0]);
    const gone = serve().body?.getReader();
    void gone?.read().catch(() => undefined);
    await expect.poll(() => wanted.length).toBe(3);
    await gone?.cancel();
    expect(wanted.at(-1)).toEqual([2, 0, 0]);
    const cut = serve().body?.getReader().read();
    await expect.poll(() => wanted.length).toBe(5);
    readers.end();
    await expect(cut).rejects.toThrow('ends too early');
  });

  it('are sixteen at once', () => {
    const { readers, serve } = setUp();
    for (let count = 0; count < 16; count++) expect(serve().status).toBe(200);
    expect(serve().status).toBe(503);
    readers.end();
  });

  it('that nobody reads on for ten minutes are let go, and others are answered', async () => {
    vi.useFakeTimers();
    try {
      const { readers, serve, wanted } = setUp();
      readers.hear((stream, _file, offset, length) => {
        wanted.push([stream, offset, length]);
        readers.readable(stream, offset, length);
      });
      const streams = Array.from({ length: 16 }, () => serve());
      expect(serve().status).toBe(503);
      const paused = streams[0]!.body!.getReader();
      expect((await paused.read()).done).toBe(false);
      await vi.advanceTimersByTimeAsync(600_000);
      expect(serve().status).toBe(200);
      await expect(paused.read()).rejects.toThrow('Nobody has read on');
    } finally {
      vi.useRealTimers();
    }
  });
});
