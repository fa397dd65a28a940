/** The Diffie-Hellman exchange of message stream encryption: 2 to the power of a random number, modulo a 768-bit prime. */
import { fail } from '../errors.ts';
import { fromHex, toHex } from '../model/ids.ts';

export type RandomBytes = (count: number) => Uint8Array;

export const KEY_BYTES = 96;
/** As strong as the prime, and all that one exponentiation costs. */
const EXPONENT_BYTES = 20;
const GENERATOR = 2n;
const PRIME = BigInt(
  '0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74' +
    '020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437' +
    '4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563',
);

export class KeyPair {
  readonly publicKey: Uint8Array;
  private readonly exponent: bigint;

  constructor(random: RandomBytes) {
    this.exponent = toBigInt(random(EXPONENT_BYTES));
    this.publicKey = toBytes(power(GENERATOR, this.exponent));
  }

  /** 96 bytes, of 96. Throws `protocol` on a key that would make the secret one of a few. */
  secret(theirs: Uint8Array): Uint8Array {
    const key = toBigInt(theirs);
    if (key <= 1n || key >= PRIME - 1n) fail('protocol', 'Its key for the encryption is none.');
    return toBytes(power(key, this.exponent));
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = BigInt(EXPONENT_BYTES * 8 - 1); bit >= 0n; bit--) {
    result = (result * result) % PRIME;
    if (((exponent >> bit) & 1n) === 1n) result = (result * base) % PRIME;
  }
  return result;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function toBytes(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(KEY_BYTES * 2, '0'));
}
