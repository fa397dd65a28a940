/** What a seed suggests to peers (BEP 6). */
import { beforeAll, expect, test } from 'vitest';
import { makeTorrent, seedOn, stateOf, World } from './host.ts';
import { Stranger } from './stranger.ts';

const MIB = 1 << 20;
const PIECE = MIB;
const BLOCK = 16_384;

type Torrent = ReturnType<typeof makeTorrent>;
let large: Torrent;
let small: Torrent;
beforeAll(() => {
  large = makeTorrent({ x: 64 * MIB }, PIECE, 701);
  small = makeTorrent({ x: 63 * MIB }, PIECE, 702);
});

/** A seed, and strangers that want something of it. */
function seedOf(torrent: Torrent) {
  const world = new World(701);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  expect(world.clock.run(30_000, () => stateOf(seed, torrent.id) === 'seeding')).toBe(true);
  let number = 20;
  const call = (has: Uint8Array | null = null, fast = true): Stranger => {
    const stranger = new Stranger(world, `10.0.0.${number++}`, torrent.id, { fast });
    stranger.call('10.0.0.1', has);
    world.clock.run(500);
    stranger.say({ type: 'interested' });
    world.clock.run(500);
    return stranger;
  };
  const ask = (stranger: Stranger, piece: number): void => {
    stranger.say({ type: 'request', piece, begin: 0, length: BLOCK });
  };
  return { world, seed, call, ask };
}

function suggested(stranger: Stranger): number[] {
  return stranger.heard.flatMap(message => (message.type === 'suggest' ? [message.piece] : []));
}

/** That many pieces, from the first on. */
function first(count: number): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, byte) => 0xff00 >> Math.max(0, Math.min(8, count - 8 * byte)));
}

test('a piece that was read for one peer is suggested to others that lack it and may have it', () => {
  const { world, call, ask } = seedOf(large);
  const reader = call();
  const others = { lacking: call(), having: call(first(8)), slow: call(null, false), nearlyDone: call(first(49)) };
  ask(reader, 7);
  world.clock.run(2_000);
  expect(suggested(reader)).toEqual([]);
  expect(suggested(others.lacking)).toEqual([7]);
  // It has it; it does not speak the Fast extension; it lacks 15 pieces.
  for (const other of [others.having, others.slow, others.nearlyDone]) expect(suggested(other)).toEqual([]);
  ask(reader, 60);
  world.clock.run(11_000);
  expect([suggested(others.lacking), suggested(others.having)]).toEqual([[7, 60], [60]]);
  expect(suggested(others.nearlyDone)).toEqual([]);
});

test('who is choked or wants nothing is suggested nothing', () => {
  const { world, seed, call, ask } = seedOf(large);
  seed.session.configure({ maxUploads: 2 });
  const [reader, served] = [call(), call()];
  const choked = call();
  served.say({ type: 'notInterested' });
  world.clock.run(200);
  ask(reader, 3);
  world.clock.run(2_000);
  for (const other of [served, choked]) expect(suggested(other)).toEqual([]);
  expect(choked.heard.some(({ type }) => type === 'unchoke')).toBe(false);
});

test('one reading is suggested to two peers, and one peer told of a piece in ten seconds, of those read last', () => {
  const { world, call, ask } = seedOf(large);
  const reader = call();
  const others = [call(), call(), call()];
  for (let piece = 0; piece < 40; piece++) ask(reader, piece);
  world.clock.run(2_000);
  const told = others.map(suggested);
  expect(told.map(pieces => pieces.length)).toEqual([1, 1, 1]);
  for (const [piece] of told) expect(piece).toBeGreaterThanOrEqual(24);
  for (const piece of told.flat()) expect(told.flat().filter(other => other === piece).length).toBeLessThanOrEqual(2);
  world.clock.run(60_000);
  // What is not read again is not in the cache for long.
  for (const other of others) expect(suggested(other).length).toBeLessThanOrEqual(3);
});

test('a torrent that fits into any cache is not suggested, nor one that is super-seeded', () => {
  const tiny = seedOf(small);
  const [reader, other] = [tiny.call(), tiny.call()];
  tiny.ask(reader, 3);
  tiny.world.clock.run(2_000);
  expect(suggested(other)).toEqual([]);
  const { world, seed, call, ask } = seedOf(large);
  seed.session.set(large.id, { superSeeding: true });
  const [shown, watching] = [call(), call()];
  const piece = shown.heard.flatMap(message => (message.type === 'have' ? [message.piece] : []))[0] ?? -1;
  ask(shown, piece);
  world.clock.run(2_000);
  expect(suggested(watching)).toEqual([]);
  expect(seed.session.rows()[0]?.uploaded).toBe(BLOCK);
});
