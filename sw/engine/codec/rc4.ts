/** RC4, for what little of a stream is enciphered before the stream itself is: it hides, and keeps no secret. */
export class Rc4 {
  /** Bytes of the keystream that are used up. */
  position = 0;
  private readonly box = Uint8Array.from({ length: 256 }, (_, index) => index);
  private i = 0;
  private j = 0;

  constructor(readonly key: Uint8Array) {
    const { box } = this;
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + box[i]! + key[i % key.length]!) & 255;
      this.swap(i, j);
    }
  }

  /** Enciphers or deciphers a copy. */
  apply(bytes: Uint8Array): Uint8Array {
    this.position += bytes.length;
    return bytes.map(byte => byte ^ this.next());
  }

  private next(): number {
    const { box } = this;
    this.i = (this.i + 1) & 255;
    this.j = (this.j + box[this.i]!) & 255;
    this.swap(this.i, this.j);
    return box[(box[this.i]! + box[this.j]!) & 255]!;
  }

  private swap(a: number, b: number): void {
    const byte = this.box[a]!;
    this.box[a] = this.box[b]!;
    this.box[b] = byte;
  }
}
