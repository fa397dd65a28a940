import { expect, test } from 'vitest';
import { isSeeding, makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { IDS, Stranger } from './stranger.ts';

const MIB = 1 << 20;
const ALL_16 = Uint8Array.of(0xff, 0xff);

/** A leech of a torrent of sixteen pieces, alone. */
function leechOf(seed: number) {
  const world = new World(seed);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, seed);
  const host = world.host('10.0.0.1');
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  world.clock.run(500);
  const call = (says: ConstructorParameters<typeof Stranger>[3] = {}, has: Uint8Array | null = null): Stranger => {
    const stranger = new Stranger(world, '10.0.0.66', torrent.id, says);
    stranger.call('10.0.0.1', has);
    world.clock.run(500);
    return stranger;
  };
  return { world, torrent, host, call };
}

function reason(host: SimHost): string {
  return host.log.findLast(line => line.includes('dropped:')) ?? '';
}

test('of all that was told of pieces the last counts, but not without end', () => {
  const { world, torrent, host, call } = leechOf(601);
  const stranger = call({}, ALL_16);
  const progress = (): number | undefined => host.session.detail(torrent.id)?.peers[0]?.progress;
  expect(progress()).toBe(1);
  stranger.say({ type: 'haveNone' });
  world.clock.run(500);
  expect(progress()).toBe(0);
  for (let time = 0; time < 50; time++) stranger.say({ type: 'bitfield', bytes: ALL_16 });
  world.clock.run(500);
  expect(stranger.isOpen).toBe(true);
  expect(progress()).toBe(1);
  for (let time = 0; time < 8; time++) stranger.say({ type: 'haveNone' });
  world.clock.run(500);
  expect(stranger.isOpen).toBe(false);
  expect(reason(host)).toContain('again and again');
});

test('who has not offered the Fast extension may not use it', () => {
  const { world, host, call } = leechOf(602);
  const stranger = call({ fast: false }, ALL_16);
  stranger.say({ type: 'suggest', piece: 1 });
  world.clock.run(500);
  expect(stranger.isOpen).toBe(false);
  expect(reason(host)).toContain('Fast extension');
});

test('who refuses what it was not asked for, again and again, is dropped', () => {
  const { world, host, call } = leechOf(603);
  const stranger = call({}, ALL_16);
  for (let block = 0; block < 64; block++) stranger.say({ type: 'reject', piece: 3, begin: 0, length: 16384 });
  world.clock.run(500);
  expect(stranger.isOpen).toBe(true);
  stranger.say({ type: 'reject', piece: 3, begin: 0, length: 16384 });
  world.clock.run(500);
  expect(stranger.isOpen).toBe(false);
  expect(reason(host)).toContain('refuses blocks');
});

test('a suggested piece is asked for first, and one that is taken back no more', () => {
  const { world, call } = leechOf(604);
  const stranger = call({}, ALL_16);
  stranger.say({ type: 'suggest', piece: 11 });
  const taken = new Uint8Array(4);
  new DataView(taken.buffer).setUint32(0, 5);
  expect(stranger.handshake?.m.get('lt_donthave')).toBeGreaterThan(0);
  stranger.extended(stranger.handshake?.m.get('lt_donthave') ?? 0, taken);
  stranger.say({ type: 'unchoke' });
  world.clock.run(1_000);
  const asked = stranger.heard.flatMap(message => (message.type === 'request' ? [message.piece] : []));
  expect(asked[0]).toBe(11);
  expect(new Set(asked).size).toBe(15);
  expect(asked).not.toContain(5);
  expect(IDS.lt_donthave).toBeGreaterThan(0);
});

test('a seed refuses who is choked, and tells a leech’s end as upload-only', () => {
  const world = new World(605);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 605);
  const seed = world.host('10.0.0.1', { rate: 300_000 });
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const leech = world.host('10.0.0.2');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  const stranger = new Stranger(world, '10.0.0.66', torrent.id);
  stranger.call('10.0.0.2');
  world.clock.run(500);
  expect(stranger.handshake?.uploadOnly).toBe(false);
  stranger.say({ type: 'request', piece: 0, begin: 0, length: 16384 });
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  world.clock.run(2_000);
  expect(stranger.heard.some(({ type }) => type === 'reject')).toBe(true);
  expect(stranger.handshake?.uploadOnly).toBe(true);
  expect(stateOf(leech, torrent.id)).toBe('seeding');
});

test.each([
  ['a bitfield that is too short', { type: 'bitfield', bytes: Uint8Array.of(255) }],
  ['a bitfield that is too long', { type: 'bitfield', bytes: Uint8Array.of(255, 255, 0) }],
  ['a piece that there is none of', { type: 'have', piece: 16 }],
  ['a piece as far away as can be', { type: 'have', piece: 0xffffffff }],
  ['a suggestion of no piece', { type: 'suggest', piece: 16 }],
  ['a request for no piece', { type: 'request', piece: 16, begin: 0, length: 16384 }],
  ['a request for nothing', { type: 'request', piece: 0, begin: 0, length: 0 }],
  ['a request for more than 128 KiB', { type: 'request', piece: 0, begin: 0, length: 128 * 1024 + 1 }],
  ['a request beyond the end of its piece', { type: 'request', piece: 0, begin: 64 * 1024 - 1, length: 2 }],
  ['a request that begins beyond all numbers', { type: 'request', piece: 0, begin: 0xffffffff, length: 16384 }],
  ['an extended message that is none', { type: 'extended', id: 0, payload: Uint8Array.of(1, 2, 3) }],
] as const)('%s ends the connection, and the third of its like is the last that is taken', (_, message) => {
  const { world, host, call } = leechOf(606);
  for (let time = 0; time < 3; time++) {
    const stranger = call({}, ALL_16);
    expect(stranger.isOpen).toBe(true);
    stranger.say(message);
    world.clock.run(500);
    expect(stranger.isOpen).toBe(false);
    expect(reason(host)).toContain('dropped:');
  }
  expect(call({}, ALL_16).isOpen).toBe(false);
});

test('who sends more than 32 MiB that nobody asked for is dropped for it', () => {
  const { world, host, call } = leechOf(607);
  const stranger = call({}, ALL_16);
  for (let time = 0; time < 150 && stranger.isOpen; time++) {
    stranger.say({ type: 'piece', piece: 99, begin: 0, block: new Uint8Array(256 * 1024) });
    world.clock.run(50);
  }
  expect(stranger.isOpen).toBe(false);
  expect(reason(host)).toContain('not asked for');
});

test('2,000 requests of a peer wait, and those beyond are refused', () => {
  const world = new World(608);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 608);
  const seed = world.host('10.0.0.1', { rate: 100_000 });
  seedOn(seed, torrent);
  world.clock.run(2_000);
  const stranger = new Stranger(world, '10.0.0.66', torrent.id);
  stranger.call('10.0.0.1');
  world.clock.run(500);
  expect(stranger.handshake?.reqq).toBe(2000);
  stranger.say({ type: 'interested' });
  world.clock.run(20_000, () => stranger.heard.some(({ type }) => type === 'unchoke'));
  const refused = (): number => stranger.heard.filter(({ type }) => type === 'reject').length;
  const before = refused();
  for (let time = 0; time < 2_500; time++) stranger.say({ type: 'request', piece: time % 16, begin: 0, length: 16384 });
  world.clock.run(1_000);
  expect(refused() - before).toBeGreaterThan(2_500 - 2_000 - 64);
  expect(refused() - before).toBeLessThanOrEqual(2_500 - 2_000);
  expect(stranger.isOpen).toBe(true);
});
