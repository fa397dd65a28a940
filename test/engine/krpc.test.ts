import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipBytes, ipText, packPeer, subnetOf } from '../../sw/engine/codec/address.ts';
import { encode } from '../../sw/engine/codec/bencode.ts';
import { decodeKrpc, encodeKrpc, MAX_KRPC_BYTES, NO_REPLY } from '../../sw/engine/codec/krpc.ts';
import type { Family } from '../../sw/engine/codec/address.ts';
import type { KrpcMessage } from '../../sw/engine/codec/krpc.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { addToFilter, estimateCount, joinFilters } from '../../sw/engine/model/bloom.ts';
import { sha1Of } from '../../sw/engine/codec/digest.ts';
import { fromHex, toHex } from '../../sw/engine/model/ids.ts';
import { idForAddress, idInBucket, isIdOfAddress, sharedBits } from '../../sw/engine/model/node-id.ts';

const bytes = (min: number, max = min): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: min, maxLength: max });
const plain = (value: Uint8Array): Uint8Array => Uint8Array.from(value);
const id = bytes(20).map(plain);
const port = fc.integer({ min: 1, max: 65535 });
const peer4 = fc.record({ host: bytes(4).map(ip => ipText(ip)!), port });
const peer6 = fc.record({ host: bytes(16).map(ip => ipText(ip)!), port });
const node = (peer: typeof peer4) => fc.record({ id, peer }).map(({ id: its, peer: at }) => ({ id: its, ...at }));
const want = fc.subarray<Family>([4, 6]);
const query = fc.oneof(
  fc.constant({ method: 'ping' as const }),
  fc.record({ method: fc.constant('find_node' as const), target: id, want }),
  fc.record({ method: fc.constant('get_peers' as const), infoHash: id, want, noSeed: fc.boolean(), scrape: fc.boolean() }),
  fc.record({
    method: fc.constant('announce_peer' as const),
    infoHash: id,
    port: fc.integer({ min: 0, max: 65535 }),
    token: bytes(0, 20).map(plain),
    seed: fc.boolean(),
  }),
);
const reply = fc.record({
  nodes: fc.option(fc.array(node(peer4), { maxLength: 8 })),
  nodes6: fc.option(fc.array(node(peer6), { maxLength: 8 })),
  peers: fc.array(fc.oneof(peer4, peer6), { maxLength: 20 }),
  token: fc.option(bytes(0, 20).map(plain)),
  filters: fc.constant(null),
});
const tx = bytes(0, 8).map(plain);
const message: fc.Arbitrary<KrpcMessage> = fc.oneof(
  fc.record({ type: fc.constant('query' as const), tx, id, readOnly: fc.boolean(), query }),
  fc.record({ type: fc.constant('reply' as const), tx, id, ip: fc.option(fc.oneof(peer4, peer6)), reply }),
  fc.record({ type: fc.constant('error' as const), tx, code: fc.integer({ min: 201, max: 204 }), text: fc.constant('no') }),
);

describe('the messages of the DHT', () => {
  it('come back as they went, byte for byte', () => {
    fc.assert(
      fc.property(message, before => {
        const sent = encodeKrpc(before);
        const after = decodeKrpc(sent);
        expect(after).toEqual(before);
        expect(encodeKrpc(after)).toEqual(sent);
      }),
    );
  });

  it('are those of BEP 5', () => {
    const text = (ascii: string): Uint8Array => new TextEncoder().encode(ascii);
    const from = text('abcdefghij0123456789');
    expect(decodeKrpc(text('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe'))).toEqual({
      type: 'query',
      tx: text('aa'),
      id: from,
      readOnly: false,
      query: { method: 'ping' },
    });
    const announce =
      'd1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456' +
      '4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe';
    expect(decodeKrpc(text(announce))).toMatchObject({ query: { method: 'announce_peer', port: 0, token: text('aoeusnth') } });
    expect(decodeKrpc(text('d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee'))).toMatchObject({ type: 'error', code: 201 });
    expect(decodeKrpc(text('d1:ad2:id20:abcdefghij0123456789e1:q4:vote1:t2:aa1:y1:qe'))).toMatchObject({
      query: { method: 'unknown' },
    });
  });

  it('that are none, cut short or changed throw an error of ours, or are read as something sound', () => {
    const tried = (input: Uint8Array): void => {
      try {
        const read = decodeKrpc(input);
        if (read.type === 'query') expect(read.id).toHaveLength(20);
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
      }
    };
    fc.assert(fc.property(bytes(0, 300), tried));
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), fc.boolean(), (sound, at, byte, cut) => {
        const changed = encodeKrpc(sound).slice();
        changed[at % changed.length] = byte;
        tried(cut ? changed.subarray(0, at % changed.length) : changed);
      }),
    );
  });

  it.each([
    ['an id of 19 bytes', { a: { id: new Uint8Array(19) }, q: new TextEncoder().encode('ping'), t: new Uint8Array(2) }, 'q'],
    ['no mark', { a: { id: new Uint8Array(20) }, q: new TextEncoder().encode('ping') }, 'q'],
    ['a mark of 21 bytes', { r: { id: new Uint8Array(20) }, t: new Uint8Array(21) }, 'r'],
    ['nodes of 25 bytes', { r: { id: new Uint8Array(20), nodes: new Uint8Array(25) }, t: new Uint8Array(2) }, 'r'],
    ['a token of 200 bytes', { r: { id: new Uint8Array(20), token: new Uint8Array(200) }, t: new Uint8Array(2) }, 'r'],
    ['more than a datagram', { r: { id: new Uint8Array(20), pad: new Uint8Array(MAX_KRPC_BYTES) }, t: new Uint8Array(2) }, 'r'],
  ])('with %s are refused', (_, fields, type) => {
    expect(() => decodeKrpc(encode({ ...fields, y: new TextEncoder().encode(type) }))).toThrow(EngineError);
  });

  it('never carry more nodes than 32 or peers than 200 in', () => {
    const nodes = Uint8Array.from({ length: 26 * 40 }, () => 7);
    const read = decodeKrpc(
      encodeKrpc({ type: 'reply', tx: new Uint8Array(4), id: new Uint8Array(20), ip: null, reply: NO_REPLY }),
    );
    expect(read).toMatchObject({ reply: { nodes: null, peers: [] } });
    const many = decodeKrpc(
      encode({ r: { id: new Uint8Array(20), nodes }, t: new Uint8Array(4), y: new TextEncoder().encode('r') }),
    );
    expect(many.type === 'reply' && many.reply.nodes).toHaveLength(32);
  });
});

