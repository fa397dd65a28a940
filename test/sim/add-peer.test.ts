/** Peers that a person names by hand. */
import { expect, test } from 'vitest';
import { hostPort } from '../../sw/engine/codec/address.ts';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import { seeds } from './seeds.ts';

const PIECE = 32_768;

/** A seed, and a leech that was given a magnet without trackers. */
function strangers(run: number) {
  const world = new World(run);
  world.trackerNames = 0;
  const torrent = makeTorrent({ 'a.bin': 300_000 }, PIECE, run);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  const leech = world.host('10.0.0.2');
  leech.session.configure({ lsd: false });
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` });
  leech.session.start(torrent.id, null, ROOT);
  return { world, torrent, seed, leech };
}

test.each(seeds(961, 962))('a peer that is named is gone to at once, and known after a restart (seed %i)', run => {
  const { world, torrent, leech } = strangers(run);
  world.clock.run(10_000);
  expect(leech.session.rows()[0]?.state).toBe('metadata');
  leech.session.addPeer(torrent.id, '10.0.0.1', 6881);
  // The record of it is written at the latest with the next second.
  world.clock.run(1_500);
  expect(leech.session.detail(torrent.id)?.hasMetadata).toBe(true);
  leech.restart();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('a peer that was tried in vain is tried again at once when it is named', () => {
  const { world, torrent, seed, leech } = strangers(963);
  seed.session.pause(torrent.id);
  leech.session.addPeer(torrent.id, '10.0.0.1', 6881);
  world.clock.run(20_000);
  seed.session.resume(torrent.id);
  world.clock.run(500);
  expect(leech.session.detail(torrent.id)?.peers).toEqual([]);
  leech.session.addPeer(torrent.id, '10.0.0.1', 6881);
  expect(world.clock.run(2_000, isSeeding(leech, torrent.id))).toBe(true);
});

test('what is no peer, or none of a private torrent, is refused in words', () => {
  const { torrent, leech, world } = strangers(964);
  const { id } = torrent;
  for (const host of ['', 'a b', 'a:b', '[a]', '1.2.3.4:5', '::1::', 'x'.repeat(300)]) {
    expect(() => leech.session.addPeer(id, host, 6881)).toThrow(expect.objectContaining({ code: 'no-address' }));
  }
  for (const port of [0, -1, 1.5, 65_536, NaN]) {
    expect(() => leech.session.addPeer(id, '10.0.0.1', port)).toThrow(expect.objectContaining({ code: 'no-address' }));
  }
  expect(() => leech.session.addPeer('0'.repeat(40), '10.0.0.1', 1)).toThrow(/not in the list/);
  const secret = makeTorrent({ 'b.bin': 100_000 }, PIECE, 965, { private: 1 });
  leech.session.add({ kind: 'file', bytes: secret.bytes });
  leech.session.start(secret.id, null, ROOT);
  world.clock.run(1_000);
  expect(() => leech.session.addPeer(secret.id, '10.0.0.1', 6881)).toThrow(expect.objectContaining({ code: 'private' }));
});

test('of many that are named the latest are recorded, and each once, however it is spelled', () => {
  const { torrent, leech } = strangers(966);
  const named = (): readonly string[] => {
    const { torrents } = leech.session as unknown as { torrents: { get(id: string): { peerSet: { named: readonly string[] } } } };
    return torrents.get(torrent.id).peerSet.named;
  };
  for (const host of ['2001:DB8::7', '[2001:db8:0:0::7]', '2001:db8::7']) leech.session.addPeer(torrent.id, host, 1);
  expect(named()).toEqual(['[2001:db8::7]:1']);
  for (let i = 0; i < 200; i++) leech.session.addPeer(torrent.id, `10.1.0.${i}`, 6881);
  expect(named()).toEqual(Array.from({ length: 100 }, (_, i) => hostPort({ host: `10.1.0.${100 + i}`, port: 6881 })));
});
