import { describe, expect, it } from 'vitest';
import type { Assembly } from '../../sw/engine/assembly.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { BLOCK, Layout } from '../../sw/engine/model/layout.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { Picker } from '../../sw/engine/picker.ts';
import { ActivePieces } from '../../sw/engine/pieces.ts';
import { whole } from '../../sw/engine/rates.ts';
import { MAX_URGENT, Urgent } from '../../sw/engine/urgent.ts';

const BLOCKS = 8;
const COUNT = 600;
const NOW = 10_000;

function setUp() {
  const layout = new Layout(BLOCKS * BLOCK, [{ path: ['film'], length: COUNT * BLOCKS * BLOCK, pad: false }]);
  const picker = new Picker(COUNT, () => 0);
  const active = new ActivePieces(layout);
  const have = new Bitfield(COUNT);
  const begun: number[] = [];
  const begin = (piece: number, now: number) => {
    begun.push(piece);
    picker.take(piece);
    return active.open(piece, piece + 1, now);
  };
  const assembly = { have, active, begin } as unknown as Assembly;
  const urgent = new Urgent(picker, assembly, whole());
  /** One that has all, and brought so many bytes in the last second. */
  const peer = (conn: number, rate: number): Peer => {
    const made = new Peer(conn, `10.0.0.${conn}:1`, false, NOW - 1_000, () => undefined, COUNT);
    made.stage = 'open';
    made.peerChoking = false;
    for (let piece = 0; piece < COUNT; piece++) made.has.set(piece);
    made.down.add(0, NOW - 1_000);
    made.down.add(rate, NOW);
    return made;
  };
  const fill = (of: Peer, room: number, now = NOW) => urgent.fill(of, room, of.down.rate(now), now);
  const asked = (of: Peer) => [...of.assignments.values()].map(({ piece, open }) => [piece.index, open]);
  return { picker, active, have, urgent, begun, peer, fill, asked };
}

describe('what is urgent', () => {
  it('is asked for in the order in which it is due, and by nobody picked otherwise', () => {
    const { picker, urgent, peer, fill, asked } = setUp();
    urgent.set([
      [30, NOW + 900],
      [10, NOW],
      [20, NOW + 400],
    ]);
    const one = peer(1, 4_000_000);
    expect(fill(one, 20)).toBe(20);
    expect(asked(one)).toEqual([
      [10, 8],
      [20, 8],
      [30, 4],
    ]);
    picker.addPeer(one.has);
    const picked = new Set<number>();
    for (let piece = picker.pick(one.has); piece >= 0; piece = picker.pick(one.has)) {
      picked.add(piece);
      picker.take(piece);
    }
    expect(picked.size).toBe(COUNT - 3);
  });

  it('is for whoever can bring it in time: of what is close the slow take little', () => {
    const { urgent, peer, fill, asked } = setUp();
    urgent.set([
      [1, NOW],
      [2, NOW + 60_000],
    ]);
    const slow = peer(1, 20_000);
    fill(slow, 100);
    // Two blocks of what is due now, as it brings them in two seconds; more of what has time.
    expect(asked(slow)).toEqual([
      [1, 2],
      [2, 8],
    ]);
    const fast = peer(2, 2_000_000);
    fill(fast, 100);
    expect(asked(fast)).toEqual([[1, 6]]);
  });

  it('is asked of a second peer once it is late, and of no third', () => {
    const { urgent, peer, fill, asked } = setUp();
    urgent.set([[5, NOW]]);
    const [first, second, third] = [peer(1, 2_000_000), peer(2, 2_000_000), peer(3, 2_000_000)];
    expect(fill(first, 100)).toBe(8);
    expect(fill(second, 100, NOW + 500)).toBe(0);
    expect(fill(first, 100, NOW + 1_500)).toBe(0);
    expect(fill(second, 100, NOW + 1_500)).toBe(8);
    expect(fill(third, 100, NOW + 5_000)).toBe(0);
    expect(asked(second)).toEqual([[5, 8]]);
  });

  it('is not late before it is due', () => {
    const { urgent, peer, fill } = setUp();
    urgent.set([[5, NOW + 4_000]]);
    fill(peer(1, 2_000_000), 100);
    expect(fill(peer(2, 2_000_000), 100, NOW + 3_000)).toBe(0);
    expect(fill(peer(3, 2_000_000), 100, NOW + 4_000)).toBe(8);
  });

  it('is for the picker again once nobody waits for it, unless it was begun', () => {
    const { picker, urgent, peer, fill } = setUp();
    urgent.set([
      [1, NOW],
      [2, NOW + 1],
    ]);
    fill(peer(1, 2_000_000), 8);
    urgent.set([]);
    expect([picker.isFree(1), picker.isFree(2)]).toEqual([false, true]);
    expect(urgent.depth(0)).toBe(Infinity);
  });

  it('leaves out what is had or not wanted, and has a limit', () => {
    const { picker, have, urgent, begun, peer, fill } = setUp();
    have.set(0);
    picker.have(0);
    picker.setPriority(1, 0);
    urgent.set(Array.from({ length: COUNT }, (_, piece) => [piece, NOW + piece] as const));
    expect([urgent.has(0), urgent.has(1), urgent.has(2)]).toEqual([false, false, true]);
    expect(urgent.has(1 + MAX_URGENT)).toBe(true);
    expect(urgent.has(2 + MAX_URGENT)).toBe(false);
    fill(peer(1, 1e9), COUNT * BLOCKS);
    expect(begun.length).toBe(MAX_URGENT);
  });

  it('keeps pipelines short, for the next seek', () => {
    const { urgent } = setUp();
    urgent.set([[1, NOW]]);
    expect(urgent.depth(0)).toBe(16);
    expect(urgent.depth(1_000)).toBe(2);
    expect(urgent.depth(1_638_400)).toBe(200);
  });
});
