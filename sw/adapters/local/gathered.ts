/** Parts that are kept as they came; in more, they cost one copy, and each no memory of its own. */
const MAX_PARTS = 16;
const NOTHING = new Uint8Array(0);

/** Bytes that come in parts: kept as they came while those are few. */
export class Gathered {
  parts: Uint8Array[] = [];
  private at = 0;

  constructor(readonly length: number) {}

  add(bytes: Uint8Array): void {
    const [whole] = this.parts;
    if (this.parts.length < MAX_PARTS && whole?.length !== this.length) this.parts.push(bytes);
    else if (whole?.length === this.length) whole.set(bytes, this.at);
    else {
      const parts = this.parts;
      this.parts = [new Uint8Array(this.length)];
      this.at = 0;
      for (const part of [...parts, bytes]) {
        this.parts[0]?.set(part, this.at);
        this.at += part.length;
      }
      return;
    }
    this.at += bytes.length;
  }
}

/** In one piece: the only part as it is. */
export function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first = NOTHING] = parts;
  if (parts.length === 1) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
