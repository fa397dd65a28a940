/**
 * What arrives on one socket, taken apart: raw bytes against credit, then frames that land, are thrown away, or are
 * forwarded against credit. It holds back only what it had read when the credit ran out: one read at most.
 */
import type { Claim } from './assembly.ts';
import type { Landing } from './landing.ts';
import { LONGEST_FRAME } from './limits.ts';
import type { Rules } from '../wire/rules.ts';

const WORD = 4;
/** Enough of a frame to know what becomes of it: the longest prefix and the offset after it. */
const HEAD = 20;
const NOTHING = Buffer.alloc(0);

export interface InboundEvents {
  /** Raw bytes, or a whole frame with its length word; a copy that may be kept. */
  received(bytes: Buffer): void;
  landed(buffer: number, offset: number, length: number): void;
  discarded(length: number, head: Buffer): void;
  /** Nothing more is taken from this socket. */
  failed(reason: 'too-long' | 'no-memory', length: number): void;
  /** Whether what is put together or held back may take so much more memory; less than 0 gives it back. */
  reserve(bytes: number): boolean;
}

/** Where the next byte belongs. */
type State =
  | { readonly name: 'raw' }
  /** The beginning of a frame. */
  | { readonly name: 'head' }
  | { readonly name: 'land'; readonly claim: Claim; readonly frame: number; at: number }
  | { readonly name: 'discard'; readonly frame: number; left: number }
  | { readonly name: 'forward'; readonly parts: Buffer[]; held: number; left: number }
  | { readonly name: 'ended' };

const AT_HEAD: State = { name: 'head' };

export class Inbound {
  readonly #rules: Rules;
  readonly #landing: Landing;
  readonly #events: InboundEvents;
  #state: State = { name: 'raw' };
  #credit = 0;
  #maxFrame = 0;
  /** The first bytes of the frame that lands or is thrown away. */
  readonly #head = Buffer.allocUnsafeSlow(HEAD);
  /** The first bytes of a frame, too few to decide on. */
  #carry = NOTHING;
  /** Read, but not to be forwarded before there is credit. */
  #held = NOTHING;

  constructor(rules: Rules, landing: Landing, events: InboundEvents) {
    this.#rules = rules;
    this.#landing = landing;
    this.#events = events;
  }

  get isFramed(): boolean {
    return this.#state.name !== 'raw';
  }

