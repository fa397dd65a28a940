/**
 * Readers of files in the browser's own storage, answered in the worker: the bytes of an open file as far as the engine has said that
 * they are there and right. What is not is asked for and waited for. A chunk is read when the one before it was taken.
 */
import { readRange, type ByteRange } from '../../../daemon/wire/byte-range.ts';
import type { Readers } from '../../engine/ports.ts';
import { after } from '../platform.ts';
import type { SpanSource } from './blocks.ts';

/** As the io-daemon has them: answers at once, bytes read at once and between two words of where one stands, ms without a byte. */
const STREAMS = 16;
const CHUNK = 256 << 10;
const STEP = 1 << 20;
const SILENCE = 60_000;
/** Ms that nobody may take a byte. */
const STALL = 600_000;

interface OpenFile {
  readonly file: number;
  /** Bytes. */
  readonly size: number;
}

type Wanted = Parameters<Parameters<Readers['hear']>[0]>;

export class LocalReaders implements Readers {
  private readonly source: SpanSource;
  private readonly streams = new Map<number, FileStream>();
  private wanted: (...place: Wanted) => void = () => undefined;
  private last = 0;

  constructor(source: SpanSource) {
    this.source = source;
  }

  hear(wanted: (...place: Wanted) => void): void {
    this.wanted = wanted;
  }

  readable(stream: number, offset: number, length: number): void {
    this.streams.get(stream)?.have(offset, length);
  }

  /** The answer to who asks for a file, by `range`, the header. */
  serve({ file, size }: OpenFile, range: string | null, isHead: boolean): Response {
    if (this.streams.size >= STREAMS) return new Response(null, { status: 503 });
    const asked = readRange(range ?? undefined, size);
    const headers = new Headers({ 'accept-ranges': 'bytes' });
    if (asked === 'beyond') {
      headers.set('content-range', `bytes */${size}`);
      return new Response(null, { status: 416, headers });
    }
    const { from, to } = asked === 'whole' ? { from: 0, to: size } : asked;
    headers.set('content-length', String(to - from));
    if (asked !== 'whole') headers.set('content-range', `bytes ${from}-${to - 1}/${size}`);
    const status = asked === 'whole' ? 200 : 206;
    return new Response(isHead || from === to ? null : this.body(file, { from, to }), { status, headers });
  }

  /** Nothing is read any more. */
  end(): void {
    for (const stream of this.streams.values()) stream.cut();
  }

  private body(file: number, range: ByteRange): ReadableStream<Uint8Array> {
    const id = ++this.last;
    const stream = new FileStream(
      this.source,
      file,
      range,
      (offset, length) => this.wanted(id, file, offset, length),
      () => this.streams.delete(id),
    );
    this.streams.set(id, stream);
    return stream.body;
  }
}

/** The rest may come another time. */
class CutShort extends Error {
  readonly code = 'cut-short';
}

class FileStream {
  readonly body: ReadableStream<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  /** Everything before it was handed on. */
  private at: number;
  /** Everything before it, from where this began, is there and right. */
  private known: number;
  private toldAt = -Infinity;
  private isOver = false;
  private isEnded = false;
  private wake = (): void => undefined;
  private callOff: () => void;

  constructor(
    private readonly source: SpanSource,
    private readonly file: number,
    { from, to }: ByteRange,
    private readonly tell: (offset: number, length: number) => void,
    private readonly ended: () => void,
  ) {
    this.at = from;
    this.known = from;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: controller => void (this.controller = controller),
        pull: () => this.pull(to),
        cancel: () => this.over(to),
      },
      { highWaterMark: 0 },
    );
    this.callOff = after(STALL, () => this.stall(to));
  }

  have(offset: number, length: number): void {
    if (length === 0) this.cut();
    // What is ahead of a gap is of no use yet.
    else if (offset <= this.known) this.known = Math.max(this.known, offset + length);
    this.wake();
  }

  /** Ends it short of its length, so that the reader knows. */
  cut(): void {
    this.isOver = true;
    this.wake();
  }

  /** Nobody took anything for so long: what waits for that is let go, and who goes on after all opens the rest anew. */
  private stall(to: number): void {
    this.over(to);
    this.controller.error(new CutShort('Nobody has read on for too long.'));
  }

  private async pull(to: number): Promise<void> {
    const { controller } = this;
    this.callOff();
    try {
      while (this.known <= this.at && !this.isOver) {
        this.tellPlace(to);
        if (this.known <= this.at && !this.isOver) await this.pause(SILENCE);
      }
      if (this.isOver) throw new CutShort('The file ends too early.');
      this.tellPlace(to);
      const chunk = await this.read(Math.min(this.known, to) - this.at);
      controller.enqueue(chunk);
      this.at += chunk.length;
    } catch (error) {
      this.over(to);
      throw error;
    }
    if (this.at < to) {
      this.callOff = after(STALL, () => this.stall(to));
      return;
    }
    this.over(to);
    controller.close();
  }

  private read(length: number): Promise<Uint8Array> {
    const span = { file: this.file, offset: this.at, length: Math.min(length, CHUNK) };
    return new Promise((resolve, reject) => {
      this.source.read([span], (problem, bytes) => {
        if (problem === null) resolve(bytes);
        else reject(new Error(`The file could not be read: ${problem}.`));
      });
    });
  }

  /** Where it stands, unless nothing more is needed or it was told just now. */
  private tellPlace(to: number): void {
    if (this.known >= to || this.at < this.toldAt + STEP) return;
    this.toldAt = this.at;
    this.tell(this.at, to - this.at);
  }

  /** Until something is told; one that waits in vain is cut. */
  private async pause(ms: number): Promise<void> {
    const callOff = after(ms, () => this.cut());
    await new Promise<void>(resolve => (this.wake = resolve));
    callOff();
  }

  private over(to: number): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.callOff();
    this.cut();
    if (this.known < to) this.tell(this.at, 0);
    this.ended();
  }
}