describe('addresses', () => {
  it('are read as they are written', () => {
    fc.assert(fc.property(fc.oneof(bytes(4), bytes(16)), ip => void expect(ipBytes(ipText(ip)!)).toEqual(plain(ip))));
    expect(ipBytes('::ffff:1.2.3.4')).toEqual(fromHex('00000000000000000000ffff01020304'));
    for (const wrong of ['', '1.2.3', '1.2.3.256', 'router.example', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', '1:2:3', '1.2.3.4::'])
      expect(ipBytes(wrong), wrong).toBeNull();
    expect(packPeer('1.2.3.4', 0x1ae1)).toEqual(Uint8Array.of(1, 2, 3, 4, 0x1a, 0xe1));
    expect(subnetOf('2001:db8::1')).toBe(subnetOf('2001:db8::ffff:2'));
    expect(subnetOf('10.0.0.1')).not.toBe(subnetOf('10.0.0.2'));
  });
});

describe('ids of nodes (BEP 42)', () => {
  it.each([
    ['124.31.75.21', 1, '5fbfbf'],
    ['21.75.31.124', 86, '5a3ce9'],
    ['65.23.51.170', 22, 'a5d432'],
    ['84.124.73.14', 65, '1b0321'],
    ['43.213.53.83', 90, 'e56f6c'],
  ])('follow from the address %s', (host, last, start) => {
    const random = new Uint8Array(20).fill(0xff);
    random[19] = last;
    const made = idForAddress(ipBytes(host)!, random);
    expect(toHex(made.subarray(0, 2))).toBe(start.slice(0, 4));
    expect(made[2]! & 0xf8).toBe(parseInt(start.slice(4), 16) & 0xf8);
    expect(isIdOfAddress(made, ipBytes(host)!)).toBe(true);
    expect(isIdOfAddress(made, ipBytes('8.8.8.8')!)).toBe(false);
    expect(isIdOfAddress(made, ipBytes('192.168.0.7')!)).toBe(true);
  });

  it('can be made to lie in any bucket', () => {
    fc.assert(
      fc.property(id, fc.integer({ min: 0, max: 159 }), id, (own, bits, random) => {
        expect(sharedBits(own, idInBucket(own, bits, random))).toBe(bits);
      }),
    );
  });
});

describe('the counting of a swarm (BEP 33)', () => {
  it('sets the bits of the example, and counts about right over several nodes', () => {
    const one = new Uint8Array(256);
    const other = new Uint8Array(256);
    for (let at = 0; at <= 255; at++) addToFilter(one, sha1Of(Uint8Array.of(192, 0, 2, at)));
    for (let at = 0; at <= 0x3e7; at++) {
      const ip = new Uint8Array(16);
      ip.set([0x20, 0x01, 0x0d, 0xb8]);
      new DataView(ip.buffer).setUint16(14, at);
      addToFilter(other, sha1Of(ip));
    }
    joinFilters(one, other);
    expect(toHex(one.subarray(0, 8))).toBe('f6c3f5eaa07ffd91');
    expect(estimateCount(one)).toBeGreaterThan(1200);
    expect(estimateCount(one)).toBeLessThan(1250);
    expect(estimateCount(new Uint8Array(256))).toBe(0);
  });
});
