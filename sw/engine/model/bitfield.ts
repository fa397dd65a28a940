/** A set of piece indexes as the wire carries it: one bit a piece, the most significant bit first (BEP 3). */
export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  /** Takes a copy of `bytes`, which must be ceil(size / 8) long; spare bits at the end are ignored. Empty without them. */
  constructor(size: number, bytes?: Uint8Array) {
    const length = Math.ceil(size / 8);
    this.size = size;
    if (bytes === undefined) {
      this.#bytes = new Uint8Array(length);
      return;
    }
    if (bytes.length !== length) throw new RangeError(`a bitfield of ${size} bits takes ${length} bytes, not ${bytes.length}`);
    this.#bytes = bytes.slice();
    if (length > 0) this.#bytes[length - 1]! &= ~spareMask(size);
    for (const byte of this.#bytes) this.#count += POPULATION[byte]!;
  }

  /** Reads what a peer or a file sent; null where the length is wrong or spare bits are set. */
  static parse(bytes: Uint8Array, size: number): Bitfield | null {
    if (bytes.length !== Math.ceil(size / 8)) return null;
    if (((bytes.at(-1) ?? 0) & spareMask(size)) !== 0) return null;
    return new Bitfield(size, bytes);
  }

  static full(size: number): Bitfield {
    return new Bitfield(size, new Uint8Array(Math.ceil(size / 8)).fill(0xff));
  }

  /** How many are set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** False also outside 0 … size − 1. */
  get(index: number): boolean {
    return ((this.#bytes[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
  }

  /** Tells whether it changed anything; outside 0 … size − 1 it does not. */
  set(index: number): boolean {
    if (index < 0 || index >= this.size || this.get(index)) return false;
    this.#bytes[index >>> 3]! |= 0x80 >>> (index & 7);
    this.#count++;
    return true;
  }

  /** Tells whether it changed anything. */
  clear(index: number): boolean {
    if (!this.get(index)) return false;
    this.#bytes[index >>> 3]! &= ~(0x80 >>> (index & 7));
    this.#count--;
    return true;
  }

  /** The first index from `from` on that is set in both; −1 if none. */
  nextShared(other: Bitfield, from: number): number {
    for (let at = from >>> 3, mask = 0xff >>> (from & 7); at < this.#bytes.length; at++, mask = 0xff) {
      const shared = this.#bytes[at]! & (other.#bytes[at] ?? 0) & mask;
      if (shared !== 0) return at * 8 + Math.clz32(shared) - 24;
    }
    return -1;
  }

  /** The indexes set, in ascending order. */
  *ones(): Generator<number, void, undefined> {
    for (let at = 0; at < this.#bytes.length; at++) {
      let byte = this.#bytes[at]!;
      while (byte !== 0) {
        const bit = Math.clz32(byte) - 24;
        yield at * 8 + bit;
        byte &= ~(0x80 >>> bit);
      }
    }
  }

  /** A copy, as the wire wants it. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }

  clone(): Bitfield {
    return new Bitfield(this.size, this.#bytes);
  }
}

/** The bits of the last byte that stand for no piece. */
function spareMask(size: number): number {
  return size % 8 === 0 ? 0 : 0xff >>> (size % 8);
}

const POPULATION = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});
