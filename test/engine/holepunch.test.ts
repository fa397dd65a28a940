import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ipText } from '../../sw/engine/codec/address.ts';
import type { PeerAddress } from '../../sw/engine/codec/address.ts';
import { decodeExtendedHandshake, encodeExtendedHandshake } from '../../sw/engine/codec/extensions.ts';
import { decodeHolepunch, encodeHolepunch, HolepunchError } from '../../sw/engine/codec/holepunch.ts';
import type { HolepunchMessage } from '../../sw/engine/codec/holepunch.ts';
import { decodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { EngineError } from '../../sw/engine/errors.ts';
import { Holepunch } from '../../sw/engine/holepunch.ts';
import { Peer } from '../../sw/engine/peer.ts';

const MINUTE = 60_000;
const OURS = { host: '90.0.0.1', port: 6881 };

describe('a holepunch message', () => {
  const ip = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
  const address = fc.record({ host: ip.map(raw => ipText(raw) ?? ''), port: fc.nat(65535) });
  const message = fc.oneof(
    fc.record({ type: fc.constantFrom('rendezvous', 'connect'), address, error: fc.constant(0) }),
    fc.record({ type: fc.constant('error'), address, error: fc.nat(0xffffffff) }),
  ) as fc.Arbitrary<HolepunchMessage>;

  it('comes back as it was, and without its error code too where it is no error', () => {
    fc.assert(
      fc.property(message, said => {
        const bytes = encodeHolepunch(said);
        expect(decodeHolepunch(bytes)).toEqual(said);
        if (said.type === 'error') expect(() => decodeHolepunch(bytes.subarray(0, -4))).toThrow(EngineError);
        else expect(decodeHolepunch(bytes.subarray(0, -4))).toEqual(said);
      }),
    );
  });

  it('is in the form that BEP 55 has', () => {
    const rendezvous = encodeHolepunch({ type: 'rendezvous', address: { host: '1.2.3.4', port: 0x1a0b }, error: 0 });
    expect([...rendezvous]).toEqual([0, 0, 1, 2, 3, 4, 0x1a, 0x0b, 0, 0, 0, 0]);
    const error = encodeHolepunch({ type: 'error', address: { host: '2001:db8::1', port: 1 }, error: 3 });
    expect([...error]).toEqual([2, 1, 0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1, 0, 1, 0, 0, 0, 3]);
  });

  it('is ignored where its type is not known, and refused where it is malformed', () => {
    expect(decodeHolepunch(Uint8Array.of(3, 0, 1, 2, 3, 4, 5, 6))).toBeNull();
    for (const bad of [
      [],
      [0],
      [1, 2, 1, 2, 3, 4, 5, 6],
      [0, 0, 1, 2, 3, 4, 5],
      [0, 1, 1, 2, 3, 4, 5, 6],
      [0, 0, 1, 2, 3, 4, 5, 6, 7],
    ])
      expect(() => decodeHolepunch(Uint8Array.from(bad)), bad.join()).toThrow(EngineError);
  });

  it('is read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), noise => {
        try {
          const read = decodeHolepunch(noise);
          if (read) expect(decodeHolepunch(encodeHolepunch(read))).toEqual(read);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
    );
  });
});

