/** CRC-32 as ZIP has it (ISO 3309, polynomial 0xEDB88320 reflected), four bytes at a step. */
const TABLES = makeTables();

export class Crc32 {
  private state = -1;

  add(bytes: Uint8Array): void {
    const [first, second, third, fourth] = TABLES;
    let state = this.state;
    let at = 0;
    for (const end = bytes.length - 3; at < end; at += 4) {
      state ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      state = fourth[state & 255]! ^ third[(state >>> 8) & 255]! ^ second[(state >>> 16) & 255]! ^ first[state >>> 24]!;
    }
    for (; at < bytes.length; at++) state = (state >>> 8) ^ first[(state ^ bytes[at]!) & 255]!;
    this.state = state;
  }

  /** Of all bytes so far. */
  get value(): number {
    return ~this.state >>> 0;
  }
}

/** Each after the first gives what a byte comes to one step further on. */
function makeTables(): [Int32Array, Int32Array, Int32Array, Int32Array] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    return sum;
  });
  const next = (table: Int32Array): Int32Array => table.map(sum => (sum >>> 8) ^ first[sum & 255]!);
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}
