import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Effect } from '../../sw/engine/effects.ts';
import { HashExchange, MAX_HASHES } from '../../sw/engine/hash-exchange.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { PieceHashes } from '../../sw/engine/piece-hashes.ts';
import { decodeMessage } from '../../sw/engine/codec/peer-wire.ts';
import type { HashRef, Message } from '../../sw/engine/codec/peer-wire.ts';
import { Layout } from '../../sw/engine/model/layout.ts';
import { merkleRoot } from '../../sw/engine/model/merkle.ts';

const BLOCK = 16_384;
/** Pieces of a block each: twelve parts of 512 hashes, of which the last is not full. */
const PIECES = 11 * MAX_HASHES + 100;
const LAYER = Buffer.concat(Array.from({ length: PIECES }, (_, at) => createHash('sha256').update(`block ${at}`).digest()));
const ROOT = merkleRoot(LAYER);
const HEX = Buffer.from(ROOT).toString('hex');
const WHOLE: HashRef = { root: ROOT, base: 0, index: 0, count: MAX_HASHES, proofLayers: 12 };

function hashes(): PieceHashes {
  const layout = new Layout(BLOCK, [{ path: ['a'], length: PIECES * BLOCK, pad: false }]);
  return new PieceHashes({ layout, pieceHashes: new Uint8Array(0), trees: { roots: [ROOT], layers: new Map() } });
}

/** One of the v2 swarm, with what it was sent since last asked. */
function peer(conn: number) {
  const sent: Effect[] = [];
  const one = new Peer(conn, `10.0.0.${conn}:1`, false, 0, effect => sent.push(effect), 0);
  one.stage = 'open';
  one.v2 = true;
  const heard = (): Message[] =>
    sent.splice(0).flatMap(effect => (effect.do === 'send' ? [decodeMessage(effect.bytes.subarray(4))] : []));
  const asked = (): HashRef[] => heard().flatMap(message => (message.type === 'hashRequest' ? [message] : []));
  return { one, heard, asked };
}

