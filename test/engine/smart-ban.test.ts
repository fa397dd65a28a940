import { expect, test } from 'vitest';
import { MAX_REMEMBERED_BLOCKS, SmartBan } from '../../sw/engine/smart-ban.ts';

/** Block digests, each of one repeated byte. */
const digests = (...blocks: number[]): Uint8Array => Uint8Array.from(blocks.flatMap(block => Array<number>(20).fill(block)));

const [a, b, c] = ['192.0.2.1:1', '192.0.2.2:2', '192.0.2.3:3'];

test('whoever sent all of a failed piece is known at once; padding has no sender', () => {
  const ban = new SmartBan();
  expect(ban.failed(4, [a, null, a], digests(1, 2, 3), 20)).toEqual([a]);
  expect(ban.suspects(4)).toBe(false);
});

test('of several, those alone whose blocks differ from the good copy', () => {
  const ban = new SmartBan();
  expect(ban.failed(4, [a, b, c], digests(1, 2, 3), 20)).toEqual([]);
  expect(ban.failed(4, [a, c, b], digests(1, 9, 3), 20)).toEqual([]);
  expect(ban.suspects(4)).toBe(true);
  expect(ban.passed(4, digests(1, 2, 3), 20)).toEqual([c]);
  expect(ban.suspects(4)).toBe(false);
  expect(ban.passed(4, digests(1, 2, 3), 20)).toEqual([]);
});

test('blocks of an unknown sender accuse nobody, and keep others from being taken for the only one', () => {
  const ban = new SmartBan();
  expect(ban.failed(1, ['', a], digests(9, 2), 20)).toEqual([]);
  expect(ban.passed(1, digests(1, 2), 20)).toEqual([]);
  expect(ban.failed(1, ['', ''], digests(9, 2), 20)).toEqual([]);
});

test('where the digests of either copy are missing nobody is accused', () => {
  const ban = new SmartBan();
  ban.failed(1, [a, b], new Uint8Array(0), 20);
  expect(ban.passed(1, digests(1, 2), 20)).toEqual([]);
  ban.failed(1, [a, b], digests(1, 2), 20);
  expect(ban.passed(1, new Uint8Array(0), 20)).toEqual([]);
});

test('it remembers so many blocks and no more, and forgets the oldest piece first', () => {
  const ban = new SmartBan();
  const blocks = MAX_REMEMBERED_BLOCKS / 4;
  const senders = Array.from({ length: blocks }, (_, block) => (block === 0 ? a : b));
  const bytes = new Uint8Array(blocks * 20);
  for (let piece = 0; piece < 6; piece++) ban.failed(piece, senders, bytes, 20);
  expect([0, 1, 2, 3, 4, 5].map(piece => ban.suspects(piece))).toEqual([false, false, true, true, true, true]);
  expect(ban.passed(5, new Uint8Array(blocks * 20).fill(1, 0, 1), 20)).toEqual([a]);
  ban.failed(6, senders, bytes, 20);
  expect(ban.suspects(2)).toBe(true);
});
