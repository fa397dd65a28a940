import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allowedFastSet,
  decodeHandshake,
  decodeMessage,
  encodeHandshake,
  encodeMessage,
  encodeRequests,
  HANDSHAKE_BYTES,
  PIECE_ID,
  pieceHeader,
  piecePrefix,
  type Message,
} from '../../sw/engine/codec/peer-wire.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { fromHex, toHex } from '../../sw/engine/model/ids.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes20 = fc.uint8Array({ minLength: 20, maxLength: 20 });
const block = { piece: u32, begin: u32, length: u32 };
const hashRef = {
  root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  base: u32,
  index: u32,
  count: u32,
  proofLayers: u32,
};

const message: fc.Arbitrary<Exclude<Message, { type: 'unknown' }>> = fc.oneof(
  fc.record({ type: fc.constantFrom('keepAlive', 'choke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone') }),
  fc.record({ type: fc.constantFrom('have', 'suggest', 'allowedFast'), piece: u32 }),
  fc.record({ type: fc.constant('bitfield'), bytes: fc.uint8Array() }),
  fc.record({ type: fc.constantFrom('request', 'cancel', 'reject'), ...block }),
  fc.record({ type: fc.constant('piece'), piece: u32, begin: u32, block: fc.uint8Array() }),
  fc.record({ type: fc.constantFrom('hashRequest', 'hashReject'), ...hashRef }),
  fc.record({
    type: fc.constant('hashes'),
    ...hashRef,
    hashes: fc.integer({ min: 0, max: 8 }).chain(n => fc.uint8Array({ minLength: 32 * n, maxLength: 32 * n })),
  }),
  fc.record({ type: fc.constant('port'), port: fc.integer({ min: 0, max: 0xffff }) }),
  fc.record({ type: fc.constant('extended'), id: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array() }),
);

/** A frame as it comes off a stream: checked for its length word, which is then taken away. */
function unframe(bytes: Uint8Array): Uint8Array {
  expect(new DataView(bytes.buffer).getUint32(0)).toBe(bytes.length - 4);
  return bytes.subarray(4);
}

describe('the handshake', () => {
  it('comes back as it went', () => {
    const flags = { fast: fc.boolean(), extended: fc.boolean(), dht: fc.boolean(), v2: fc.boolean() };
    fc.assert(
      fc.property(fc.record({ infoHash: bytes20, peerId: bytes20, ...flags }), handshake => {
        const bytes = encodeHandshake(handshake);
        expect(bytes.length).toBe(HANDSHAKE_BYTES);
        expect(decodeHandshake(bytes)).toEqual(handshake);
      }),
    );
  });

  it('is as BEP 3, 6 and 10 have it', () => {
    const bytes = encodeHandshake({
      infoHash: new Uint8Array(20).fill(1),
      peerId: new Uint8Array(20).fill(2),
      fast: true,
      extended: true,
      dht: true,
      v2: true,
    });
    expect(toHex(bytes)).toBe(
      `13426974546f7272656e742070726f746f636f6c${'0000000000100015'}${'01'.repeat(20)}${'02'.repeat(20)}`,
    );
  });

  it('is refused from any other protocol, or cut short', () => {
    const good = encodeHandshake({
      infoHash: new Uint8Array(20),
      peerId: new Uint8Array(20),
      fast: false,
      extended: false,
      dht: false,
      v2: false,
    });
    for (let at = 0; at < 20; at++) {
      const bad = good.slice();
      bad[at]! ^= 1;
      expect(decodeHandshake(bad)).toBeNull();
    }
    expect(decodeHandshake(good.subarray(0, 67))).toBeNull();
    expect(decodeHandshake(new Uint8Array())).toBeNull();
  });

  it('may be followed by more', () => {
    const good = encodeHandshake({
      infoHash: new Uint8Array(20),
      peerId: new Uint8Array(20),
      fast: true,
      extended: false,
      dht: false,
      v2: false,
    });
    const longer = new Uint8Array(100);
    longer.set(good);
    expect(decodeHandshake(longer)?.fast).toBe(true);
  });
});

