import { expect, test } from 'vitest';
import type { Effect } from '../../sw/engine/effects.ts';
import { MetadataFetch } from '../../sw/engine/metadata.ts';
import { Peer } from '../../sw/engine/peer.ts';
import type { MetadataMessage } from '../../sw/engine/codec/extensions.ts';

function peer(conn: number, metadataSize: number) {
  const sent: Effect[] = [];
  const one = new Peer(conn, `10.0.0.${conn}:1`, false, 0, effect => sent.push(effect), 0);
  one.stage = 'open';
  one.extended = {
    m: new Map([['ut_metadata', 3]]),
    metadataSize,
    reqq: null,
    client: null,
    port: null,
    yourIp: null,
    uploadOnly: null,
    prefersEncryption: null,
  };
  return { one, asked: () => sent.splice(0).length };
}

const INFO = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251);

type Answer = Exclude<MetadataMessage, { kind: 'request' }>;

function part(index: number, of = INFO): Answer {
  return { kind: 'data', piece: index, total: of.length, bytes: of.subarray(index * 16384, index * 16384 + 16384) };
}

function refusal(piece: number): Answer {
  return { kind: 'reject', piece };
}

test('puts the parts of several peers together', () => {
  const fetch = new MetadataFetch();
  const a = peer(1, INFO.length);
  const b = peer(2, INFO.length);
  fetch.fill([a.one], 0);
  expect(a.asked()).toBe(3);
  expect(fetch.receive(a.one, part(0), 0)).toBeNull();
  expect(fetch.receive(a.one, part(2), 0)).toBeNull();
  expect(fetch.receive(a.one, refusal(1), 0)).toBeNull();
  fetch.fill([a.one, b.one], 0);
  expect([a.asked(), b.asked()]).toEqual([0, 1]);
  expect(fetch.receive(b.one, part(1), 0)).toEqual(INFO);
});

test('takes nothing that was not asked of that peer, nor parts of another size than it named', () => {
  const fetch = new MetadataFetch();
  const a = peer(1, INFO.length);
  const b = peer(2, INFO.length);
  fetch.fill([a.one], 0);
  expect(fetch.receive(b.one, part(0), 0)).toBeNull();
  expect(fetch.progress).toEqual({ done: 0, of: 3 });
  expect(() => fetch.receive(a.one, part(0, INFO.subarray(0, 12_000)), 0)).toThrow('another size');
  expect(fetch.progress).toEqual({ done: 0, of: 3 });
});

test('a peer that stays silent is passed over, and one that leaves is forgotten', () => {
  const fetch = new MetadataFetch();
  const a = peer(1, INFO.length);
  const b = peer(2, INFO.length);
  fetch.fill([a.one], 0);
  fetch.fill([b.one], 5_000);
  expect(b.asked()).toBe(0);
  fetch.fill([a.one, b.one], 11_000);
  expect(b.asked()).toBe(3);
  fetch.gone(b.one);
  fetch.fill([a.one], 60_000);
  expect(a.asked()).toBeGreaterThan(0);
});

test('a liar about the size holds nobody up, and a lone sender of a wrong dictionary is named', () => {
  const fetch = new MetadataFetch();
  const liar = peer(1, 20 << 20);
  const honest = peer(2, INFO.length);
  fetch.fill([liar.one, honest.one], 0);
  expect([liar.asked(), honest.asked()]).toEqual([4, 3]);
  for (const index of [0, 1, 2]) fetch.receive(honest.one, part(index), 11_000);
  expect(fetch.corrupt()).toEqual([honest.one]);
});

test('a part from one who then leaves or falls silent does not tie the rest to it', () => {
  const fetch = new MetadataFetch();
  const one = peer(1, INFO.length);
  const other = peer(2, INFO.length);
  fetch.fill([one.one], 0);
  fetch.receive(one.one, part(0), 0);
  fetch.gone(one.one);
  fetch.fill([other.one], 1_000);
  expect(other.asked()).toBe(3);
  for (const index of [0, 1]) expect(fetch.receive(other.one, part(index), 1_000)).toBeNull();
  expect(fetch.receive(other.one, part(2), 1_000)).toEqual(INFO);
});

test('after a wrong dictionary from several, one peer alone is asked for all of it', () => {
  const fetch = new MetadataFetch();
  const [a, b] = [peer(1, INFO.length), peer(2, INFO.length)];
  fetch.fill([a.one], 0);
  for (const index of [0, 1]) fetch.receive(a.one, part(index), 0);
  fetch.receive(a.one, refusal(2), 0);
  fetch.fill([b.one], 0);
  expect(fetch.receive(b.one, part(2), 0)).not.toBeNull();
  expect(fetch.corrupt()).toEqual([]);
  expect([a.asked(), b.asked()]).toEqual([3, 1]);
  fetch.fill([b.one, a.one], 1_000);
  expect([a.asked(), b.asked()]).toEqual([0, 3]);
});

test('of all sizes together 60 MiB are held, and the largest is given up for the rest', () => {
  const fetch = new MetadataFetch();
  const liars = Array.from({ length: 80 }, (_, index) => peer(index, (30 << 20) - index));
  const all = liars.map(({ one }) => one);
  const lie = new Uint8Array(30 << 20);
  let landed = 0;
  for (let round = 0; round < 100; round++) {
    fetch.fill(all, round);
    for (const { one, asked } of liars) {
      const total = one.extended?.metadataSize ?? 0;
      for (let left = asked(), each = 0; left > 0; left--, each++) {
        fetch.receive(one, part(4 * round + each, lie.subarray(0, total)), round);
        landed = Math.max(landed, fetch.held);
      }
    }
  }
  expect(landed).toBeGreaterThan(59 << 20);
  expect(landed).toBeLessThanOrEqual(60 << 20);
});

test('answers to nothing are borne as far as there were requests given up, and sixteen more', () => {
  const fetch = new MetadataFetch();
  const late = peer(1, INFO.length);
  fetch.fill([late.one], 0);
  fetch.fill([late.one], 11_000);
  for (let time = 0; time < 19; time++) expect(fetch.receive(late.one, part(0), 12_000)).toBeNull();
  expect(() => fetch.receive(late.one, refusal(0), 12_000)).toThrow('not asked for');
});

test('a size of nothing or beyond 30 MiB is never asked for', () => {
  const fetch = new MetadataFetch();
  const none = peer(1, 0);
  const huge = peer(2, (30 << 20) + 1);
  fetch.fill([none.one, huge.one], 0);
  expect([none.asked(), huge.asked()]).toEqual([0, 0]);
});
