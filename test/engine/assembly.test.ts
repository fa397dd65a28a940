import { describe, expect, test } from 'vitest';
import { Assembly } from '../../sw/engine/assembly.ts';
import { Budget } from '../../sw/engine/budget.ts';
import type { Effect } from '../../sw/engine/effects.ts';
import type { Range } from '../../sw/engine/events.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';
import type { Partials } from '../../sw/engine/partials.ts';
import type { PieceHashes } from '../../sw/engine/piece-hashes.ts';
import type { Picker } from '../../sw/engine/picker.ts';
import type { Storage } from '../../sw/engine/storage.ts';

const BLOCK = 16_384;
const PIECES = 2_000;
const nothing = (): void => undefined;

/** Pieces in the making of a torrent of two blocks a piece, with what it says to the store. */
function torrent(budget: Budget, firstBuffer: number, there: readonly Range[] = []) {
  const said: Effect[] = [];
  const pieceLength = 2 * BLOCK;
  const layout = { pieceCount: PIECES, pieceLength, pieceSize: () => pieceLength, spans: () => [] };
  const storage = {
    durable: new Bitfield(PIECES),
    isAllocating: false,
    parts: { begin: () => false, forget: nothing },
    spans: () => [],
    touch: nothing,
  };
  let last = firstBuffer;
  const kept: unknown[] = [];
  const assembly = new Assembly(
    { layout, digests: () => [], isKnown: () => true } as unknown as PieceHashes,
    new Uint8Array(20),
    { take: nothing, putBack: nothing, isWanted: () => true } as unknown as Picker,
    storage as unknown as Storage,
    { take: () => there, forget: nothing, keep: (_: number, ranges: unknown) => kept.push(ranges) } as unknown as Partials,
    new Map(),
    budget,
    { buffer: () => last++ } as never,
    effect => said.push(effect),
  );
  const told = (what: Effect['do']): number => said.filter(effect => effect.do === what).length;
  return { assembly, told, kept };
}

const MEMORY = 2 ** 40;

describe('pieces in the making', () => {
  test('are 768 over all torrents, and one more begins once another is let go', () => {
    const budget = new Budget(MEMORY, () => 8 << 20);
    const [one, other] = [torrent(budget, 1), torrent(budget, 10_000)];
    for (let index = 0; index < 384; index++) {
      expect(one.assembly.begin(index, 0)).not.toBeNull();
      expect(other.assembly.begin(index, 0)).not.toBeNull();
    }
    expect([budget.open, one.assembly.hasRoom(0), other.assembly.hasRoom(0)]).toEqual([768, false, false]);
    expect(other.assembly.begin(384, 0)).toBeNull();
    // What is due next does without, too: the store has no buffer for it.
    expect(other.assembly.begin(384, 0, true)).toBeNull();
    one.assembly.abandon(one.assembly.active.get(0)!);
    expect(other.assembly.begin(384, 0)).not.toBeNull();
    expect(other.assembly.begin(385, 0)).toBeNull();
  });

  test('that the store has no room for are gone on with by what stood there before, and by no more', () => {
    const { assembly, told, kept } = torrent(new Budget(MEMORY, () => 8 << 20), 1, [{ offset: 0, length: BLOCK }]);
    const piece = assembly.begin(0, 0)!;
    piece.land(1, 'peer');
    expect(assembly.refused(piece, 0)).toBe(false);
    expect([told('drop'), kept]).toEqual([1, [[expect.objectContaining({ offset: 0, length: BLOCK })]]]);
  });

  test('are parked 256 at once over all torrents; those beyond are let go', () => {
    const budget = new Budget(MEMORY, () => 8 << 20);
    const [one, other] = [torrent(budget, 1), torrent(budget, 10_000)];
    for (const { assembly } of [one, other]) {
      for (let index = 0; index < 200; index++) assembly.begin(index, 0)!.land(0, 'peer');
      assembly.park(() => true);
    }
    expect([one.told('park'), other.told('park'), one.told('drop'), other.told('drop')]).toEqual([200, 56, 0, 144]);
    expect(budget).toMatchObject({ parked: 256, open: 256, used: 0 });
    // What is let go makes room for one that is parked.
    one.assembly.abandon(one.assembly.active.get(0)!);
    expect(budget).toMatchObject({ parked: 255, open: 255 });
    other.assembly.begin(300, 0)!.land(0, 'peer');
    other.assembly.park(() => true);
    expect([other.told('park'), budget.parked]).toEqual([57, 256]);
  });
});

test('a buffer that was kept and could not be written is gone on with as far as it says, and asked for the rest', () => {
  const { assembly, told } = torrent(new Budget(MEMORY, () => 8 << 20), 1);
  const kept = { buffer: 77, tag: new Uint8Array(0), length: 2 * BLOCK };
  assembly.adopt(3, { ...kept, state: 'error', ranges: [{ offset: BLOCK, length: BLOCK }] }, 0);
  expect(assembly.active.get(3)).toMatchObject({ stage: 'open', missing: 1, free: 1 });
  assembly.adopt(4, { ...kept, buffer: 78, state: 'mismatch', ranges: [] }, 0);
  expect(assembly.active.get(4)).toMatchObject({ stage: 'committing', missing: 0 });
  expect(told('commit')).toBe(2);
});
