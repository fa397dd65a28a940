import { expect, it } from 'vitest';
import type { Assembly } from '../../sw/engine/assembly.ts';
import { Downloader } from '../../sw/engine/download.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { BLOCK, Layout } from '../../sw/engine/model/layout.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { Picker } from '../../sw/engine/picker.ts';
import { ActivePieces } from '../../sw/engine/pieces.ts';
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
