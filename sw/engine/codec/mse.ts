/**
 * Message stream encryption (MSE, also PE): the handshake that two peers hide their stream with. It keeps a stream from
 * being recognised by its bytes, no more: nobody is authenticated, and RC4 is no secret to who really wants it.
 *
 *   A → B   Ya, padA
 *   B → A   Yb, padB
 *   A → B   HASH('req1', S), HASH('req2', SKEY) ^ HASH('req3', S), ENC(VC, provided, len padC, padC, len IA, IA)
 *   B → A   ENC(VC, selected, len padD, padD), and from here on what was selected
 *
 * Y is 96 bytes, S the secret of the two Y, SKEY the info-hash, VC eight zeros, a pad at most 512 bytes; all numbers
 * are big-endian. Each side enciphers with a key of its own, whose first 1,024 bytes of keystream are thrown away.
 */
import { KEY_BYTES, KeyPair } from './dh.ts';
import type { RandomBytes } from './dh.ts';
import { sha1Of } from './digest.ts';
import { HANDSHAKE_BYTES } from './peer-wire.ts';
import { Rc4 } from './rc4.ts';
import { fail } from '../errors.ts';
import { concat, readU16, readU32, u16 } from '../model/bytes.ts';
import type { StreamCipher } from '../model/keystream.ts';
import { sameBytes, toHex } from '../model/ids.ts';

/** What a stream can be once the handshake is through; bits, as they may be offered together. */
export const Method = { PLAINTEXT: 1, RC4: 2 } as const;
export type Method = (typeof Method)[keyof typeof Method];

const MAX_PAD = 512;
/** What the other side may say in the handshake's own last message; every known client says 68 bytes or none. */
const MAX_INITIAL = 4096;
const HASH_BYTES = 20;
const VC = new Uint8Array(8);
/** VC, selected, len padD. */
const ANSWER_BYTES = VC.length + 4 + 2;
/** VC, provided, len padC. */
const OFFER_BYTES = VC.length + 4 + 2;
const LENGTH_BYTES = 2;
const THROWN_AWAY = new Uint8Array(1024);
const NOTHING: Uint8Array = new Uint8Array(0);

/** How a handshake ended. */
export interface Secured {
  /** Null where plaintext was selected. */
  readonly cipher: StreamCipher | null;
  /** The other side's first bytes, in plaintext. */
  readonly initial: Uint8Array;
  /** Read too far, as it was received. */
  readonly rest: Uint8Array;
}

/** What is to be done next: send these bytes, then wait for `want` more; or, once `secured`, for nothing. */
export interface Step {
  readonly send: Uint8Array;
  readonly want: number;
  readonly secured: Secured | null;
}

const WAIT: Step = { send: NOTHING, want: 0, secured: null };

/** What has arrived, as far as it was asked for. Nothing is looked at before all of that is there. */
class Intake {
  bytes = NOTHING;
  wanted: number;

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  /** True once everything that was wanted is there. */
  add(bytes: Uint8Array): boolean {
    this.bytes = concat(this.bytes, bytes);
    return this.bytes.length >= this.wanted;
  }

  /** Wants `total` bytes in all; gives how many more than there are. */
  want(total: number): number {
    this.wanted = Math.max(total, this.bytes.length);
    return this.wanted - this.bytes.length;
  }
}

/** Side A: the one that connected. */
export class Initiator {
  private readonly keys: KeyPair;
  private readonly intake = new Intake(KEY_BYTES);
  private send: Rc4 | null = null;
  private receive: Rc4 | null = null;
  /** VC as the other side enciphers it: where padB ends. */
  private mark = NOTHING;
  private answer: { method: number; pad: number } | null = null;

  /** `offered`: bits of {@link Method}. `initial` is sent within the handshake: it has to make the other side answer with 68 bytes. */
  constructor(
    private readonly skey: Uint8Array,
    private readonly offered: number,
    private readonly initial: Uint8Array,
    private readonly random: RandomBytes,
  ) {
    this.keys = new KeyPair(random);
  }

  start(): Step {
    return { send: concat(this.keys.publicKey, padding(this.random)), want: KEY_BYTES, secured: null };
  }

