import { describe, expect, it, test } from 'vitest';
import type { Encryption } from '../../sw/engine/settings.ts';
import { makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';

const MODES: readonly Encryption[] = ['off', 'prefer', 'require'];
const PROTOCOL = Buffer.from('BitTorrent protocol');

/** What the two of them come to, the leech connecting to the seed. */
function outcome(leech: Encryption, seed: Encryption): 'none' | 'handshake' | 'full' | null {
  if (leech === 'off') return seed === 'require' ? null : 'none';
  if (seed === 'off') return leech === 'require' ? null : 'none';
  return leech === 'require' || seed === 'require' ? 'full' : 'handshake';
}

function state(host: SimHost, id: string): string {
  return host.session.rows().find(row => row.id === id)?.state ?? 'absent';
}

function pair(seed: number, modes: { leech: Encryption; seed: Encryption }) {
  const world = new World(seed);
  const torrent = makeTorrent({ 'film.mkv': 3 << 20 }, 64 << 10, seed);
  const one = world.host('10.0.0.1');
  one.session.configure({ encryption: modes.seed });
  seedOn(one, torrent);
  world.clock.run(5_000, () => state(one, torrent.id) === 'seeding');
  const two = world.host('10.0.0.2');
  two.session.configure({ encryption: modes.leech });
  const wire: Buffer[] = [];
  world.internet.tap = bytes => void wire.push(Buffer.from(bytes));
  two.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=10.0.0.1:6881` });
  two.session.start(torrent.id, null, ROOT);
  return {
    world,
    torrent,
    seed: one,
    leech: two,
    seenPlain: (what: Uint8Array) => Buffer.concat(wire).includes(Buffer.from(what)),
  };
}

describe.each(MODES)('a leech that has encryption at %s', leech => {
  it.each(MODES)('and a seed at %s', seed => {
    const expected = outcome(leech, seed);
    const { world, torrent, leech: host, seed: other, seenPlain } = pair(11, { leech, seed });
    let seen: string | undefined;
    let seenBySeed: string | undefined;
    const isDone = world.clock.run(30_000, () => {
      seen ??= host.session.detail(torrent.id)?.peers[0]?.encryption;
      seenBySeed ??= other.session.detail(torrent.id)?.peers[0]?.encryption;
      return state(host, torrent.id) === 'seeding';
    });
    expect(isDone).toBe(expected !== null);
    expect(seen).toBe(expected ?? undefined);
    expect(seenBySeed).toBe(expected ?? undefined);
    const content = torrent.contents.get('film.mkv') as Uint8Array;
    if (isDone) expect(Buffer.from(host.file('film.mkv') ?? []).equals(Buffer.from(content))).toBe(true);
    // The line itself: who requires encryption never says its name in the open, and RC4 shows no payload.
    expect(seenPlain(content.subarray(70_000, 70_100))).toBe(expected === 'none' || expected === 'handshake');
    if (expected === 'full' && leech !== 'off') expect(seenPlain(PROTOCOL)).toBe(false);
  });
});

test('a peer that does not encipher is reached again at once, and the next time straight away', () => {
  const { world, torrent, leech, seed } = pair(12, { leech: 'prefer', seed: 'off' });
  const begun = world.clock.time;
  expect(world.clock.run(2_000, () => (leech.session.detail(torrent.id)?.peers.length ?? 0) > 0)).toBe(true);
  expect(world.clock.time - begun).toBeLessThan(500);
  expect(seed.log.filter(line => line.includes('does not speak BitTorrent'))).toHaveLength(1);
  leech.session.pause(torrent.id);
  world.clock.run(10_000, () => false);
  leech.session.resume(torrent.id);
  expect(world.clock.run(30_000, () => state(leech, torrent.id) === 'seeding')).toBe(true);
  expect(seed.log.filter(line => line.includes('does not speak BitTorrent'))).toHaveLength(1);
});

test('who requires encryption does not hammer at a peer that has none', () => {
  const { world, torrent, leech, seed } = pair(13, { leech: 'require', seed: 'off' });
  world.clock.run(600_000, () => state(leech, torrent.id) === 'seeding');
  expect(seed.log.filter(line => line.includes('does not speak BitTorrent')).length).toBeLessThanOrEqual(6);
});

test('requiring encryption ends plain connections, and the setting outlives the engine', () => {
  const { world, torrent, leech, seed } = pair(14, { leech: 'off', seed: 'prefer' });
  const peer = () => leech.session.detail(torrent.id)?.peers[0]?.encryption;
  expect(world.clock.run(5_000, () => peer() === 'none')).toBe(true);
  seed.session.configure({ encryption: 'require' });
  leech.session.configure({ encryption: 'prefer' });
  expect(world.clock.run(60_000, () => peer() === 'full')).toBe(true);
  seed.restart();
  expect(seed.session.settings).toMatchObject({ encryption: 'require' });
  expect(world.clock.run(120_000, () => state(leech, torrent.id) === 'seeding')).toBe(true);
});
