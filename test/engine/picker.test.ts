import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import { Picker } from '../../sw/engine/picker.ts';
import { PRIORITY, type Priority } from '../../sw/engine/priorities.ts';

const PIECES = 12;

/** The picker as one would write it without a thought for speed. */
class Model {
  readonly peers: Bitfield[] = [];
  readonly priority: Priority[] = Array<Priority>(PIECES).fill(PRIORITY.normal);
  readonly had = new Set<number>();
  readonly taken = new Set<number>();
  sequential = false;

  availability(piece: number): number {
    return this.peers.filter(peer => peer.get(piece)).length;
  }

  wanted(): number[] {
    return range(PIECES).filter(piece => this.priority[piece] !== 0 && !this.had.has(piece));
  }

  free(): number[] {
    return this.wanted().filter(piece => !this.taken.has(piece));
  }

  /** Every piece that may be picked for a peer. */
  choices(has: Bitfield): number[] {
    const free = this.free().filter(piece => has.get(piece));
    const top = Math.max(...free.map(piece => this.priority[piece]!));
    const first = free.filter(piece => this.priority[piece] === top);
    if (this.sequential) return first.slice(0, 1);
    if (this.had.size < 4) return first;
    const fewest = Math.min(...first.map(piece => this.availability(piece)));
    return first.filter(piece => this.availability(piece) === fewest);
  }

  copies(): number {
    const counts = range(PIECES).map(piece => this.availability(piece));
    const fewest = Math.min(...counts);
    return fewest + counts.filter(count => count > fewest).length / PIECES;
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function bitfield(pieces: readonly number[]): Bitfield {
  const field = new Bitfield(PIECES);
  for (const piece of pieces) field.set(piece);
  return field;
}

const piece = fc.nat(PIECES - 1);
const command = fc.oneof(
  fc.record({ do: fc.constant('come' as const), pieces: fc.oneof(fc.subarray(range(PIECES)), fc.constant(range(PIECES))) }),
  fc.record({ do: fc.constant('go' as const), peer: fc.nat(10) }),
  fc.record({ do: fc.constant('gain' as const), peer: fc.nat(10), piece }),
  fc.record({ do: fc.constant('priority' as const), piece, priority: fc.constantFrom<Priority>(0, 1, 2, 3, 4) }),
  fc.record({ do: fc.constant('order' as const), sequential: fc.boolean() }),
  fc.record({ do: fc.constantFrom('have' as const, 'lose' as const, 'take' as const, 'putBack' as const), piece }),
);
type Step = typeof command extends fc.Arbitrary<infer T> ? T : never;

function apply(step: Step, picker: Picker, model: Model): void {
  switch (step.do) {
    case 'come': {
      const has = bitfield(step.pieces);
      model.peers.push(has);
      picker.addPeer(has);
      break;
    }
    case 'go': {
      const [has] = model.peers.splice(step.peer, 1);
      if (has) picker.removePeer(has);
      break;
    }
    case 'gain':
      if (model.peers[step.peer]?.set(step.piece)) picker.addHave(step.piece);
      break;
    case 'order':
      model.sequential = step.sequential;
      picker.setSequential(step.sequential);
      break;
    case 'priority':
      model.priority[step.piece] = step.priority;
      picker.setPriority(step.piece, step.priority);
      break;
    case 'have':
      model.had.add(step.piece);
      model.taken.delete(step.piece);
      picker.have(step.piece);
      break;
    case 'lose':
      model.had.delete(step.piece);
      picker.lose(step.piece);
      break;
    case 'take':
      if (!model.had.has(step.piece)) model.taken.add(step.piece);
      picker.take(step.piece);
      break;
    case 'putBack':
      model.taken.delete(step.piece);
      picker.putBack(step.piece);
      break;
  }
}

describe('the picker', () => {
  it('does as the naive one does, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 60 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (steps, random) => {
          const picker = new Picker(PIECES, () => random.next().value as number);
          const model = new Model();
          for (const step of steps) {
            apply(step, picker, model);
            for (const has of model.peers) {
              const choices = model.choices(has);
              const picked = picker.pick(has);
              if (choices.length === 0) expect(picked).toBe(-1);
              else expect(choices).toContain(picked);
            }
            expect(range(PIECES).map(index => picker.availability(index))).toEqual(
              range(PIECES).map(index => model.availability(index)),
            );
            expect(range(PIECES).filter(index => picker.isFree(index))).toEqual(model.free());
            expect(picker.wantedLeft).toBe(model.wanted().length);
            expect(picker.unavailable()).toBe(model.wanted().filter(index => model.availability(index) === 0).length);
            expect(picker.distributedCopies()).toBeCloseTo(model.copies());
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('can pick any of the equals', () => {
    let draw = 0;
    const picker = new Picker(PIECES, () => draw);
    const seed = Bitfield.full(PIECES);
    picker.addPeer(seed);
    for (const had of [0, 4]) {
      for (let index = 0; index < had; index++) picker.have(index);
      const picked = new Set(range(100).map(step => ((draw = step / 100), picker.pick(seed))));
      expect(picked.size).toBe(PIECES - had);
    }
  });

  it('leaves what nobody but seeds has to them', () => {
    const picker = new Picker(PIECES, () => 0);
    const partial = bitfield([3]);
    picker.addPeer(partial);
    expect(picker.pick(partial)).toBe(3);
    picker.take(3);
    expect(picker.pick(partial)).toBe(-1);
    picker.putBack(3);
    expect(picker.pick(partial)).toBe(3);
  });

  it('has nothing to pick in a torrent without pieces', () => {
    const picker = new Picker(0, () => 0);
    const has = new Bitfield(0);
    picker.addPeer(has);
    expect(picker.pick(has)).toBe(-1);
    expect(picker.distributedCopies()).toBe(0);
  });

  it('looks at few pieces, however many there are', () => {
    const count = 100_000;
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    let looked = 0;
    class Counting extends Bitfield {
      override get(index: number): boolean {
        looked++;
        return super.get(index);
      }
    }
    const picker = new Picker(count, random);
    const rare = new Counting(count);
    for (let index = 0; index < 10; index++) rare.set(index * 1000);
    const half = new Counting(count);
    for (let index = 0; index < count; index += 2) half.set(index);
    const full = new Counting(count, new Uint8Array(count / 8).fill(0xff));
    for (const has of [rare, half, full]) picker.addPeer(has);
    for (let index = 0; index < 10; index++) picker.have(99_000 + index);
    looked = 0;
    for (let round = 0; round < 1000; round++) for (const has of [half, full]) picker.take(picker.pick(has));
    // Half the pieces that are equally rare are the peer's: two looks each, on average.
    expect(looked).toBeLessThan(10_000);

    // A peer whose pieces are all gone is looked through once, and again only after a piece was put back.
    for (const index of rare.ones()) picker.have(index);
    looked = 0;
    for (let round = 0; round < 1000; round++) expect(picker.pick(rare)).toBe(-1);
    expect(looked).toBeLessThan(2 * count);
  });
});
