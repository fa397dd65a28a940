import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode, type BValue } from '../../sw/engine/codec/bencode.ts';
import {
  decodeExtendedHandshake,
  decodeMetadata,
  encodeExtendedHandshake,
  encodeMetadataData,
  encodeMetadataReject,
  encodeMetadataRequest,
  mergeExtendedHandshake,
  METADATA_PART,
} from '../../sw/engine/codec/extensions.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the extension handshake', () => {
  it('comes back as it went', () => {
    const own = {
      m: { ut_metadata: 2, upload_only: 3 },
      metadataSize: 31235,
      reqq: 2000,
      client: 'Starling 0.1.0',
      port: 6881,
      yourIp: Uint8Array.of(80, 4, 4, 200),
      uploadOnly: true,
    };
    expect(decodeExtendedHandshake(encodeExtendedHandshake(own))).toEqual({
      ...own,
      m: new Map(Object.entries(own.m)),
      prefersEncryption: null,
    });
  });

  it('says nothing of what is not known', () => {
    expect(encodeExtendedHandshake({ m: {}, metadataSize: null, port: null, yourIp: null })).toEqual(bytes('d1:mdee'));
    expect(decodeExtendedHandshake(bytes('de'))).toEqual({
      m: new Map(),
      metadataSize: null,
      reqq: null,
      client: null,
      port: null,
      yourIp: null,
      uploadOnly: null,
      prefersEncryption: null,
    });
  });

  it.each<[string, Record<string, BValue>]>([
    ['no metadata at all', { metadata_size: 0 }],
    ['more metadata than anyone has', { metadata_size: 2 ** 31 }],
    ['less than none', { metadata_size: -1 }],
    ['no requests', { reqq: 0 }],
    ['no port', { p: 0 }],
    ['a port too high', { p: 65536 }],
    ['an address of no length', { yourip: new Uint8Array(5) }],
    ['text where a number should be', { metadata_size: bytes('1'), reqq: bytes('1'), p: bytes('1') }],
    ['a name without a printable character', { v: bytes('\u202e\u200b\0') }],
    ['extensions in a list', { m: [1] }],
    ['an extension of an id too high', { m: { ut_metadata: 256 } }],
  ])('takes a field that cannot be as not there: %s', (_, fields) => {
    expect(decodeExtendedHandshake(encode(fields))).toEqual(decodeExtendedHandshake(bytes('de')));
  });

  it('said again changes what it mentions, switches off what it gives the id 0, and leaves the rest', () => {
    const first = decodeExtendedHandshake(encode({ m: { ut_metadata: 3, ut_pex: 1 }, reqq: 500, p: 6881 }));
    const merged = mergeExtendedHandshake(first, decodeExtendedHandshake(encode({ m: { ut_pex: 0 }, upload_only: 1 })));
    expect(merged).toMatchObject({ reqq: 500, port: 6881, uploadOnly: true });
    expect(merged.m).toEqual(new Map(Object.entries({ ut_metadata: 3, ut_pex: 0 })));
    const back = mergeExtendedHandshake(merged, decodeExtendedHandshake(encode({ upload_only: 0 })));
    expect(back.uploadOnly).toBe(false);
    let many = merged;
    for (let round = 0; round < 100; round++) {
      const m = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x${round}-${i}`, 1]));
      many = mergeExtendedHandshake(many, decodeExtendedHandshake(encode({ m })));
    }
    expect(many.m.size).toBeLessThanOrEqual(64);
    expect(many.m.get('ut_metadata')).toBe(3);
  });

  it('is bounded in all that it keeps', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x${i}`, 1]));
    const read = decodeExtendedHandshake(encode({ m: many, v: bytes('n'.repeat(10_000)) }));
    expect(read.m.size).toBeLessThanOrEqual(64);
    expect(read.client?.length).toBeLessThanOrEqual(64);
  });

  it('may be followed by padding', () => {
    expect(decodeExtendedHandshake(bytes('d4:reqqi5eexxxx')).reqq).toBe(5);
  });
});

describe('metadata messages', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1900 }), fc.integer({ min: 1, max: 300 }), (piece, length) => {
        expect(decodeMetadata(encodeMetadataRequest(piece))).toEqual({ kind: 'request', piece });
        expect(decodeMetadata(encodeMetadataReject(piece))).toEqual({ kind: 'reject', piece });
        const total = piece * METADATA_PART + length;
        const part = new Uint8Array(length).fill(0x65);
        expect(decodeMetadata(encodeMetadataData(piece, total, part))).toEqual({ kind: 'data', piece, total, bytes: part });
      }),
    );
  });

  it('are as BEP 9 has them', () => {
    expect(encodeMetadataRequest(0)).toEqual(bytes('d8:msg_typei0e5:piecei0ee'));
    expect(encodeMetadataReject(3)).toEqual(bytes('d8:msg_typei2e5:piecei3ee'));
    expect(encodeMetadataData(1, 16387, bytes('abc'))).toEqual(bytes('d8:msg_typei1e5:piecei1e10:total_sizei16387eeabc'));
  });

  it('of a kind to come are passed over', () => {
    expect(decodeMetadata(bytes('d8:msg_typei3e5:piecei0ee'))).toBeNull();
  });

  it.each([
    ['no type', 'd5:piecei0ee'],
    ['no part', 'd8:msg_typei0ee'],
    ['a negative part', 'd8:msg_typei0e5:piecei-1ee'],
    ['a part beyond all metadata', 'd8:msg_typei0e5:piecei1920ee'],
    ['no size', 'd8:msg_typei1e5:piecei0eeabc'],
    ['a size of nothing', 'd8:msg_typei1e5:piecei0e10:total_sizei0ee'],
    ['a size of 2 GB', 'd8:msg_typei1e5:piecei0e10:total_sizei2147483648eeabc'],
    ['a part too short', 'd8:msg_typei1e5:piecei0e10:total_sizei4eeabc'],
    ['a part too long', 'd8:msg_typei1e5:piecei0e10:total_sizei2eeabc'],
    ['a part past the end', 'd8:msg_typei1e5:piecei1e10:total_sizei4eeabc'],
    ['a list', 'le'],
  ])('are refused with %s', (_, text) => {
    expect(() => decodeMetadata(bytes(text))).toThrow(EngineError);
  });
});

it('whatever a peer sends is read or refused with an EngineError', () => {
  const key = fc.constantFrom('m', 'metadata_size', 'reqq', 'v', 'p', 'yourip', 'upload_only', 'msg_type', 'piece', 'total_size');
  const field = fc.oneof(fc.integer(), fc.uint8Array({ maxLength: 20 }), fc.constant([]), fc.constant({}), fc.constant({ a: 1 }));
  const payload = fc.oneof(
    fc.dictionary(key, field, { noNullPrototype: true }).map(dict => encode(dict)),
    fc.uint8Array({ maxLength: 30 }),
  );
  fc.assert(
    fc.property(payload, input => {
      for (const read of [decodeExtendedHandshake, decodeMetadata]) {
        try {
          read(input);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
