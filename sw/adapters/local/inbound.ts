/**
 * What arrives on one connection, taken apart: raw bytes against credit, then frames that land, are thrown away, or are passed on against
 * credit. What may not be passed on yet waits as it came, and so does all that follows a block that finds no room: its carrier is not told
 * that it was taken. So that peer rests, and no other.
 */
import type { Ask, Rules } from '../../../daemon/wire/rules.ts';
import type { BlockSink } from './blocks.ts';
import { Gathered, joined } from './gathered.ts';

const WORD = 4;
/** Enough of a frame to know what becomes of it: the longest prefix and the offset after it. */
const HEAD = 20;
/** Where so many parts wait already, shorter ones than this are put together in pieces of that length, bytes. */
const MANY_CHUNKS = 64;
const SHORT_CHUNK = 1 << 10;
const TAIL = 16 << 10;
const NOTHING = new Uint8Array(0);

export interface InboundEvents {
  /** Raw bytes, or a whole frame without its length word. */
  received(bytes: Uint8Array): void;
  landed(buffer: number, offset: number, length: number): void;
  discarded(length: number, head: Uint8Array): void;
  /** Nothing more is taken. */
  failed(reason: 'too-long' | 'no-memory'): void;
  /** Whether frames that are half-way in may take so much more memory; less than 0 gives it back. */
  reserve(bytes: number): boolean;
  /** What found no room is in its place now. */
  resumed(): void;
}

/** A block; with nothing left to come it waits for room. */
interface Landing {
  readonly name: 'land';
  readonly ask: Ask;
  readonly frame: number;
  readonly data: Gathered;
  left: number;
  /** Parts and bytes that are in their places, and whether some of them were not there before. */
  parts: number;
  bytes: number;
  isNew: boolean;
}

/** Where the next byte belongs. */
type State =
  | { readonly name: 'raw' }
  /** The beginning of a frame. */
  | { readonly name: 'head' }
  | Landing
  | { readonly name: 'discard'; readonly frame: number; left: number }
  | { readonly name: 'forward'; readonly data: Gathered; left: number }
  | { readonly name: 'ended' };

const AT_HEAD: State = { name: 'head' };

export class Inbound {
  private state: State = { name: 'raw' };
  private allowed = 0;
  private maxFrame = 0;
  /** What came and was not worked off: the first of them from `at` on. */
  private readonly chunks: Uint8Array[] = [];
  private at = 0;
  private tail = NOTHING;
  private waiting = 0;
  private held = 0;
  /** It can do nothing before there is more to work on, or more credit. */
  private isStuck = true;
  private isWorking = false;
  /** A block waits for room. */
  private isForRoom = false;
  /** The first bytes of the frame that lands or is thrown away. */
  private head: Uint8Array = NOTHING;
  private readonly scratch = new Uint8Array(WORD + HEAD);

  constructor(
    private readonly rules: Rules,
    private readonly sink: BlockSink,
    private readonly events: InboundEvents,
  ) {}

  /** Bytes that came and were not worked off. */
  get queued(): number {
    return this.waiting;
  }

  /** Whether it would do anything. */
  get wantsTurn(): boolean {
    return !this.isStuck && !this.isForRoom && this.waiting > 0;
  }

  credit(bytes: number): void {
    this.allowed += bytes;
    this.isStuck = false;
  }

  /** From here on there are frames of at most `maxFrame` bytes. `back` comes first. */
  framed(maxFrame: number, back: Uint8Array): void {
    if (this.state.name !== 'raw') return;
    this.state = AT_HEAD;
    this.maxFrame = maxFrame;
    if (back.length === 0 && this.waiting === 0) return;
    const [first] = this.chunks;
    if (first && this.at > 0) this.chunks[0] = first.subarray(this.at);
    this.at = 0;
    this.push(back, true);
  }

  /** Takes them over. */
  receive(bytes: Uint8Array): void {
    if (this.state.name !== 'ended') this.push(bytes, false);
  }

  /** Works off at most so many bytes. @returns how many it did */
  work(most: number): number {
    if (this.isWorking) return 0;
    this.isWorking = true;
    let done = 0;
    while (done < most && this.wantsTurn) done += this.step(most - done);
    this.isWorking = false;
    return done;
  }

  /** Nothing comes any more. */
  end(): void {
    this.state = { name: 'ended' };
    this.chunks.length = 0;
    this.waiting = 0;
    this.at = 0;
    this.isStuck = true;
    this.release();
  }

  private push(bytes: Uint8Array, isFirst: boolean): void {
    this.isStuck = false;
    if (bytes.length === 0) return;
    this.waiting += bytes.length;
    if (isFirst) this.chunks.unshift(bytes);
    else if (this.chunks.length < MANY_CHUNKS || bytes.length >= SHORT_CHUNK) this.chunks.push(bytes);
    else this.pushShort(bytes);
  }

  private pushShort(bytes: Uint8Array): void {
    const last = this.chunks[this.chunks.length - 1];
    if (last?.buffer !== this.tail.buffer || last.length + bytes.length > TAIL) {
      this.tail = new Uint8Array(TAIL);
      this.tail.set(bytes);
      this.chunks.push(this.tail.subarray(0, bytes.length));
      return;
    }
    this.tail.set(bytes, last.length);
    this.chunks[this.chunks.length - 1] = this.tail.subarray(0, last.length + bytes.length);
  }