describe('a meeting', () => {
  let peers: Map<number, Peer>;
  let sent: { to: number; type: string; host: string; port: number; error: number }[];
  let dialled: { host: string; port: number; by: number }[];
  let holepunch: Holepunch;

  beforeEach(() => {
    peers = new Map();
    sent = [];
    dialled = [];
    holepunch = new Holepunch(
      peers,
      { isOurs: ({ host, port }) => host === OURS.host && port === OURS.port },
      ({ host, port }, by) => dialled.push({ host, port, by: by.conn }),
    );
  });

  const out = (effect: Effect): void => {
    if (effect.do !== 'send') return;
    const message = decodeMessage(effect.bytes.subarray(4));
    if (message.type !== 'extended' || message.id !== 9) throw new Error(`a ${message.type} message`);
    const { type, address, error } = decodeHolepunch(message.payload)!;
    sent.push({ to: effect.conn, type, ...address, error });
  };

  /** A peer of that number at 80.0.0.NUMBER:6881. */
  function peer(conn: number, { host = `80.0.0.${conn}`, speaks = true, incoming = false } = {}): Peer {
    const made = new Peer(conn, `${host}:${incoming ? 50_000 + conn : 6881}`, incoming, 0, out, 0);
    made.stage = 'open';
    made.extended = decodeExtendedHandshake(encodeExtendedHandshake({ m: speaks ? { ut_holepunch: 9 } : {}, port: 6881 }));
    peers.set(conn, made);
    return made;
  }

  const at = (conn: number): PeerAddress => ({ host: `80.0.0.${conn}`, port: 6881 });
  const hear = (from: Peer, type: HolepunchMessage['type'], address: PeerAddress, now = 0, error = 0): void =>
    holepunch.receive(from, encodeHolepunch({ type, address, error }), now);
  const take = (): typeof sent => sent.splice(0);

  describe('that others ask for', () => {
    it('is arranged by telling each where the other listens', () => {
      const [asker] = [peer(1, { incoming: true }), peer(2, { incoming: true })];
      hear(asker, 'rendezvous', at(2));
      expect(take()).toEqual([
        { to: 1, type: 'connect', ...at(2), error: 0 },
        { to: 2, type: 'connect', ...at(1), error: 0 },
      ]);
    });

    it('is refused with the reason', () => {
      const asker = peer(1);
      peer(2, { speaks: false });
      const refusals: [PeerAddress, number][] = [
        [OURS, HolepunchError.NO_SELF],
        [at(3), HolepunchError.NOT_CONNECTED],
        [{ ...at(2), port: 7 }, HolepunchError.NOT_CONNECTED],
        [at(2), HolepunchError.NO_SUPPORT],
        [at(1), HolepunchError.NO_SUCH_PEER],
        [{ ...at(2), port: 0 }, HolepunchError.NO_SUCH_PEER],
        [{ host: '0.0.0.0', port: 1 }, HolepunchError.NO_SUCH_PEER],
      ];
      for (const [address, error] of refusals) {
        hear(asker, 'rendezvous', address);
        expect(take(), JSON.stringify(address)).toEqual([{ to: 1, type: 'error', ...address, error }]);
      }
    });

    it.each(['127.0.0.1', '192.168.1.2', '10.0.0.2', '::1', 'fd00::1'])('never names a peer at %s, nor to one', host => {
      const neighbour = peer(1, { host: host.includes(':') ? `[${host}]` : host });
      const asker = peer(2);
      hear(asker, 'rendezvous', { host, port: 6881 });
      hear(neighbour, 'rendezvous', at(2));
      expect(take().map(({ to, type }) => [to, type])).toEqual([
        [2, 'error'],
        [1, 'error'],
      ]);
    });

    it('is given to one peer ten times a minute, and to one target twenty times; a hundred wishes are too many', () => {
      const askers = [1, 2, 3].map(conn => peer(conn));
      peer(9);
      for (const asker of askers) for (let time = 0; time < 50; time++) hear(asker, 'rendezvous', at(9), 1000);
      const calls = take();
      expect(calls.filter(({ to }) => to === 9)).toHaveLength(20);
      expect(calls.filter(({ to }) => to === 1)).toHaveLength(10);
      hear(askers[0]!, 'rendezvous', at(9), 1000 + MINUTE);
      expect(take()).toHaveLength(2);
      for (let time = 0; time < 99; time++) hear(askers[0]!, 'rendezvous', at(9), 1000 + MINUTE);
      expect(() => hear(askers[0]!, 'rendezvous', at(9), 1000 + MINUTE)).toThrow(/too often/);
    });

    it('is none of the business of one that does not speak of it', () => {
      const asker = peer(1, { speaks: false });
      peer(2);
      hear(asker, 'rendezvous', at(2));
      expect(take()).toEqual([]);
    });
  });

  describe('that we ask for', () => {
    it('is with a peer that could not be reached, by who told of it last, and once in ten minutes', () => {
      const [first, second] = [peer(1), peer(2)];
      holepunch.unreached(at(7), 0);
      expect(take()).toEqual([]);
      holepunch.named(first, at(7));
      holepunch.named(second, at(7));
      holepunch.unreached(at(7), 1000);
      holepunch.unreached(at(7), 2000);
      expect(take()).toEqual([{ to: 2, type: 'rendezvous', ...at(7), error: 0 }]);
      holepunch.unreached(at(7), 11 * MINUTE);
      expect(take()).toEqual([{ to: 1, type: 'rendezvous', ...at(7), error: 0 }]);
    });

    it('is asked of the next who told where one refuses, and of nobody else’s word', () => {
      const [first, second, stranger] = [peer(1), peer(2), peer(3)];
      for (const teller of [first, second]) holepunch.named(teller, at(7));
      holepunch.unreached(at(7), 0);
      hear(stranger, 'error', at(7), 100, HolepunchError.NOT_CONNECTED);
      hear(second, 'error', at(8), 100, HolepunchError.NOT_CONNECTED);
      expect(take().map(({ to }) => to)).toEqual([2]);
      hear(second, 'error', at(7), 100, HolepunchError.NOT_CONNECTED);
      expect(take().map(({ to }) => to)).toEqual([1]);
      hear(first, 'error', at(7), 200, HolepunchError.NO_SUPPORT);
      expect(take()).toEqual([]);
    });

    it('is not asked of one that left, that is silent about it, or for a neighbour or one who is here', () => {
      const [first, second] = [peer(1), peer(2, { speaks: false })];
      for (const teller of [first, second]) holepunch.named(teller, at(7));
      first.stage = 'closed';
      peers.delete(1);
      holepunch.gone(first);
      holepunch.unreached(at(7), 0);
      const third = peer(3);
      holepunch.named(third, { host: '10.0.0.7', port: 1 });
      holepunch.unreached({ host: '10.0.0.7', port: 1 }, 0);
      holepunch.named(third, at(8));
      peer(8, { incoming: true });
      holepunch.unreached(at(8), 0);
      expect(take()).toEqual([]);
    });

    it('leads to a connection when the relay says so', () => {
      const relay = peer(1);
      holepunch.named(relay, at(7));
      holepunch.unreached(at(7), 0);
      hear(relay, 'connect', at(7), 500);
      expect(dialled).toEqual([{ ...at(7), by: 1 }]);
    });

    it('is remembered for 500 peers at most', () => {
      const relay = peer(1);
      for (let index = 0; index < 600; index++) holepunch.named(relay, { host: `81.0.${index >> 8}.${index & 255}`, port: 1 });
      for (let index = 0; index < 600; index++) holepunch.unreached({ host: `81.0.${index >> 8}.${index & 255}`, port: 1 }, 0);
      expect(take()).toHaveLength(500);
    });
  });

  describe('that we are called to', () => {
    it('has us connect, ten times a minute for one relay', () => {
      const relay = peer(1);
      for (let index = 0; index < 50; index++) hear(relay, 'connect', { host: '81.0.0.1', port: 1 + index });
      expect(dialled).toHaveLength(10);
      hear(relay, 'connect', { host: '81.0.0.1', port: 99 }, MINUTE);
      expect(dialled).toHaveLength(11);
    });

    it('is none at home, at our own address, with nobody, or with one who is here', () => {
      const relay = peer(1);
      peer(2, { incoming: true });
      const nowhere = ['127.0.0.1', '10.0.0.1', '0.0.0.0', '::1', 'fe80::1', '224.0.0.1'].map(host => ({
        host,
        port: 1,
      }));
      for (const address of [...nowhere, OURS, at(2), { host: '81.0.0.1', port: 0 }]) hear(relay, 'connect', address);
      expect(dialled).toEqual([]);
    });
  });
});
