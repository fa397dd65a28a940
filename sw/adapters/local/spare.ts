/** Bytes of memory that are kept for the next piece. */
export const SPARE = 32 << 20;

/** Memory of pieces that are done, for the next of the same length: fresh memory costs more than what is done with it. */
export class Spare {
  /** What was given back last comes last. */
  private free: Uint8Array[] = [];
  private held = 0;

  get bytes(): number {
    return this.held;
  }

  /** With whatever was in it. */
  take(length: number): Uint8Array {
    const at = this.free.findLastIndex(memory => memory.length === length);
    if (at < 0) return new Uint8Array(length);
    this.held -= length;
    return this.free.splice(at, 1)[0]!;
  }

  give(memory: Uint8Array): void {
    this.free.push(memory);
    this.held += memory.length;
    while (this.held > SPARE) this.held -= this.free.shift()!.length;
  }
}
