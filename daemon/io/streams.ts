/**
 * Answers of /stream: the bytes of an open file, as far as the engine has said that they are there and right. What is not,
 * is asked for and waited for. A chunk is read when the one before it was taken, so a slow reader holds one.
 */
import type { ServerResponse } from 'node:http';
import { type Frame, type FrameOf, Op } from '../wire/frames.ts';
import type { ByteRange } from '../wire/byte-range.ts';
import type { Files } from './files.ts';
import { STREAM_CHUNK, STREAM_SILENCE, STREAM_STALL, STREAM_STEP, STREAMS } from './limits.ts';
import type { SharedFile } from './shared-file.ts';
import { StreamGrants } from './stream-grants.ts';

/** How long an answer may stand still, ms: for want of bytes, and for want of a reader. */
export interface Patience {
  readonly silence: number;
  readonly stall: number;
}

export class Streams {
  readonly #files: Files;
  readonly #push: (frame: Frame) => void;
  readonly #patience: Patience;
  readonly #byNumber = new Map<number, FileStream>();
  readonly grants = new StreamGrants();
  #last = 0;
  #isEnded = false;

  constructor(files: Files, push: (frame: Frame) => void, patience: Patience = { silence: STREAM_SILENCE, stall: STREAM_STALL }) {
    this.#files = files;
    this.#push = push;
    this.#patience = patience;
  }

  get isFull(): boolean {
    return this.#byNumber.size >= STREAMS;
  }

  /** Whose they are has left: nothing is to be sent any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends the range as the body of an answer whose head is written. Takes over the file, which the caller has retained. */
  send(number: number, file: SharedFile, range: ByteRange, response: ServerResponse): void {
    const id = ++this.#last;
    const tell = (offset: number, length: number) =>
      this.#push({ op: Op.STREAM_WANT, id: 0, stream: id, file: number, offset, length });
    const stream = new FileStream(this.#files, file, range, response, this.#patience, tell);
    this.#byNumber.set(id, stream);
    void stream.run().finally(() => {
      this.#byNumber.delete(id);
      file.release();
    });
  }

  have({ stream, offset, length }: FrameOf<typeof Op.STREAM_HAVE>): void {
    this.#byNumber.get(stream)?.have(offset, length);
  }

  end(): void {
    this.#isEnded = true;
    this.grants.end();
    for (const stream of this.#byNumber.values()) stream.cut();
  }
}

class FileStream {
  readonly #files: Files;
  readonly #file: SharedFile;
  readonly #to: number;
  readonly #response: ServerResponse;
  readonly #patience: Patience;
  readonly #tell: (offset: number, length: number) => void;
  /** Everything before it was handed to the socket. */
  #at: number;
  /** Everything before it, from where this began, is there and right. */
  #known: number;
  #toldAt = -Infinity;
  #isOver = false;
  #wake = (): void => undefined;

  constructor(
    files: Files,
    file: SharedFile,
    { from, to }: ByteRange,
    response: ServerResponse,
    patience: Patience,
    tell: (offset: number, length: number) => void,
  ) {
    this.#files = files;
    this.#file = file;
    this.#at = from;
    this.#known = from;
    this.#to = to;
    this.#response = response;
    this.#patience = patience;
    this.#tell = tell;
    response.on('close', () => this.#over());
    response.on('error', () => this.#over());
    response.on('drain', () => this.#wake());
  }

  have(offset: number, length: number): void {
    if (length === 0) this.cut();
    // What is ahead of a gap is of no use yet.
    else if (offset <= this.#known) this.#known = Math.min(this.#to, Math.max(this.#known, offset + length));
    this.#wake();
  }

  /** Ends it short of its length, so that the reader knows. */
  cut(): void {
    this.#response.destroy();
    this.#over();
  }

  async run(): Promise<void> {
    try {
      while (this.#at < this.#to && !this.#isOver) {
        this.#tellPlace();
        if (this.#at >= this.#known) await this.#pause(this.#patience.silence, () => this.#known > this.#at);
        else if (this.#response.writableNeedDrain) {
          await this.#pause(this.#patience.stall, () => !this.#response.writableNeedDrain);
        } else await this.#send(Math.min(this.#known - this.#at, STREAM_CHUNK));
      }
      if (!this.#isOver) this.#response.end();
    } catch {
      // It cannot be read: the reader sees that it ends too early.
      this.cut();
    }
    if (this.#known < this.#to) this.#tell(this.#at, 0);
  }

  async #send(length: number): Promise<void> {
    const chunk = Buffer.allocUnsafeSlow(length);
    await this.#files.read(this.#file, chunk, this.#at);
    if (this.#isOver) return;
    this.#response.write(chunk);
    this.#at += length;
  }

  /** Where it stands, unless nothing more is needed or it was told just now. */
  #tellPlace(): void {
    if (this.#known >= this.#to || this.#at < this.#toldAt + STREAM_STEP) return;
    this.#toldAt = this.#at;
    this.#tell(this.#at, this.#to - this.#at);
  }

  /** Until it may go on, or is over; one that waits in vain is cut. */
  async #pause(ms: number, isDone: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.cut(), ms);
    while (!this.#isOver && !isDone()) await new Promise<void>(resolve => (this.#wake = resolve));
    clearTimeout(timer);
  }

  #over(): void {
    this.#isOver = true;
    this.#wake();
  }
}