  /** Throws `protocol`. */
  received(bytes: Uint8Array): Step {
    if (!this.intake.add(bytes)) return WAIT;
    return this.send && this.receive ? this.readAnswer(this.send, this.receive) : this.readKey();
  }

  private readKey(): Step {
    const secret = this.keys.secret(this.intake.bytes);
    this.send = streamOf('keyA', secret, this.skey);
    this.receive = streamOf('keyB', secret, this.skey);
    const padC = new Uint8Array(padding(this.random).length);
    const offer = concat(VC, methods(this.offered), u16(padC.length), padC, u16(this.initial.length), this.initial);
    const mark = xor(hash('req2', this.skey), hash('req3', secret));
    const send = concat(hash('req1', secret), mark, this.send.apply(offer));
    this.mark = this.receive.apply(VC);
    return { send, want: this.intake.want(KEY_BYTES + ANSWER_BYTES + HANDSHAKE_BYTES), secured: null };
  }

  private readAnswer(send: Rc4, receive: Rc4): Step {
    const { bytes } = this.intake;
    const from = seek(bytes, KEY_BYTES, this.mark);
    const pads = from.at + ANSWER_BYTES;
    // Behind the answer there is at least a handshake: all of what is wanted will come.
    if (!from.found || bytes.length < pads) return { ...WAIT, want: this.intake.want(pads + HANDSHAKE_BYTES) };
    this.answer ??= readNumbers(receive.apply(bytes.subarray(from.at + VC.length, pads)));
    const { method, pad } = this.answer;
    if ((method !== Method.PLAINTEXT && method !== Method.RC4) || (method & this.offered) === 0) {
      fail('protocol', 'It selected an encryption that was not offered.');
    }
    const end = pads + pad;
    if (bytes.length < end) return { ...WAIT, want: this.intake.want(end) };
    receive.apply(bytes.subarray(pads, end));
    const cipher = method === Method.RC4 ? { receive: keystream(receive), send: keystream(send) } : null;
    return { ...WAIT, secured: { cipher, initial: NOTHING, rest: bytes.slice(end) } };
  }
}

/** Side B: the one that was connected to. */
export class Responder {
  /** The torrent that the other side is here for; empty until it is known. */
  skey: Uint8Array = NOTHING;
  private readonly keys: KeyPair;
  private readonly intake = new Intake(KEY_BYTES);
  private secret = NOTHING;
  /** Where the part that is read next begins. */
  private at = KEY_BYTES;
  private streams: { readonly send: Rc4; readonly receive: Rc4 } | null = null;
  private selected: Method | null = null;
  private pad = 0;
  private initialLength = -1;

  /**
   * `find` gives the info-hash that hashes to this {@link torrentMark}, or null. `accepted`: bits of {@link Method}; of
   * several the cheaper is selected.
   */
  constructor(
    private readonly find: (mark: string) => Uint8Array | null,
    private readonly accepted: number,
    private readonly random: RandomBytes,
  ) {
    this.keys = new KeyPair(random);
  }

  /** `first`: what was read before it was known to be a part of the key, and less than that. */
  start(first: Uint8Array): Step {
    this.intake.add(first);
    return { ...WAIT, want: this.intake.want(KEY_BYTES) };
  }

  /** Throws `protocol`. */
  received(bytes: Uint8Array): Step {
    if (!this.intake.add(bytes)) return WAIT;
    if (this.secret.length === 0) return this.readKey();
    return this.streams ? this.readInitial(this.streams) : this.readOffer();
  }

  private readKey(): Step {
    this.secret = this.keys.secret(this.intake.bytes.subarray(0, KEY_BYTES));
    const want = this.intake.want(KEY_BYTES + 2 * HASH_BYTES + OFFER_BYTES + LENGTH_BYTES);
    return { send: concat(this.keys.publicKey, padding(this.random)), want, secured: null };
  }

