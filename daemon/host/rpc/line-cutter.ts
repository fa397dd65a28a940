/** Cuts what comes in chunks into lines, and never holds more than the longest that there may be. */

/** A .torrent of 10 MB as base64, with room to spare. */
export const MAX_LINE = 16 << 20;

/** Without its end; null for one that was too long, of which nothing is kept. */
export type Line = Uint8Array | null;

const NEWLINE = 0x0a;

export class LineCutter {
  private parts: Uint8Array[] = [];
  private length = 0;
  private readonly max: number;

  constructor(max = MAX_LINE) {
    this.max = max;
  }

  /** The lines that end in this chunk. */
  *push(chunk: Uint8Array): Iterable<Line> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.keep(chunk.subarray(from, end));
      yield this.take();
      from = end + 1;
    }
    this.keep(chunk.subarray(from));
  }

  /** What came last without an end of line, if anything did. */
  *end(): Iterable<Line> {
    if (this.length > 0) yield this.take();
  }

  private keep(part: Uint8Array): void {
    this.length += part.length;
    if (this.length > this.max) this.parts = [];
    else if (part.length > 0) this.parts.push(part);
  }

  private take(): Line {
    const { parts, length } = this;
    this.parts = [];
    this.length = 0;
    if (length > this.max) return null;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
}
