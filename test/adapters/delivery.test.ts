import { expect, test } from 'vitest';
import { Delivery, type Giver, type Taker } from '../../sw/delivery.ts';
import type { Gift, Source } from '../../sw/engine/index.ts';
import { Bitfield } from '../../sw/engine/model/bitfield.ts';

/** Torrents that both have: which of them was asked for, and which is joined. */
function setUp(ids: readonly string[] = ['a', 'b', 'c']) {
  const asked: string[] = [];
  const joined = new Map<string, Source>();
  const given = new Map<string, Gift>();
  const giver = {
    engine: {
      has: () => true,
      giving: {
        ids: () => ids,
        gift: (id: string) => {
          asked.push(id);
          return given.get(id) ?? null;
        },
        spans: () => [],
        name: 'us',
        isLost: () => false,
      },
    },
    read: () => undefined,
  } as unknown as Giver;
  const taker = {
    taking: {
      canTake: (id: string) => !joined.has(id),
      isOff: () => false,
      awaited: () => null,
      isKept: () => false,
      connect: (id: string, source: Source | null) => (source ? joined.set(id, source) : joined.delete(id)),
    },
  } as unknown as Taker;
  const delivery = new Delivery({
    isRead: () => false,
    isOut: () => false,
    attempt: (_id, act) => {
      act();
      return true;
    },
    brought: () => undefined,
  });
  const look = (times: number): void => {
    for (let time = 0; time < times; time++) {
      delivery.tick();
      delivery.between(giver, taker);
      delivery.goOn(giver, taker, undefined);
    }
  };
  const gift = (): Gift => ({
    records: { torrent: new Uint8Array(0), info: null, progress: null },
    has: Bitfield.full(8),
    from: 'us',
  });
  return { asked, joined, given, delivery, look, gift };
}

test('the records of one torrent at a time are read, and one whose do not come makes room for the next, which is said', () => {
  const { asked, joined, given, delivery, look, gift } = setUp();
  look(30);
  expect(new Set(asked)).toEqual(new Set(['a']));
  expect(delivery.troubleOf('a')).toBe(null);
  look(1);
  expect(delivery.troubleOf('a')?.code).toBe('bring-unsaid');
  expect(asked.at(-1)).toBe('b');
  given.set('b', gift());
  look(5);
  expect([...joined.keys()]).toEqual(['b']);
  expect(new Set(asked)).toEqual(new Set(['a', 'b']));
});

test('one whose bytes do not come is left for others, and tried again after a minute', () => {
  const { joined, given, delivery, look, gift } = setUp();
  for (const id of ['a', 'b']) given.set(id, gift());
  look(1);
  expect([...joined.keys()]).toEqual(['a']);
  // Nothing is asked of it: its files are being compared.
  look(100);
  expect(delivery.troubleOf('a')).toBe(null);
  joined.get('a')!.read(0, 0, 1, () => undefined);
  look(31);
  expect(delivery.troubleOf('a')?.code).toBe('bring-unanswered');
  expect([...joined.keys()]).toEqual(['b']);
  joined.get('b')!.brought();
  joined.delete('b');
  given.delete('b');
  look(61);
  expect([...joined.keys()]).toEqual(['a']);
});

test('three that never answer do not keep the fourth and fifth from their turn', () => {
  const { joined, given, look, gift } = setUp(['a', 'b', 'c', 'd', 'e']);
  for (const id of ['d', 'e']) given.set(id, gift());
  look(95);
  expect([...joined.keys()]).toEqual(['d']);
  joined.get('d')!.brought();
  look(1);
  expect([...joined.keys()]).toEqual(['d', 'e']);
});