  private readOffer(): Step {
    const { bytes } = this.intake;
    const from = seek(bytes, KEY_BYTES, hash('req1', this.secret));
    const end = from.at + 2 * HASH_BYTES + OFFER_BYTES;
    if (!from.found || bytes.length < end) return { ...WAIT, want: this.intake.want(end + LENGTH_BYTES) };
    const mark = xor(bytes.subarray(from.at + HASH_BYTES, from.at + 2 * HASH_BYTES), hash('req3', this.secret));
    this.skey = this.find(toHex(mark)) ?? fail('protocol', 'It asks for a torrent that is not here.');
    const receive = streamOf('keyA', this.secret, this.skey);
    this.streams = { receive, send: streamOf('keyB', this.secret, this.skey) };
    const offer = receive.apply(bytes.subarray(end - OFFER_BYTES, end));
    if (!sameBytes(offer.subarray(0, VC.length), VC)) fail('protocol', 'Its encryption does not begin as it should.');
    const { method, pad } = readNumbers(offer.subarray(VC.length));
    const both = method & this.accepted;
    if ((both & Method.PLAINTEXT) !== 0) this.selected = Method.PLAINTEXT;
    else if ((both & Method.RC4) !== 0) this.selected = Method.RC4;
    else fail('protocol', 'It offers no encryption that is allowed here.');
    this.pad = pad;
    this.at = end;
    return this.readInitial(this.streams);
  }

  private readInitial({ send, receive }: { send: Rc4; receive: Rc4 }): Step {
    const { bytes } = this.intake;
    const start = this.at + this.pad + LENGTH_BYTES;
    if (bytes.length < start) return { ...WAIT, want: this.intake.want(start) };
    if (this.initialLength < 0) {
      this.initialLength = readU16(receive.apply(bytes.subarray(this.at, start)), this.pad);
      if (this.initialLength > MAX_INITIAL) fail('protocol', 'It says too much within the handshake of the encryption.');
    }
    const end = start + this.initialLength;
    if (bytes.length < end) return { ...WAIT, want: this.intake.want(end) };
    const initial = receive.apply(bytes.subarray(start, end));
    const padD = new Uint8Array(padding(this.random).length);
    const answer = send.apply(concat(VC, methods(this.selected ?? 0), u16(padD.length), padD));
    const cipher = this.selected === Method.RC4 ? { receive: keystream(receive), send: keystream(send) } : null;
    return { send: answer, want: 0, secured: { cipher, initial, rest: bytes.slice(end) } };
  }
}

/** Hex of what names a torrent to who knows its info-hash. */
export function torrentMark(infoHash: Uint8Array): string {
  return toHex(hash('req2', infoHash));
}

/**
 * Where `mark` begins in `bytes`, behind at most 512 bytes of padding after `from`; or else, where at the earliest it may
 * begin once there is more. Throws `protocol` where it cannot.
 */
function seek(bytes: Uint8Array, from: number, mark: Uint8Array): { found: boolean; at: number } {
  for (let at = from; at <= from + MAX_PAD; at++) {
    let same = 0;
    while (same < mark.length && at + same < bytes.length && bytes[at + same] === mark[same]) same++;
    if (same === mark.length) return { found: true, at };
    if (at + same >= bytes.length) return { found: false, at };
  }
  fail('protocol', 'It does not speak the encryption.');
}

/** A u32 of methods and the u16 length of the padding behind it. */
function readNumbers(bytes: Uint8Array): { method: number; pad: number } {
  const method = readU32(bytes, 0);
  const pad = readU16(bytes, 4);
  if (pad > MAX_PAD) fail('protocol', 'Its padding is too long.');
  return { method, pad };
}

function streamOf(name: 'keyA' | 'keyB', secret: Uint8Array, skey: Uint8Array): Rc4 {
  const stream = new Rc4(hash(name, secret, skey));
  stream.apply(THROWN_AWAY);
  return stream;
}

function keystream({ key, position }: Rc4): { key: Uint8Array; position: number } {
  return { key, position };
}

/** 0 to 511 random bytes. */
function padding(random: RandomBytes): Uint8Array {
  const [high = 0, low = 0] = random(2);
  return random(((high << 8) | low) & (MAX_PAD - 1));
}

function hash(name: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha1Of(new TextEncoder().encode(name), ...parts);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ b[index]!);
}

/** As a u32. */
function methods(bits: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, bits);
}