  /** @returns bytes that were worked off; 0 where it is stuck */
  private step(most: number): number {
    const { state } = this;
    switch (state.name) {
      case 'raw': {
        const bytes = this.take(Math.min(most, this.allowed));
        this.allowed -= bytes.length;
        if (bytes.length === 0) this.isStuck = true;
        else this.events.received(bytes);
        return bytes.length;
      }
      case 'head':
        return this.begin();
      case 'land':
      case 'forward': {
        const bytes = this.take(Math.min(most, state.left));
        state.left -= bytes.length;
        state.data.add(bytes);
        if (state.left === 0) this.finish(state);
        else if (!this.reserve(bytes.length)) this.fail('no-memory');
        return bytes.length;
      }
      case 'discard': {
        const { length } = this.take(Math.min(most, state.left));
        state.left -= length;
        if (state.left === 0) this.discarded(state.frame);
        return length;
      }
      case 'ended':
        this.isStuck = true;
        return 0;
      default:
        return state satisfies never;
    }
  }

  /** Decides on the frame that begins here, once enough of it is there. */
  private begin(): number {
    const head = this.peek();
    const there = head.length;
    const length = there < WORD ? 0 : u32be(head);
    if (there < WORD + Math.min(length, HEAD)) {
      this.isStuck = true;
      return 0;
    }
    if (length > this.maxFrame) {
      this.fail('too-long');
      return 0;
    }
    const verdict = this.rules.isEmpty ? 'forward' : this.rules.take(head, WORD, length);
    if (verdict === 'forward') return this.forward(length);
    this.head = head.slice(WORD, WORD + Math.min(length, HEAD));
    if (verdict === 'discard') {
      this.state = { name: 'discard', frame: length, left: length };
      this.skip(WORD);
      if (length === 0) this.discarded(length);
      return WORD;
    }
    const before = WORD + length - verdict.length;
    const data = new Gathered(verdict.length);
    this.state = { name: 'land', ask: verdict, frame: length, data, left: verdict.length, parts: 0, bytes: 0, isNew: false };
    this.skip(before);
    return before;
  }

  /** Any credit lets one whole frame through. */
  private forward(length: number): number {
    if (this.allowed <= 0) {
      this.isStuck = true;
      return 0;
    }
    this.allowed -= WORD + length;
    this.skip(WORD);
    if (length > 0) this.state = { name: 'forward', data: new Gathered(length), left: length };
    else this.events.received(NOTHING);
    return WORD;
  }

  private finish(state: State & { name: 'land' | 'forward' }): void {
    if (state.name === 'land') return this.land(state);
    this.state = AT_HEAD;
    this.release();
    this.events.received(joined(state.data.parts, state.data.length));
  }

  /** Brings to its place what is not there yet; nothing more is worked off before all of it is. */
  private land(state: Landing): void {
    const { buffer, offset, length } = state.ask;
    const { parts } = state.data;
    while (state.parts < parts.length) {
      const part = parts[state.parts]!;
      const what = this.sink.land(buffer, offset + state.bytes, part);
      if (what === 'full') return this.waitForRoom(state);
      state.isNew ||= what === 'landed';
      state.parts += 1;
      state.bytes += part.length;
    }
    this.state = AT_HEAD;
    this.release();
    if (state.isNew) this.events.landed(buffer, offset, length);
    else this.discarded(state.frame);
  }

  private waitForRoom(state: Landing): void {
    this.isForRoom = true;
    void this.sink.room().then(() => {
      this.isForRoom = false;
      if (this.state !== state) return;
      this.land(state);
      this.events.resumed();
    });
  }

  private discarded(frame: number): void {
    this.state = AT_HEAD;
    this.events.discarded(frame, this.head);
  }

  private fail(reason: 'too-long' | 'no-memory'): void {
    this.end();
    this.events.failed(reason);
  }

  private reserve(bytes: number): boolean {
    if (!this.events.reserve(bytes)) return false;
    this.held += bytes;
    return true;
  }

  private release(): void {
    if (this.held > 0) this.events.reserve(-this.held);
    this.held = 0;
  }

  /** As many bytes of the first chunk as there are, `most` at most. */
  private take(most: number): Uint8Array {
    const [first] = this.chunks;
    if (!first) return NOTHING;
    const bytes = first.subarray(this.at, this.at + most);
    this.skip(bytes.length);
    return bytes;
  }

  private skip(count: number): void {
    this.waiting -= count;
    this.at += count;
    for (let first = this.chunks[0]; first && this.at >= first.length; first = this.chunks[0]) {
      this.at -= first.length;
      this.chunks.shift();
    }
  }

  /** The first bytes of a frame, as many as it takes to decide on it or as there are. */
  private peek(): Uint8Array {
    const [first = NOTHING] = this.chunks;
    if (first.length - this.at >= WORD + HEAD || this.chunks.length === 1) return first.subarray(this.at);
    let count = 0;
    let from = this.at;
    for (const chunk of this.chunks) {
      const part = chunk.subarray(from, from + this.scratch.length - count);
      this.scratch.set(part, count);
      count += part.length;
      from = 0;
      if (count === this.scratch.length) break;
    }
    return this.scratch.subarray(0, count);
  }
}

function u32be(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[0], bytes[1], bytes[2], bytes[3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
