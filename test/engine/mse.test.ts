import { createDiffieHellman, createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rc4 as DaemonRc4 } from '../../daemon/io/rc4.ts';
import { KEY_BYTES, KeyPair } from '../../sw/engine/codec/dh.ts';
import { Initiator, Method, Responder, torrentMark } from '../../sw/engine/codec/mse.ts';
import type { Secured, Step } from '../../sw/engine/codec/mse.ts';
import { Rc4 } from '../../sw/engine/codec/rc4.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { seeded } from '../sim/clock.ts';

const SKEY = Uint8Array.from({ length: 20 }, (_, index) => index + 1);
const BOTH = Method.PLAINTEXT | Method.RC4;
const REPLY = Uint8Array.from({ length: 68 }, (_, index) => index * 5);
const HELLO = Uint8Array.from({ length: 68 }, (_, index) => index ^ 0x5a);

function randomOf(seed: number) {
  const next = seeded(seed);
  return (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(next() * 256));
}

/** Random bytes in which the pads are as long as told, in turn: their lengths are asked for in two bytes, then what fills them. */
function padded(seed: number, pads: readonly number[]) {
  const random = randomOf(seed);
  const left = [...pads];
  let fills = false;
  return (count: number): Uint8Array => {
    const pad = !fills && count === 2 ? left.shift() : undefined;
    fills = pad !== undefined;
    return pad === undefined ? random(count) : Uint8Array.of(pad >> 8, pad & 255);
  };
}

const find = (mark: string) => (mark === torrentMark(SKEY) ? SKEY : null);

/** One side of a line: bytes reach it against credit alone, in pieces of at most `size`. */
class Side {
  secured: Secured | null = null;
  inbox: Uint8Array = new Uint8Array(0);
  credit = 0;
  /** The most that it was ever given. */
  read = 0;
  constructor(
    private readonly machine: { received(bytes: Uint8Array): Step },
    private readonly size: number,
  ) {}

  follow({ send, want, secured }: Step, other: Side): void {
    other.inbox = Buffer.concat([other.inbox, send]);
    // Nothing is asked for while something that was asked for is still to come.
    if (want > 0) expect(this.credit).toBe(0);
    this.credit += want;
    this.secured ??= secured;
  }

  /** False where nothing can be read. */
  turn(other: Side): boolean {
    const count = Math.min(this.size, this.credit, this.inbox.length);
    if (count === 0) return false;
    const part = this.inbox.subarray(0, count);
    this.inbox = this.inbox.subarray(count);
    this.credit -= count;
    this.read += count;
    this.follow(this.machine.received(part), other);
    return true;
  }
}

interface Shake {
  readonly offered?: number;
  readonly accepted?: number;
  readonly initial?: Uint8Array;
  readonly sizes?: readonly [number, number];
  /** Lengths of padA and padC, of padB and padD. */
  readonly a?: readonly number[];
  readonly b?: readonly number[];
  readonly seed?: number;
}

/** Lets both sides talk until nobody has anything to say; the responder goes on with a handshake of its own. */
function shake({
  offered = BOTH,
  accepted = BOTH,
  initial = HELLO,
  sizes = [9999, 9999],
  a = [0, 0],
  b = [0, 0],
  seed = 1,
}: Shake) {
  const initiator = new Initiator(SKEY, offered, initial, padded(seed, a));
  const responder = new Responder(find, accepted, padded(seed + 1, b));
  const one = new Side(initiator, sizes[0]);
  const two = new Side(responder, sizes[1]);
  one.follow(initiator.start(), two);
  two.follow(responder.start(two.inbox.subarray(0, 68)), one);
  two.inbox = two.inbox.subarray(68);
  let wentOn = false;
  while (two.turn(one) || one.turn(two)) {
    if (wentOn || !two.secured) continue;
    wentOn = true;
    one.inbox = Buffer.concat([one.inbox, two.secured.cipher ? hidden(two.secured.cipher.send, REPLY) : REPLY]);
  }
  return { one, two, skey: responder.skey };
}

function hidden(keystream: { readonly key: Uint8Array; readonly position: number }, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  DaemonRc4.at(keystream).apply(copy);
  return copy;
}

const pad = fc.oneof(fc.constantFrom(0, 1, 2, 510, 511), fc.nat(511));
const pads = fc.tuple(pad, pad);
const size = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 700 }));

