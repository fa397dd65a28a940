import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Disputes } from '../../sw/engine/disputes.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { PieceHashes } from '../../sw/engine/piece-hashes.ts';
import { ActivePiece } from '../../sw/engine/pieces.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { Layout } from '../../sw/engine/model/layout.ts';
import { merkleRoot } from '../../sw/engine/model/merkle.ts';

const BLOCK = 16_384;
const PIECE = 4 * BLOCK;
const digest = (algorithm: string, text: string) => createHash(algorithm).update(text).digest();

/** A hybrid of one file of two pieces, whose layer is not known yet, a peer that has them, and how often that was asked. */
function hybrid() {
  const layer = Buffer.concat([digest('sha256', 'piece 0'), digest('sha256', 'piece 1')]);
  const root = merkleRoot(layer);
  const layout = new Layout(PIECE, [{ path: ['a'], length: 2 * PIECE, pad: false }]);
  const hashes = new PieceHashes({ layout, pieceHashes: new Uint8Array(40), trees: { roots: [root], layers: new Map() } });
  const sent: Effect[] = [];
  const peer = new Peer(1, '10.0.0.1:1', false, 0, effect => sent.push(effect), 0);
  peer.stage = 'open';
  peer.v2 = true;
  peer.has = Bitfield.full(2);
  const disputes = new Disputes(hashes, new Map([[1, peer]]), () => undefined);
  const begun = () => {
    const piece = new ActivePiece(0, 1, PIECE, 0);
    piece.digests = hashes.digests(0);
    return piece;
  };
  const learn = () => hashes.learn(Buffer.from(root).toString('hex'), layer);
  return { disputes, begun, learn, asked: () => sent.length };
}

test('a piece that was begun before its tree was known is not disputed by it: its blocks were hashed otherwise', () => {
  const { disputes, begun, learn, asked } = hybrid();
  const piece = begun();
  expect(learn()).toBe(true);
  const landed = Buffer.concat([0, 1, 2, 3].map(block => digest('sha1', `block ${block}`)));
  expect([disputes.begin(piece, landed, 0), asked()]).toEqual([false, 0]);
});

test('one that was compared with its tree is', () => {
  const { disputes, begun, learn, asked } = hybrid();
  learn();
  const landed = Buffer.concat([0, 1, 2, 3].map(block => digest('sha256', `block ${block}`)));
  expect([disputes.begin(begun(), landed, 0), asked()]).toEqual([true, 1]);
});
