import { sha1Of } from '../codec/digest.ts';
import { sameBytes } from '../model/ids.ts';

/** Ms that a secret is handed out for; it is good for as long again. */
const ROTATE_EVERY = 5 * 60_000;
const TOKEN_BYTES = 8;

/** Proves that who announces an address was asked at that address before (BEP 5): nothing is kept of who asked. */
export class Tokens {
  private secret: Uint8Array;
  private previous: Uint8Array;
  private rotateAt = 0;

  constructor(private readonly random: (count: number) => Uint8Array) {
    this.secret = random(20);
    this.previous = random(20);
  }

  issue(ip: Uint8Array, infoHash: Uint8Array, now: number): Uint8Array {
    this.rotate(now);
    return tokenOf(this.secret, ip, infoHash);
  }

  isValid(token: Uint8Array, ip: Uint8Array, infoHash: Uint8Array, now: number): boolean {
    this.rotate(now);
    return [this.secret, this.previous].some(secret => sameBytes(token, tokenOf(secret, ip, infoHash)));
  }

  private rotate(now: number): void {
    if (now < this.rotateAt) return;
    // After two periods without a question neither secret may stand.
    this.previous = now < this.rotateAt + ROTATE_EVERY ? this.secret : this.random(20);
    this.secret = this.random(20);
    this.rotateAt = now + ROTATE_EVERY;
  }
}

function tokenOf(secret: Uint8Array, ip: Uint8Array, infoHash: Uint8Array): Uint8Array {
  return sha1Of(secret, ip, infoHash).subarray(0, TOKEN_BYTES);
}
