/** Hashes of blocks, given to whoever asks for them (BEP 52). */
import { expect, test } from 'vitest';
import type { HashRef } from '../../sw/engine/codec/peer-wire.ts';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { rootFromProof, treeHeight } from '../../sw/engine/model/merkle.ts';
import { isSeeding, seedOn, World } from './host.ts';
import { Stranger } from './stranger.ts';
import { makeTreeTorrent } from './trees.ts';

const MIB = 1 << 20;
const WIDE = 5 * MIB + 50_000;

function seedAndStranger(files: Readonly<Record<string, number>>, pieceLength: number) {
  const world = new World(321);
  const torrent = makeTreeTorrent(files, pieceLength, 321);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  expect(world.clock.run(20_000, isSeeding(seed, torrent.id))).toBe(true);
  const stranger = new Stranger(world, '10.0.0.66', torrent.id);
  stranger.call('10.0.0.1');
  world.clock.run(1_000);
  const roots = (parseTorrent(torrent.bytes).trees?.roots ?? []).filter(root => root !== null);
  const ask = (ref: HashRef) => {
    const before = stranger.heard.length;
    stranger.say({ type: 'hashRequest', ...ref });
    world.clock.run(500);
    return stranger.heard.slice(before).find(({ type }) => type === 'hashes' || type === 'hashReject');
  };
  return { world, torrent, seed, stranger, ask, root: (file: number) => roots[file] ?? new Uint8Array(32) };
}

test('every range of blocks is given with what proves it, up to the root', () => {
  const { ask, root } = seedAndStranger({ 'a-wide': WIDE, 'b-small': 200_000 }, 256 * 1024);
  const top = treeHeight(WIDE) - 1;
  for (const [file, index, count, proofLayers] of [
    [0, 0, 16, top],
    [0, 16, 2, top],
    [0, 30, 2, top],
    [0, 320, 4, top],
    // The last piece, with blocks past the end of the file.
    [0, 320, 16, top],
    [1, 0, 16, 3],
    [1, 8, 4, 3],
  ] as const) {
    const ref = { root: root(file), base: 0, index, count, proofLayers };
    const answer = ask(ref);
    expect([file, index, count, answer?.type]).toEqual([file, index, count, 'hashes']);
    if (answer?.type !== 'hashes') return;
    const hashes = answer.hashes.subarray(0, count * 32);
    expect(rootFromProof(hashes, index, answer.hashes.subarray(count * 32))).toEqual(root(file));
  }
});

test.each([
  ['a count that is no power of two', { count: 3 }],
  ['one hash', { count: 1 }],
  ['more than a piece', { count: 32 }],
  ['a range that is not aligned', { index: 1, count: 2 }],
  ['a range beyond the file', { index: 1024, count: 2 }],
  ['a proof beyond the root', { proofLayers: 200 }],
  ['a root of no file', { root: new Uint8Array(32).fill(9) }],
])('refused: %s', (_, part) => {
  const { ask, root, stranger } = seedAndStranger({ 'a-wide': WIDE }, 256 * 1024);
  const answer = ask({ root: root(0), base: 0, index: 0, count: 2, proofLayers: 0, ...part });
  expect(answer?.type).toBe('hashReject');
  expect(stranger.isOpen).toBe(true);
});

test('what is not there any more is refused, and so is what is not what it was', () => {
  const { ask, root, seed, torrent } = seedAndStranger({ 'a-wide': WIDE }, 256 * 1024);
  const ref = { root: root(0), base: 0, index: 0, count: 2, proofLayers: 0 };
  const [entry] = seed.disk.files.values();
  const before = entry?.bytes[5] ?? 0;
  entry?.bytes.set([before ^ 1], 5);
  expect(ask(ref)?.type).toBe('hashReject');
  entry?.bytes.set([before], 5);
  expect(ask(ref)?.type).toBe('hashes');
  expect(torrent.size).toBe(WIDE);
});

test('a flood of questions reads no more than 32 MiB a second, and each piece once', () => {
  const { world, stranger, root } = seedAndStranger({ 'a-wide': 80 * MIB }, 4 * MIB);
  const before = stranger.heard.length;
  for (let round = 0; round < 5; round++) {
    for (let piece = 0; piece < 20; piece++) {
      stranger.say({ type: 'hashRequest', root: root(0), base: 0, index: piece * 256, count: 2, proofLayers: 0 });
    }
  }
  world.clock.run(900);
  const answers = stranger.heard.slice(before);
  const given = new Set(answers.flatMap(message => (message.type === 'hashes' ? [message.index] : [])));
  expect(given.size).toBe(8);
  expect(answers.filter(({ type }) => type === 'hashes').length).toBeGreaterThan(8);
  expect(answers.filter(({ type }) => type === 'hashes' || type === 'hashReject').length).toBe(100);
});
