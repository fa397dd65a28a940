/** A body on its way into assembly buffers: it fills their ranges in order, block by block, and tells how far it is. */
import { LEAF_BYTES, NetStatus } from '../wire/frames.ts';
import type { Claim } from './assembly.ts';
import { HttpProblem } from './http-client.ts';
import type { Landing } from './landing.ts';
import { TELL_BYTES } from './limits.ts';
import type { Ask } from '../wire/rules.ts';

/** What is told of, and what else may fill it meanwhile. */
const BLOCK = LEAF_BYTES;

export class LandingBody {
  readonly #landing: Landing;
  readonly #places: readonly Ask[];
  readonly #tell: (ranges: readonly Ask[], earlier: boolean) => void;
  /** The place being filled, and how much of it is behind us. */
  #place = 0;
  #at = 0;
  /** What is filled just now; its claim is null where the bytes are not wanted any more. */
  #block: { readonly ask: Ask; readonly claim: Claim | null; at: number } | null = null;
  #landed: { buffer: number; offset: number; length: number }[] = [];
  #landedBytes = 0;
  /** Whether another brought what is in {@link LandingBody.#landed}. */
  #earlier = false;
  readonly #later: (tell: () => void) => void;

  /** `tell` hears ranges that are in place, and whether another brought them; `later` calls before the next message leaves. */
  constructor(
    landing: Landing,
    places: readonly Ask[],
    tell: (ranges: readonly Ask[], earlier: boolean) => void,
    later: (tell: () => void) => void,
  ) {
    this.#landing = landing;
    this.#places = places;
    this.#tell = tell;
    this.#later = later;
  }

  /** The bytes are the reader's again when this returns. Throws MISFIT where there are more than places for them. */
  write(bytes: Buffer): void {
    let from = 0;
    while (from < bytes.length) {
      const block = (this.#block ??= this.#next());
      const count = Math.min(block.ask.length - block.at, bytes.length - from);
      if (block.claim !== null) this.#landing.write(block.claim, block.at, bytes, from, from + count);
      block.at += count;
      from += count;
      if (block.at === block.ask.length) this.#finish(block);
    }
  }

  /** All is there, or nothing more comes: throws MISFIT where something is missing. */
  end(): void {
    if (this.#block !== null || this.#place < this.#places.length) {
      throw new HttpProblem(NetStatus.MISFIT, 'what it sends is shorter than asked for');
    }
  }

  /** What is half-way in goes, and what was not told is told. */
  close(): void {
    if (this.#block?.claim) this.#landing.abandon(this.#block.claim);
    this.#block = null;
    this.#flush();
  }

  #next(): { readonly ask: Ask; readonly claim: Claim | null; at: number } {
    const place = this.#places[this.#place];
    if (place === undefined) throw new HttpProblem(NetStatus.MISFIT, 'what it sends is longer than asked for');
    const offset = place.offset + this.#at;
    // Blocks are those of the buffer, so that each is the one that anybody else would fill.
    const length = Math.min(BLOCK - (offset % BLOCK), place.length - this.#at);
    this.#at += length;
    if (this.#at === place.length) {
      this.#place += 1;
      this.#at = 0;
    }
    const ask = { buffer: place.buffer, offset, length };
    return { ask, claim: this.#landing.claim(ask), at: 0 };
  }

  #finish({ ask, claim }: { readonly ask: Ask; readonly claim: Claim | null }): void {
    this.#block = null;
    const earlier = claim === null || !this.#landing.finish(claim);
    if (!this.#landing.holds(ask)) return;
    if (earlier !== this.#earlier) this.#flush();
    this.#earlier = earlier;
    const last = this.#landed[this.#landed.length - 1];
    if (last?.buffer === ask.buffer && last.offset + last.length === ask.offset) last.length += ask.length;
    else this.#landed.push({ ...ask });
    if (this.#landedBytes === 0) this.#later(() => this.#flush());
    this.#landedBytes += ask.length;
    if (this.#landedBytes >= TELL_BYTES) this.#flush();
  }

  #flush(): void {
    if (this.#landed.length === 0) return;
    const ranges = this.#landed;
    this.#landed = [];
    this.#landedBytes = 0;
    this.#tell(ranges, this.#earlier);
  }
}
