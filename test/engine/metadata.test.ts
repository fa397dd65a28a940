import { expect, test } from 'vitest';
import type { Effect } from '../../sw/engine/effects.ts';
import { MetadataFetch } from '../../sw/engine/metadata.ts';
import { Peer } from '../../sw/engine/peer.ts';
import { encodeMetadataData, encodeMetadataReject } from '../../sw/engine/codec/extensions.ts';

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

function part(index: number, of = INFO): Uint8Array {
  return encodeMetadataData(index, of.length, of.subarray(index * 16384, index * 16384 + 16384));
}

test('puts the parts of several peers together', () => {
  const fetch = new MetadataFetch();
  const a = peer(1, INFO.length);
  const b = peer(2, INFO.length);
  fetch.fill([a.one], 0);
  expect(a.asked()).toBe(3);
  expect(fetch.receive(a.one, part(0), 0)).toBeNull();
  expect(fetch.receive(a.one, part(2), 0)).toBeNull();
  expect(fetch.receive(a.one, encodeMetadataReject(1), 0)).toBeNull();
  fetch.fill([a.one, b.one], 0);
  expect([a.asked(), b.asked()]).toEqual([0, 1]);
  expect(fetch.receive(b.one, part(1), 0)).toEqual(INFO);
});

test('takes nothing that was not asked of that peer, nor parts of a wrong length', () => {
  const fetch = new MetadataFetch();
  const a = peer(1, INFO.length);
  const b = peer(2, INFO.length);
  fetch.fill([a.one], 0);
  expect(fetch.receive(b.one, part(0), 0)).toBeNull();
  expect(fetch.progress).toEqual({ done: 0, of: 3 });
  fetch.receive(a.one, part(0, INFO.subarray(0, 12_000)), 0);
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

test('a liar about the size holds nobody up for good, and a lone sender of a wrong dictionary is named', () => {
  const fetch = new MetadataFetch();
  const liar = peer(1, 20 << 20);
  const honest = peer(2, INFO.length);
  fetch.fill([liar.one, honest.one], 0);
  expect(honest.asked()).toBe(0);
  // The liar never answers; once its requests are given up, the honest one is asked for its own size.
  fetch.fill([liar.one, honest.one], 11_000);
  expect(honest.asked()).toBe(3);
  for (const index of [0, 1, 2]) fetch.receive(honest.one, part(index), 11_000);
  expect(fetch.corrupt()).toEqual([honest.one]);
});

test('a part from one who then leaves or falls silent does not tie the rest to its size', () => {
  const fetch = new MetadataFetch();
  const liar = peer(1, 3 * 16384 - 7);
  const honest = peer(2, INFO.length);
  fetch.fill([liar.one, honest.one], 0);
  fetch.receive(liar.one, encodeMetadataData(0, 3 * 16384 - 7, new Uint8Array(16384)), 0);
  fetch.gone(liar.one);
  fetch.fill([honest.one], 1_000);
  expect(honest.asked()).toBe(3);

  const second = new MetadataFetch();
  second.fill([liar.one, honest.one], 0);
  second.receive(liar.one, encodeMetadataData(0, 3 * 16384 - 7, new Uint8Array(16384)), 0);
  second.fill([liar.one, honest.one], 29_000);
  expect(honest.asked()).toBe(0);
  second.fill([liar.one, honest.one], 31_000);
  expect(honest.asked()).toBe(3);
});

test('a size of nothing or beyond 30 MiB is never asked for', () => {
  const fetch = new MetadataFetch();
  const none = peer(1, 0);
  const huge = peer(2, (30 << 20) + 1);
  fetch.fill([none.one, huge.one], 0);
  expect([none.asked(), huge.asked()]).toEqual([0, 0]);
});
