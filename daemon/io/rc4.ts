/** RC4, as peers hide their streams with it: it keeps no secret. OpenSSL 3 has it no more. */
import type { Keystream } from '../wire/frames.ts';

export class Rc4 {
  readonly #box = Uint8Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  private constructor(key: Uint8Array) {
    const box = this.#box;
    for (let i = 0, j = 0; i < 256; i++) {
      const byte = box[i] as number;
      j = (j + byte + (key[i % key.length] as number)) & 255;
      box[i] = box[j] as number;
      box[j] = byte;
    }
  }

  static at({ key, position }: Keystream): Rc4 {
    const cipher = new Rc4(key);
    cipher.apply(new Uint8Array(position));
    return cipher;
  }

  /** Enciphers or deciphers, in place. */
  apply(bytes: Uint8Array): void {
    const box = this.#box;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 255;
      const a = box[i] as number;
      j = (j + a) & 255;
      const b = box[j] as number;
      box[i] = b;
      box[j] = a;
      bytes[at] = (bytes[at] as number) ^ (box[(a + b) & 255] as number);
    }
    this.#i = i;
    this.#j = j;
  }
}
