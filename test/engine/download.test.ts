import { expect, it } from 'vitest';
import type { Assembly } from '../../sw/engine/assembly.ts';
import { Downloader } from '../../sw/engine/download.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { BLOCK, Layout } from '../../sw/engine/model/layout.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { Picker } from '../../sw/engine/picker.ts';
import { ActivePieces, type ActivePiece } from '../../sw/engine/pieces.ts';
import { whole } from '../../sw/engine/rates.ts';
import type { Urgent } from '../../sw/engine/urgent.ts';

const BLOCKS = 4;
const NOW = 10_000;

it('blames nobody for what the store had of a peer that is not heard of any more, and asks nobody else for it', () => {
  const layout = new Layout(BLOCKS * BLOCK, [{ path: ['film'], length: BLOCKS * BLOCK, pad: false }]);
  const active = new ActivePieces(layout);
  const sorted: number[] = [];
  const assembly = { have: new Bitfield(1), active, sort: () => sorted.push(piece.missing) } as unknown as Assembly;
  const effects: Effect[] = [];
  const peer = new Peer(1, '10.0.0.1:1', false, NOW, effect => effects.push(effect), 1);
  const peers = new Map([[1, peer]]);
  const urgent = {} as unknown as Urgent;
  const downloader = new Downloader(assembly, new Picker(1, () => 0), peers, whole(), urgent, () => undefined);
  const piece = active.open(0, 7, NOW);
  // One that was closed since had brought the last two, and one of those is asked of another by now.
  for (const block of [0, 1]) piece.land(block, '10.0.0.2:1');
  piece.askAgain(2);
  peer.request(piece, 2, 3, NOW);
  downloader.whole(7, NOW);
  expect(piece.senders).toEqual(['10.0.0.2:1', '10.0.0.2:1', '', '']);
  expect([piece.missing, peer.inflight, peer.assignments.size]).toEqual([0, 0, 0]);
  expect(sorted).toEqual([0]);
  expect(effects.some(effect => effect.do === 'unexpect' && effect.buffer === 7)).toBe(true);
});

/** Pieces that a peer was asked for, of which all but the first are called off for something else that is due. */
function calledOff(fast: boolean, count = 2, blocks = BLOCKS) {
  const layout = new Layout(blocks * BLOCK, [{ path: ['film'], length: count * blocks * BLOCK, pad: false }]);
  const active = new ActivePieces(layout);
  const assembly = {
    have: new Bitfield(count),
    active,
    disputes: { tick: () => undefined },
    isShort: false,
    sort: (piece: ActivePiece) => active.sort(piece),
  } as unknown as Assembly;
  const effects: Effect[] = [];
  const peer = new Peer(1, '10.0.0.1:1', false, NOW, effect => effects.push(effect), count);
  peer.fast = fast;
  const due = new Set<number>();
  const urgent = { depth: () => blocks, has: (piece: number) => due.has(piece) } as unknown as Urgent;
  const downloader = new Downloader(assembly, new Picker(count, () => 0), new Map([[1, peer]]), whole(), urgent, () => undefined);
  for (let index = 0; index < count; index++) {
    const each = active.open(index, 7 + index, NOW);
    each.takeFree(blocks);
    peer.request(each, 0, blocks, NOW);
    active.sort(each);
  }
  const piece = active.get(1)!;
  downloader.makeWay(NOW);
  const withdrawn = () => effects.flatMap(effect => (effect.do === 'unexpect' ? effect.runs : []));
  const cancelled = effects.filter(effect => effect.do === 'send' && effect.bytes[4] === 8).length;
  return { downloader, peer, piece, due, withdrawn, cancelled };
}

it('takes what comes although it was called off, asks nobody else for it meanwhile, and for what is refused at once', () => {
  const { downloader, peer, piece, withdrawn, cancelled } = calledOff(true);
  expect([cancelled, peer.inflight, peer.calledOff, piece.free]).toEqual([BLOCKS, BLOCKS, BLOCKS, 0]);
  downloader.landed(peer, { buffer: 8, offset: 0, length: BLOCK }, false, NOW + 10);
  expect([piece.missing, piece.senders[0], peer.calledOff]).toEqual([BLOCKS - 1, '10.0.0.1:1', BLOCKS - 1]);
  downloader.rejected(peer, 1, BLOCK);
  expect([piece.free, peer.calledOff, peer.inflight]).toEqual([1, BLOCKS - 2, BLOCKS]);
  downloader.makeWay(NOW + 20);
  expect([piece.free, withdrawn().length]).toEqual([1, 0]);
});

it('gives up after five seconds what was called off and never answered, or once it is due and need not be answered', () => {
  const silent = calledOff(true);
  silent.downloader.tick(NOW + 5_000);
  expect(silent.piece.free).toBe(0);
  silent.downloader.tick(NOW + 5_001);
  expect([silent.piece.free, silent.piece.askers, silent.peer.calledOff]).toEqual([BLOCKS, 0, 0]);
  expect(silent.withdrawn()).toEqual([silent.piece.run(0, BLOCKS)]);

  for (const [fast, free] of [
    [true, 0],
    [false, BLOCKS],
  ] as const) {
    const { downloader, piece, due } = calledOff(fast);
    due.add(1);
    downloader.makeWay(NOW + 10);
    expect(piece.free).toBe(free);
  }
});

it('waits for two thousand blocks at most that were called off of a peer', () => {
  const { peer, piece, withdrawn } = calledOff(true, 3, 1_500);
  expect([peer.inflight, peer.calledOff, piece.free]).toEqual([1_500, 1_500, 1_500]);
  expect(withdrawn()).toEqual([piece.run(0, 1_500)]);
});