describe('messages', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(message, original => {
        const encoded = encodeMessage(original);
        const decoded = decodeMessage(unframe(encoded));
        expect(decoded).toEqual(original);
        if (decoded.type !== 'unknown') expect(encodeMessage(decoded)).toEqual(encoded);
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, Exclude<Message, { type: 'unknown' }>]>([
    ['00000000', { type: 'keepAlive' }],
    ['0000000100', { type: 'choke' }],
    ['0000000101', { type: 'unchoke' }],
    ['0000000102', { type: 'interested' }],
    ['0000000103', { type: 'notInterested' }],
    ['000000050400000007', { type: 'have', piece: 7 }],
    ['0000000305ff80', { type: 'bitfield', bytes: Uint8Array.of(0xff, 0x80) }],
    ['0000000d06000000010000400000004000', { type: 'request', piece: 1, begin: 16384, length: 16384 }],
    ['0000000b070000000100004000abcd', { type: 'piece', piece: 1, begin: 16384, block: Uint8Array.of(0xab, 0xcd) }],
    ['0000000d08000000010000400000004000', { type: 'cancel', piece: 1, begin: 16384, length: 16384 }],
    ['00000003091ae1', { type: 'port', port: 6881 }],
    ['000000050d00000007', { type: 'suggest', piece: 7 }],
    ['000000010e', { type: 'haveAll' }],
    ['000000010f', { type: 'haveNone' }],
    ['0000000d10000000010000400000004000', { type: 'reject', piece: 1, begin: 16384, length: 16384 }],
    ['000000051100000007', { type: 'allowedFast', piece: 7 }],
    ['0000000414006465', { type: 'extended', id: 0, payload: Uint8Array.of(0x64, 0x65) }],
  ])('are as BEP 3, 6 and 10 have them: %s', (hex, expected) => {
    expect(toHex(encodeMessage(expected))).toBe(hex);
    expect(decodeMessage(fromHex(hex).subarray(4))).toEqual(expected);
  });

  it('are read whatever they are, or refused with an EngineError', () => {
    const frame = fc.tuple(fc.integer({ min: 0, max: 25 }), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(frame, ([id, payload]) => {
        const bytes = Uint8Array.of(id, ...payload);
        try {
          const decoded = decodeMessage(bytes);
          // What is accepted is what we would have sent ourselves.
          if (decoded.type !== 'unknown') expect(encodeMessage(decoded).subarray(4)).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of extensions that we do not speak are told apart', () => {
    expect(decodeMessage(Uint8Array.of(24, 1, 2))).toEqual({ type: 'unknown', id: 24 });
    expect(decodeMessage(Uint8Array.of(255))).toEqual({ type: 'unknown', id: 255 });
  });

  it('are encoded alike one by one and all together', () => {
    fc.assert(
      fc.property(fc.array(fc.record(block), { maxLength: 20 }), requests => {
        const single = requests.map(request => [...encodeMessage({ type: 'request', ...request })]).flat();
        expect([...encodeRequests(requests)]).toEqual(single);
      }),
    );
  });

  it('begin as their header and prefix say', () => {
    const whole = encodeMessage({ type: 'piece', piece: 70_000, begin: 32768, block: new Uint8Array(100) });
    expect(whole.subarray(0, 13)).toEqual(pieceHeader(70_000, 32768, 100));
    expect(whole.subarray(4, 9)).toEqual(piecePrefix(70_000));
    expect(piecePrefix(0)[0]).toBe(PIECE_ID);
  });
});

describe('the allowed fast set', () => {
  const infoHash = new Uint8Array(20).fill(0xaa);

  it('is that of the example in BEP 6', () => {
    const seven = [1059, 431, 808, 1217, 287, 376, 1188];
    expect(allowedFastSet(infoHash, '80.4.4.200', 1313, 7)).toEqual(seven);
    expect(allowedFastSet(infoHash, '80.4.4.200', 1313, 9)).toEqual([...seven, 353, 508]);
  });

  it('holds no more pieces than there are, and is for IPv4 alone', () => {
    expect(allowedFastSet(infoHash, '80.4.4.200', 3).sort()).toEqual([0, 1, 2]);
    expect(allowedFastSet(infoHash, '80.4.4.200', 0)).toEqual([]);
    expect(allowedFastSet(infoHash, '2001:db8::1', 1313)).toEqual([]);
  });
});