  /** Raw, it reads while there is credit; framed, while nothing is held back for the want of it. */
  get wantsMore(): boolean {
    if (this.#state.name === 'ended') return false;
    return this.#held.length === 0 && (this.#state.name !== 'raw' || this.#credit > 0);
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.#resume();
  }

  /** What was held back, behind `back`, is deciphered by `decipher`, in place; the caller does so with all that follows. */
  cipher(decipher: (bytes: Buffer) => void, back: Uint8Array): void {
    const bytes = Buffer.concat([back, this.#unhold()]);
    decipher(bytes);
    this.consume(bytes);
  }

  /** From here on there are frames of at most `maxFrame` bytes. `back` comes before what is held and what is still to be read. */
  framed(maxFrame: number, back: Uint8Array): void {
    if (this.#state.name !== 'raw') return;
    this.#state = AT_HEAD;
    this.#maxFrame = Math.min(maxFrame, LONGEST_FRAME);
    this.consume(Buffer.concat([back, this.#unhold()]));
  }

  /** The bytes are the reader's again when this returns. */
  consume(bytes: Buffer): void {
    if (this.#held.length > 0) {
      this.#hold(bytes);
      return;
    }
    let at = 0;
    // A frame whose head came in two reads is decided on a copy of its head alone.
    while (this.#carry.length > 0 && at < bytes.length && this.#held.length === 0) {
      const next = Math.min(at + WORD + HEAD - this.#carry.length, bytes.length);
      const head = Buffer.concat([this.#carry, bytes.subarray(at, next)]);
      this.#carry = NOTHING;
      at = next;
      this.#advance(head);
    }
    const rest = at === 0 ? bytes : bytes.subarray(at);
    if (this.#held.length > 0) this.#hold(rest);
    else this.#advance(rest);
  }

  /** Nothing comes any more; what is half-way in gives its place back. */
  end(): void {
    const state = this.#state;
    if (state.name === 'land') this.#landing.abandon(state.claim);
    if (state.name === 'forward') this.#events.reserve(-state.held);
    this.#unhold();
    this.#carry = NOTHING;
    this.#state = { name: 'ended' };
  }

  #resume(): void {
    if (this.#held.length > 0) this.consume(this.#unhold());
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#events.reserve(bytes.length)) this.#held = Buffer.concat([this.#held, bytes]);
    else this.#fail('no-memory', bytes.length);
  }

  #unhold(): Buffer {
    const held = this.#held;
    this.#held = NOTHING;
    this.#events.reserve(-held.length);
    return held;
  }

  #advance(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const state = this.#state;
      switch (state.name) {
        case 'raw': {
          const count = Math.min(this.#credit, bytes.length - at);
          if (count > 0) this.#events.received(Buffer.from(bytes.subarray(at, at + count)));
          this.#credit -= count;
          this.#hold(bytes.subarray(at + count));
          return;
        }
        case 'head': {
          const used = this.#begin(bytes, at);
          if (used === 0) return;
          at += used;
          break;
        }
        case 'land': {
          const count = Math.min(state.claim.length - state.at, bytes.length - at);
          this.#landing.write(state.claim, state.at, bytes, at, at + count);
          state.at += count;
          at += count;
          if (state.at === state.claim.length) this.#finishLanding(state.claim, state.frame);
          break;
        }
        case 'discard': {
          const count = Math.min(state.left, bytes.length - at);
          state.left -= count;
          at += count;
          if (state.left === 0) this.#finishDiscard(state.frame);
          break;
        }
        case 'forward': {
          const count = Math.min(state.left, bytes.length - at);
          if (!this.#events.reserve(count)) {
            this.#fail('no-memory', state.held + state.left);
            return;
          }
          state.parts.push(Buffer.from(bytes.subarray(at, at + count)));
          state.held += count;
          state.left -= count;
          at += count;
          if (state.left === 0) {
            this.#events.reserve(-state.held);
            this.#state = AT_HEAD;
            this.#events.received(Buffer.concat(state.parts));
          }
          break;
        }
        case 'ended':
          return;
        default:
          state satisfies never;
      }
    }
  }

  /** Decides on the frame that begins at `at`. @returns bytes used; 0 where it has to wait, and they are kept, or failed */
  #begin(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    const length = there < WORD ? 0 : bytes.readUInt32BE(at);
    if (there < WORD + Math.min(length, HEAD)) {
      this.#carry = Buffer.from(bytes.subarray(at));
      return 0;
    }
    if (length > this.#maxFrame) {
      this.#fail('too-long', length);
      return 0;
    }
    const body = at + WORD;
    const verdict = this.#rules.isEmpty ? 'forward' : this.#rules.take(bytes, body, length);
    if (verdict === 'forward') return this.#forward(bytes, at, WORD + length);
    bytes.copy(this.#head, 0, body, body + Math.min(length, HEAD));
    const claim = verdict === 'discard' ? null : this.#landing.claim(verdict);
    if (claim === null) {
      this.#state = { name: 'discard', frame: length, left: length };
      if (length === 0) this.#finishDiscard(length);
      return WORD;
    }
    this.#state = { name: 'land', claim, frame: length, at: 0 };
    if (claim.length === 0) this.#finishLanding(claim, length);
    return WORD + length - claim.length;
  }

  /** Any credit lets one whole frame through. */
  #forward(bytes: Buffer, at: number, size: number): number {
    if (this.#credit <= 0) {
      this.#hold(bytes.subarray(at));
      return 0;
    }
    this.#credit -= size;
    const end = at + size;
    if (end <= bytes.length) {
      this.#events.received(Buffer.from(bytes.subarray(at, end)));
      return size;
    }
    const first = Buffer.from(bytes.subarray(at));
    if (!this.#events.reserve(first.length)) {
      this.#fail('no-memory', size);
      return 0;
    }
    this.#state = { name: 'forward', parts: [first], held: first.length, left: size - first.length };
    return first.length;
  }

  #finishLanding(claim: Claim, frame: number): void {
    this.#state = AT_HEAD;
    if (this.#landing.finish(claim)) this.#events.landed(claim.buffer, claim.offset, claim.length);
    else this.#finishDiscard(frame);
  }

  #finishDiscard(frame: number): void {
    this.#state = AT_HEAD;
    this.#events.discarded(frame, Buffer.from(this.#head.subarray(0, Math.min(frame, HEAD))));
  }

  #fail(reason: 'too-long' | 'no-memory', length: number): void {
    this.end();
    this.#events.failed(reason, length);
  }
}