describe('a layer that is wanted', () => {
  let exchange = new HashExchange(hashes());
  let a = peer(1);
  let b = peer(2);
  const giver = new HashExchange(knowing());
  beforeEach(() => {
    exchange = new HashExchange(hashes());
    exchange.seek(() => true);
    [a, b] = [peer(1), peer(2)];
  });

  function knowing(): PieceHashes {
    const known = hashes();
    known.learn(HEX, LAYER);
    return known;
  }

  /** What one who has the layer answers. */
  function answer(ref: HashRef): HashRef & { hashes: Uint8Array } {
    const server = peer(9);
    giver.serve(server.one, ref, (clock += 1000));
    const [message] = server.heard();
    if (message?.type !== 'hashes') throw new Error('it has none');
    return message;
  }
  let clock = 0;

  test('is asked for in parts of 512 hashes, four at once of one peer', () => {
    exchange.tick([a.one, b.one], 0);
    const [first, second] = [a.asked(), b.asked()];
    expect([first, second].map(({ length }) => length)).toEqual([4, 4]);
    expect(new Set([...first, ...second].map(({ index }) => index)).size).toBe(8);
    expect([...first, ...second].every(({ count }) => count === 512)).toBe(true);
    exchange.tick([a.one, b.one], 1000);
    expect([...a.asked(), ...b.asked()]).toEqual([]);
    exchange.receive(a.one, answer(first[0]!), 1000);
    expect(a.asked()).toHaveLength(1);
  });

  test('is put together from all its parts, whoever sends them', () => {
    let found = null as { root: string; hashes: Uint8Array } | null;
    for (let round = 0; found === null && round < 20; round++) {
      exchange.tick([a.one, b.one], round * 1000);
      for (const from of [a, b]) for (const ref of from.asked()) found ??= exchange.receive(from.one, answer(ref), round * 1000);
    }
    expect(found?.root).toBe(HEX);
    expect(LAYER.equals(found?.hashes ?? new Uint8Array(0))).toBe(true);
  });

  test('is asked of another after ten seconds of silence, and of the silent one half a minute later', () => {
    exchange.tick([a.one], 0);
    const [late] = a.asked();
    exchange.tick([a.one], 10_000);
    expect(a.asked()).toEqual([]);
    exchange.tick([a.one], 10_001);
    expect(a.asked()).toEqual([]);
    exchange.tick([b.one], 10_002);
    expect(b.asked()).toHaveLength(4);
    // Late, but right and no longer waited for from it: nothing is made of it.
    expect(exchange.receive(a.one, answer(late!), 10_003)).toBeNull();
    exchange.tick([a.one], 40_003);
    expect(a.asked()).toHaveLength(4);
  });

  test('is asked of another at once where a peer has none of it, or leaves', () => {
    exchange.tick([a.one], 0);
    for (const ref of a.asked()) exchange.rejected(a.one, ref);
    exchange.tick([a.one, b.one], 1000);
    expect(a.asked()).toEqual([]);
    expect(b.asked()).toHaveLength(4);
    const c = peer(3);
    exchange.gone(b.one);
    exchange.tick([c.one], 2000);
    expect(c.asked()).toHaveLength(4);
  });

  test.each([
    ['a hash changed', (bytes: Uint8Array) => bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte))],
    ['a proof changed', (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))],
    ['a hash too few', (bytes: Uint8Array) => bytes.subarray(32)],
    ['a hash too many', (bytes: Uint8Array) => Buffer.concat([bytes, bytes.subarray(0, 32)])],
    ['nothing', () => new Uint8Array(0)],
  ])('is not taken with %s: who sent it is dropped', (_, change) => {
    exchange.tick([a.one], 0);
    const good = answer(a.asked()[0]!);
    expect(() => exchange.receive(a.one, { ...good, hashes: change(good.hashes) }, 0)).toThrow('do not lead to the root');
  });

  test('is not taken from whom it was not asked of', () => {
    exchange.tick([a.one], 0);
    expect(exchange.receive(b.one, answer(a.asked()[0]!), 0)).toBeNull();
  });
});

describe('a layer that is asked of us', () => {
  const served = hashes();
  served.learn(HEX, LAYER);

  test('is given 64 times a second to one peer, and refused beyond', () => {
    const exchange = new HashExchange(served);
    const [a, b] = [peer(1), peer(2)];
    const kinds = (from: typeof a): string[] => from.heard().map(({ type }) => type);
    for (let time = 0; time < 70; time++) exchange.serve(a.one, WHOLE, 100);
    const first = kinds(a);
    expect(first.slice(0, 64).every(type => type === 'hashes')).toBe(true);
    expect(first.slice(64)).toEqual(new Array(6).fill('hashReject'));
    exchange.serve(b.one, WHOLE, 100);
    expect(kinds(b)).toEqual(['hashes']);
    exchange.serve(a.one, WHOLE, 1100);
    expect(kinds(a)).toEqual(['hashes']);
  });

  test.each([
    ['more than 512 hashes', { count: 1024 }],
    ['one hash', { count: 1 }],
    ['a count that is no power of two', { count: 3 }],
    ['a place between the parts', { index: 1 }],
    ['a part beyond the end', { index: 16 * MAX_HASHES }],
    ['the farthest place there is', { index: 0xfffffe00 }],
    ['a layer other than that of the pieces', { base: 1 }],
    ['a proof higher than the tree', { proofLayers: 13 }],
    ['a root that we do not have', { root: new Uint8Array(32) }],
  ])('is refused where it asks for %s', (_, changed) => {
    const exchange = new HashExchange(served);
    const a = peer(1);
    exchange.serve(a.one, { ...WHOLE, ...changed }, 0);
    expect(a.heard()).toMatchObject([{ type: 'hashReject', ...changed }]);
  });
});
