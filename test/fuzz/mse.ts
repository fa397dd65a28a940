/** A whole handshake of the encryption with one side of ours, the other side's words made of the input. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { KEY_BYTES, KeyPair } from '../../sw/engine/codec/dh.ts';
import { Initiator, Method, Responder, torrentMark } from '../../sw/engine/codec/mse.ts';
import type { Secured, Step } from '../../sw/engine/codec/mse.ts';
import { Rc4 } from '../../sw/engine/codec/rc4.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const SKEY = new Uint8Array(20).fill(7);
const HELLO = Uint8Array.from({ length: 68 }, (_, at) => at ^ 0x5a);
const EXPONENT = 20;
/** Keys, the longest pads, marks, numbers, and all that may be said within. */
const MOST_ASKED = KEY_BYTES + 512 + 40 + 14 + 512 + 2 + 4096;

/** Bits of the first byte. The second is how long our pads are; the third how many bytes come at once, less one. */
const AS_INITIATOR = 1;
const PLAINTEXT = 2;
const RC4 = 4;
/** What follows is not enciphered, nor said behind the marks that name the torrent. */
const RAW = 8;
/** How many of the bytes that follow are padding before the marks: these bits times sixteen. */
const PAD = 0xf0;

const far = new KeyPair(() => new Uint8Array(EXPONENT).fill(5));
const near = (padding: number) => (count: number) =>
  count === EXPONENT
    ? new Uint8Array(EXPONENT).fill(3)
    : count === 2
      ? Uint8Array.of(padding >> 7, padding << 1)
      : new Uint8Array(count);
/** Both keys are the same every time, and so is what they come to. */
const secret = new KeyPair(near(0)).secret(far.publicKey);

const sha1 = (...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
};

function farStream(name: 'keyA' | 'keyB'): Rc4 {
  const stream = new Rc4(sha1(name, secret, SKEY));
  stream.apply(new Uint8Array(1024));
  return stream;
}

/** Throws where ours breaks, asks for more than a handshake can have, or reads anything else out of one than is in it. */
export function mse(input: Uint8Array): void {
  const [head = 0, padding = 0, size = 0] = input;
  const allowed = ((head & PLAINTEXT) !== 0 ? Method.PLAINTEXT : 0) | ((head & RC4) !== 0 ? Method.RC4 : 0);
  const random = near(padding);
  const isInitiator = (head & AS_INITIATOR) !== 0;
  const machine = isInitiator
    ? new Initiator(SKEY, allowed, HELLO, random)
    : new Responder(mark => (mark === torrentMark(SKEY) ? SKEY : null), allowed, random);
  const pad = input.subarray(3, 3 + (head & PAD));
  const said = input.subarray(3 + pad.length);
  const marks = isInitiator ? [] : [sha1('req1', secret), xor(sha1('req2', SKEY), sha1('req3', secret))];
  const words = (head & RAW) !== 0 ? [said] : [...marks, farStream(isInitiator ? 'keyB' : 'keyA').apply(said)];
  const bytes = Buffer.concat([far.publicKey, pad, ...words]);
  const secured = run(machine, bytes, size + 1);
  if (!secured || (head & RAW) !== 0) return;
  assert.ok(secured.cipher ? (allowed & Method.RC4) !== 0 : (allowed & Method.PLAINTEXT) !== 0, 'what was not allowed');
  // What was said: eight zeros, methods, a pad behind its length; to who was connected to, as much again of first words.
  const ourPad = Buffer.from(said).readUInt16BE(12);
  const at = 14 + ourPad;
  if (isInitiator) return void assert.equal(secured.cipher?.receive.position ?? 1024 + at, 1024 + at);
  const initial = said.subarray(at + 2, at + 2 + Buffer.from(said).readUInt16BE(at));
  assert.deepEqual(Uint8Array.from(secured.initial), Uint8Array.from(initial));
  assert.equal(secured.cipher?.receive.position ?? 0, secured.cipher ? 1024 + at + 2 + initial.length : 0);
}

/** Gives a side what it asks for, `size` bytes at a time; what the handshake came to, null where to nothing. */
function run(machine: Initiator | Responder, bytes: Uint8Array, size: number): Secured | null {
  let step: Step = machine instanceof Initiator ? machine.start() : machine.start(bytes.subarray(0, 68));
  let at = machine instanceof Initiator ? 0 : 68;
  let credit = step.want;
  let asked = at + credit;
  try {
    while (credit > 0 && at < bytes.length) {
      const part = bytes.subarray(at, at + Math.min(size, credit));
      at += part.length;
      credit -= part.length;
      step = machine.received(part);
      if (step.want > 0) assert.equal(credit, 0, 'asked for more before all was there');
      credit += step.want;
      asked += step.want;
      assert.ok(asked <= MOST_ASKED, 'asked for more than there can be');
      if (step.secured) return step.secured;
    }
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'protocol') throw error;
  }
  return null;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ (b[at] ?? 0));
}
