import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ipBytes, ipText } from '../../sw/engine/codec/address.ts';
import { encode } from '../../sw/engine/codec/bencode.ts';
import { decodeExtendedHandshake } from '../../sw/engine/codec/extensions.ts';
import { decodePex, encodePex, MAX_PEX_PEERS } from '../../sw/engine/codec/pex.ts';
import { decodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { PeerExchange } from '../../sw/engine/pex.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a peer exchange message', () => {
  const ip = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
  const address = fc.record({ host: ip.map(raw => ipText(raw) ?? ''), port: fc.integer({ min: 1, max: 65535 }) });
  const peer = fc.tuple(address, fc.integer({ min: 0, max: 255 })).map(([where, flags]) => ({ ...where, flags }));

  it('comes back as it went, IPv4 before IPv6', () => {
    const isV4 = ({ host }: { host: string }): boolean => !host.includes(':');
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 50 }), fc.array(address, { maxLength: 50 }), (added, dropped) => {
        const inOrder = <T extends { host: string }>(list: T[]): T[] => [
          ...list.filter(isV4),
          ...list.filter(each => !isV4(each)),
        ];
        expect(decodePex(encodePex({ added, dropped }))).toEqual({ added: inOrder(added), dropped: inOrder(dropped) });
      }),
    );
  });

  it('is as BEP 11 has it', () => {
    const message = encodePex({ added: [{ host: '1.2.3.4', port: 0x1ae1, flags: 0x12 }], dropped: [] });
    expect(Buffer.from(message).toString('latin1')).toBe('d5:added6:\x01\x02\x03\x04\x1a\xe17:added.f1:\x127:dropped0:e');
  });

  it('tells at most so many of each, and none at port 0, whose flags are its own', () => {
    const many = new Uint8Array(6 * 1000).map((_, index) => (index % 6) + 1);
    expect(decodePex(encode({ added: many, dropped: many }))).toMatchObject({
      added: { length: MAX_PEX_PEERS },
      dropped: { length: MAX_PEX_PEERS },
    });
    const odd = Uint8Array.of(1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 1, 1);
    expect(decodePex(encode({ added: odd, 'added.f': Uint8Array.of(1, 2) })).added).toEqual([
      { host: '5.6.7.8', port: 257, flags: 2 },
    ]);
  });

  it.each([
    ['a list', bytes('le')],
    ['half an address', encode({ added: new Uint8Array(7) })],
    ['half an IPv6 address', encode({ dropped6: new Uint8Array(17) })],
    ['more than any peer has to say', encode({ added: new Uint8Array(6 * 6000) })],
    ['nothing at all', new Uint8Array(0)],
  ])('is refused as %s', (_, payload) => {
    expect(() => decodePex(payload)).toThrow(EngineError);
  });

  it('is read or refused whatever it is', () => {
    const keys = fc.constantFrom('added', 'added.f', 'added6', 'added6.f', 'dropped', 'dropped6');
    const field = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.integer(), fc.constant([]));
    const dict = fc.dictionary(keys, field, { noNullPrototype: true }).map(value => encode(value));
    fc.assert(
      fc.property(fc.oneof(dict, fc.uint8Array({ maxLength: 60 })), payload => {
        try {
          decodePex(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an address', () => {
  it('as text is the same bytes again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), text => {
        const raw = ipBytes(text);
        expect(raw).not.toBeNull();
        expect(ipBytes(ipText(raw ?? new Uint8Array(0)) ?? '')).toEqual(raw);
      }),
    );
    for (const none of ['1.2.3', '1.2.3.256', 'host', '1::2::3', ':::', '12345::', '1:2:3:4:5:6:7', ''])
      expect(ipBytes(none)).toBeNull();
  });
});

describe('the exchange', () => {
  function world(count: number) {
    const sent: { to: number; added: string[]; dropped: string[] }[] = [];
    const out = (effect: Effect): void => {
      if (effect.do !== 'send') return;
      const message = decodeMessage(effect.bytes.subarray(4));
      if (message.type !== 'extended') return;
      const { added, dropped } = decodePex(message.payload);
      sent.push({ to: effect.conn, added: added.map(({ host }) => host), dropped: dropped.map(({ host }) => host) });
    };
    const peers = new Map<number, Peer>();
    const join = (conn: number, incoming = false, port = 0): Peer => {
      const peer = new Peer(conn, `20.0.${conn >> 8}.${conn & 255}:5000`, incoming, 0, out, 8);
      peer.stage = 'open';
      peer.extended = decodeExtendedHandshake(encode({ m: { ut_pex: 7 }, ...(port > 0 ? { p: port } : {}) }));
      peers.set(conn, peer);
      return peer;
    };
    for (let conn = 1; conn <= count; conn++) join(conn);
    return { peers, join, sent, exchange: new PeerExchange(peers) };
  }
  const named = (...hosts: string[]): Uint8Array =>
    encodePex({ added: hosts.map(host => ({ host, port: 1, flags: 0 })), dropped: [] });

  test('tells each peer of the others once, then what changed, a minute apart', () => {
    const { peers, join, sent, exchange } = world(3);
    exchange.tick(0);
    expect(sent).toHaveLength(3);
    expect(sent[0]).toEqual({ to: 1, added: ['20.0.0.2', '20.0.0.3'], dropped: [] });
    join(4);
    peers.delete(2);
    sent.length = 0;
    for (let now = 1000; now < 60_000; now += 1000) exchange.tick(now);
    expect(sent.map(({ to }) => to)).toEqual([4]);
    exchange.tick(60_000);
    expect(sent.filter(({ to }) => to !== 4)).toEqual([
      { to: 1, added: ['20.0.0.4'], dropped: ['20.0.0.2'] },
      { to: 3, added: ['20.0.0.4'], dropped: ['20.0.0.2'] },
    ]);
    sent.length = 0;
    for (let now = 61_000; now < 300_000; now += 1000) exchange.tick(now);
    expect(sent).toEqual([]);
  });

  test('names no one whose door is unknown, nor 51 at once after the first time', () => {
    const { join, sent, exchange } = world(1);
    join(2, true);
    exchange.tick(0);
    expect(sent.map(({ to }) => to)).toEqual([2]);
    join(3, true, 6881);
    sent.length = 0;
    exchange.tick(60_000);
    expect(sent.find(({ to }) => to === 1)?.added).toEqual(['20.0.0.3']);
    for (let conn = 10; conn < 130; conn++) join(conn);
    sent.length = 0;
    exchange.tick(120_000);
    expect(sent.find(({ to }) => to === 1)?.added).toHaveLength(50);
    expect(sent.find(({ to }) => to === 10)?.added).toHaveLength(121);
  });

  test('believes no address nearer to us than the one who names it, and drops who tells too often', () => {
    const { peers, exchange } = world(1);
    const peer = peers.get(1)!;
    const hosts = ['8.8.8.8', '127.0.0.1', '10.0.0.1', '224.0.0.1', '0.0.0.0', '::1', '2001:db8::1'];
    expect(exchange.receive(peer, named(...hosts), 0).map(({ host }) => host)).toEqual(['8.8.8.8', '2001:db8::1']);
    for (let second = 1; second <= 5; second++) expect(exchange.receive(peer, named('9.9.9.9'), second * 1000)).toEqual([]);
    expect(() => exchange.receive(peer, named('9.9.9.9'), 6000)).toThrow(EngineError);
    const other = world(1);
    for (let minute = 0; minute < 30; minute++) {
      expect(other.exchange.receive(other.peers.get(1)!, named('9.9.9.9'), minute * 60_000)).toHaveLength(1);
    }
  });
});