describe('the handshake', () => {
  it('comes to the same on both sides, whatever the pads and however the bytes come', () => {
    fc.assert(
      fc.property(pads, pads, size, size, fc.constantFrom(0, 1, 68, 500, 4096), fc.nat(), (a, b, sizeA, sizeB, length, seed) => {
        const initial = randomOf(seed)(length);
        const { one, two, skey } = shake({ offered: Method.RC4, initial, sizes: [sizeA, sizeB], a, b, seed });
        expect(skey).toEqual(SKEY);
        expect(Buffer.from(two.secured?.initial ?? []).equals(initial)).toBe(true);
        expect(two.secured?.rest).toHaveLength(0);
        expect(two.inbox).toHaveLength(0);
        const near = one.secured?.cipher;
        const far = two.secured?.cipher;
        if (!near || !far) throw new Error('it did not come to RC4');
        expect(near.send).toEqual(far.receive);
        expect(near.receive).toEqual(far.send);
        expect(near.send.position).toBe(1024 + 16 + (a[1] ?? 0) + length);
        expect(near.receive.position).toBe(1024 + 14 + (b[1] ?? 0));
        // What was read too far, and what was not read: together the reply, enciphered.
        const reply = hidden(near.receive, Buffer.concat([one.secured?.rest ?? new Uint8Array(0), one.inbox]));
        expect(Buffer.from(reply).equals(REPLY)).toBe(true);
        expect(one.credit + two.credit).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [BOTH, BOTH, 'plaintext'],
    [Method.RC4, BOTH, 'RC4'],
    [BOTH, Method.RC4, 'RC4'],
    [Method.PLAINTEXT, BOTH, 'plaintext'],
    [BOTH | 0x40, Method.RC4, 'RC4'],
  ])('offered %i and accepted %i come to %s', (offered, accepted, expected) => {
    const { one, two } = shake({ offered, accepted });
    for (const { secured } of [one, two]) expect(secured?.cipher ? 'RC4' : 'plaintext').toBe(expected);
    const rest = Buffer.concat([one.secured?.rest ?? new Uint8Array(0), one.inbox]);
    if (expected === 'plaintext') expect(rest.equals(REPLY)).toBe(true);
  });

  it('ends where nothing that is offered is accepted', () => {
    expect(() => shake({ offered: Method.PLAINTEXT, accepted: Method.RC4 })).toThrow('no encryption that is allowed');
    expect(() => shake({ offered: 0 })).toThrow('no encryption that is allowed');
  });
});

/** The other side written anew, on Node's own Diffie-Hellman, so that it can say what ours never would. */
function byHand() {
  const prime = `ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563`;
  const dh = createDiffieHellman(prime, 'hex', 2);
  const fill = (bytes: Buffer) => Buffer.concat([Buffer.alloc(KEY_BYTES - bytes.length), bytes]);
  const sha = (...parts: (string | Uint8Array)[]) => {
    const hash = createHash('sha1');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const key = fill(dh.generateKeys());
  return {
    key,
    meet(theirs: Uint8Array) {
      const secret = fill(dh.computeSecret(theirs));
      const stream = (name: string) => {
        const rc4 = DaemonRc4.at({ key: sha(name, secret, SKEY), position: 1024 });
        return (...parts: Uint8Array[]) => {
          const bytes = Buffer.concat(parts);
          rc4.apply(bytes);
          return bytes;
        };
      };
      const [two, three] = [sha('req2', SKEY), sha('req3', secret)];
      return {
        a: stream('keyA'),
        b: stream('keyB'),
        one: sha('req1', secret),
        mark: two.map((byte, at) => byte ^ (three[at] ?? 0)),
      };
    },
  };
}

const u32 = (value: number) => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const ZEROS = Buffer.alloc(8);

/** Feeds a machine as much as it wants until it is secured, fails, or the bytes are at an end. */
function feed(
  machine: { received(bytes: Uint8Array): Step },
  bytes: Uint8Array,
  want: number,
): { step: Step | null; want: number } {
  let step: Step | null = null;
  let at = 0;
  while (want > 0 && at + want <= bytes.length) {
    step = machine.received(bytes.subarray(at, at + want));
    at += want;
    want = step.want;
  }
  return { step, want };
}

describe('a responder', () => {
  function responder() {
    const machine = new Responder(find, BOTH, randomOf(5));
    const other = byHand();
    expect(machine.start(other.key.subarray(0, 68)).want).toBe(28);
    const { send, want } = machine.received(other.key.subarray(68));
    const { a, b, one, mark } = other.meet(send.subarray(0, KEY_BYTES));
    return { machine, a, b, one, mark, answer: (bytes: Uint8Array) => feed(machine, bytes, want) };
  }

  it('understands a handshake that was written elsewhere, with the longest pads', () => {
    const { a, b, one, mark, answer } = responder();
    const padding = randomOf(9)(512);
    const hidden = a(ZEROS, u32(2), u16(512), Buffer.alloc(512, 3), u16(HELLO.length), HELLO);
    const { step } = answer(Buffer.concat([padding, one, mark, hidden]));
    expect(step?.secured?.initial).toEqual(HELLO);
    const said = b(step?.send ?? new Uint8Array(0));
    expect(said.subarray(0, 12)).toEqual(Buffer.concat([ZEROS, u32(2)]));
    expect(said.length).toBe(14 + said.readUInt16BE(12));
  });

  it.each([
    ['a pad that never ends', () => randomOf(1)(700), 'does not speak'],
    ['a torrent that is not here', ({ one }: ReturnType<typeof responder>) => Buffer.concat([one, Buffer.alloc(40)]), 'not here'],
    [
      'a constant that is none',
      ({ one, mark, a }: ReturnType<typeof responder>) => Buffer.concat([one, mark, a(Buffer.alloc(20, 1))]),
      'does not begin',
    ],
    [
      'a padC of 513 bytes',
      ({ one, mark, a }: ReturnType<typeof responder>) =>
        Buffer.concat([one, mark, a(ZEROS, u32(2), u16(513), Buffer.alloc(600))]),
      'padding is too long',
    ],
    [
      'too much at once',
      ({ one, mark, a }: ReturnType<typeof responder>) => Buffer.concat([one, mark, a(ZEROS, u32(2), u16(0), u16(4097))]),
      'says too much',
    ],
  ])('refuses %s', (_name, say, reason) => {
    const made = responder();
    expect(() => made.answer(say(made))).toThrow(reason);
  });
});

describe('an initiator', () => {
  function initiator(offered = BOTH) {
    const machine = new Initiator(SKEY, offered, HELLO, randomOf(6));
    const other = byHand();
    const { a, b, one, mark } = other.meet(machine.start().send.subarray(0, KEY_BYTES));
    const { send, want } = machine.received(other.key);
    return { a, b, one, mark, send, answer: (bytes: Uint8Array) => feed(machine, bytes, want) };
  }

  it('says what was written down elsewhere', () => {
    const { a, one, mark, send } = initiator();
    expect(Buffer.from(send.subarray(0, 40))).toEqual(Buffer.concat([one, mark]));
    const said = a(send.subarray(40));
    expect(said.subarray(0, 12)).toEqual(Buffer.concat([ZEROS, u32(BOTH)]));
    const padC = said.readUInt16BE(12);
    expect(said.subarray(14 + padC)).toEqual(Buffer.concat([u16(68), HELLO]));
  });

  it('finds the answer behind the longest pad', () => {
    const { b, answer } = initiator();
    const padding = randomOf(8)(512);
    const { step } = answer(Buffer.concat([padding, b(ZEROS, u32(2), u16(512), Buffer.alloc(512, 9)), b(REPLY)]));
    expect(step?.secured?.cipher?.receive.position).toBe(1024 + 14 + 512);
  });

  it.each([
    ['a pad that never ends', 3, () => randomOf(1)(900), 'does not speak'],
    ['what was not offered', 2, ({ b }: ReturnType<typeof initiator>) => b(ZEROS, u32(1), u16(0), REPLY), 'not offered'],
    ['both at once', 3, ({ b }: ReturnType<typeof initiator>) => b(ZEROS, u32(3), u16(0), REPLY), 'not offered'],
    ['nothing', 3, ({ b }: ReturnType<typeof initiator>) => b(ZEROS, u32(0), u16(0), REPLY), 'not offered'],
    ['a method of 32 bits', 3, ({ b }: ReturnType<typeof initiator>) => b(ZEROS, u32(0x80000002), u16(0), REPLY), 'not offered'],
    ['a padD of 513 bytes', 3, ({ b }: ReturnType<typeof initiator>) => b(ZEROS, u32(2), u16(513), REPLY), 'padding is too long'],
  ])('refuses %s', (_name, offered, say, reason) => {
    const made = initiator(offered);
    expect(() => made.answer(say(made))).toThrow(reason);
  });
});

describe('hostile bytes', () => {
  it('end in a refusal, or wait for a bounded rest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: KEY_BYTES, maxLength: 2000 }), fc.boolean(), (bytes, outgoing) => {
        const machine = outgoing ? new Initiator(SKEY, BOTH, HELLO, randomOf(3)) : new Responder(find, BOTH, randomOf(3));
        const first = machine instanceof Initiator ? machine.start().want : machine.start(new Uint8Array(0)).want;
        try {
          const { step, want } = feed(machine, bytes, first);
          expect(step?.secured ?? null).toBeNull();
          expect(want).toBeLessThanOrEqual(KEY_BYTES + 512 + 100);
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
          expect(error.code).toBe('protocol');
        }
      }),
    );
  });

  it.each([
    ['0', '00'],
    ['1', '01'],
    [
      'the prime less 1',
      'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090562',
    ],
    ['all ones', 'ff'.repeat(KEY_BYTES)],
  ])('of a key that is %s are refused', (_name, hex) => {
    const key = Buffer.from(hex.padStart(KEY_BYTES * 2, '0'), 'hex');
    expect(() => new KeyPair(randomOf(1)).secret(key)).toThrow('key');
  });
});

it('both ciphers of the project are one', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 32 }),
      fc.nat(3000),
      fc.uint8Array({ maxLength: 300 }),
      (key, position, bytes) => {
        const rc4 = new Rc4(key);
        rc4.apply(new Uint8Array(position));
        expect(rc4.apply(bytes)).toEqual(hidden({ key, position }, bytes));
      },
    ),
  );
});
