/** What a person is told who looks closely at a torrent: its pieces, its log, why it stands still; and whom they keep out. */
import { expect, test } from 'vitest';
import { expectAll, isSeeding, leechOn, makeTorrent, ROOT, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { Stranger } from './stranger.ts';

const MIB = 1 << 20;
const PIECE = 64 << 10;

function problemOf(host: SimHost, id: string) {
  return host.session.rows().find(row => row.id === id)?.problem ?? null;
}

function logOf(host: SimHost, id: string): string[] {
  return (host.session.detail(id, 'log')?.log ?? []).map(({ what }) => what);
}

function pair(run: number, rate?: number) {
  const world = new World(run);
  const torrent = makeTorrent({ 'a.bin': 4 * MIB, 'b.bin': 4 * MIB }, PIECE, run);
  const seed = world.host('10.0.0.1', rate === undefined ? {} : { rate });
  seedOn(seed, torrent);
  world.clock.run(5_000, isSeeding(seed, torrent.id));
  return { world, torrent, seed, leech: world.host('10.0.0.2') };
}

test('the map of pieces says what is here, on its way, left out and with whom, while it is looked at', () => {
  const { world, torrent, leech } = pair(3101, 1e6);
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['normal', 'skip'], ROOT);
  const mapOf = () => leech.session.detail(torrent.id, 'pieces')?.map ?? null;
  expect(world.clock.run(20_000, () => (mapOf()?.have ?? 0) > 10)).toBe(true);
  const map = mapOf();
  expect(map).toMatchObject({ perCell: 1, skipped: 64, unavailable: 0 });
  expect(map?.active).toBeGreaterThan(0);
  const states = Array.from({ length: 128 }, (_, piece) => [...(map?.cells.subarray(piece * 5, piece * 5 + 5) ?? [])]);
  expect(states.filter(([have]) => have === 1)).toHaveLength(map?.have ?? 0);
  expect(states.slice(64).every(([, , skipped]) => skipped === 1)).toBe(true);
  expect(new Set(states.map(([, , , , sources]) => sources))).toEqual(new Set([1]));
  expect(states.find(([have, active, skipped]) => have === 0 && active === 0 && skipped === 0)?.[3]).toBe(1);
  expect(leech.session.detail(torrent.id)).toMatchObject({ map: null, log: null });
  // At rest the same is had from the record.
  leech.session.pause(torrent.id);
  world.clock.run(10_000);
  const rested = mapOf();
  expect(rested?.have).toBeGreaterThanOrEqual(map?.have ?? 0);
  expect(rested).toMatchObject({ active: 0, skipped: 64, unavailable: 64 - (rested?.have ?? 0) });
});

test('the log has what became of it, of its peers and of its trackers, in order', () => {
  const { world, torrent, leech } = pair(3102);
  leechOn(leech, torrent);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  leech.session.pause(torrent.id);
  world.clock.run(1_000);
  const what = logOf(leech, torrent.id);
  const first = ['added', 'queued', 'checking', 'downloading', 'tracker-answered', 'peer-joined', 'completed', 'paused'];
  expect(first.map(each => what.indexOf(each)).every((at, index, all) => at >= 0 && at > (all[index - 1] ?? -1))).toBe(true);
  const log = leech.session.detail(torrent.id, 'log')?.log ?? [];
  expect(log.find(entry => entry.what === 'peer-joined')?.who).toMatch(/^10\.0\.0\.1:/);
  expect(log.find(entry => entry.what === 'tracker-answered')).toMatchObject({ kind: 'tracker', level: 'info' });
  expect(leech.session.detail(torrent.id)?.trackers[0]?.ago).toBeGreaterThan(0);
});

test('a peer that is banned for a torrent goes, is not gone to, and is let in again', () => {
  const { world, torrent, seed, leech } = pair(3103, 200e3);
  leechOn(leech, torrent);
  const peers = () => leech.session.detail(torrent.id)?.peers.length ?? 0;
  expect(world.clock.run(20_000, () => peers() > 0)).toBe(true);
  const ban = (add: string[], remove: string[]) => leech.session.ban(torrent.id, add, remove, () => undefined);
  ban(['10.0.0.1', ' 10.0.0.1'], []);
  expect(peers()).toBe(0);
  expect(leech.session.rows()[0]?.options.banned).toEqual(['10.0.0.1']);
  // Nor may it come: that side goes on trying.
  expect(world.clock.run(60_000, () => peers() > 0)).toBe(false);
  expect(seed.session.detail(torrent.id)?.peers).toEqual([]);
  expect(() => leech.session.addPeer(torrent.id, '10.0.0.1', 6881)).toThrow(/banned by hand/);
  expect(logOf(leech, torrent.id)).toContain('peer-left');
  // Whoever bans another at the same time knows of the first or not.
  ban(['10.0.0.8'], []);
  ban([], [' 10.0.0.1 ']);
  expect(leech.session.rows()[0]?.options.banned).toEqual(['10.0.0.8']);
  const many = Array.from({ length: 100 }, (_, at) => `10.1.0.${at}`);
  expect(() => ban(many, [])).toThrow('The list of banned addresses holds 100, which is the most it can.');
  leech.session.addPeer(torrent.id, '10.0.0.1', 6881);
  expect(world.clock.run(30_000, () => peers() > 0)).toBe(true);
});

test('an address is known by whatever spelling, and by any other of its network', () => {
  const { leech } = pair(3105);
  const ban = (add: string[], remove: string[]) => leech.session.ban(null, add, remove, () => undefined);
  const banned = () => leech.session.settings.banned;
  ban(['2001:db8::7', '10.0.0.8'], []);
  // What a list that was typed anew comes to.
  ban(['2001:DB8::7'], ['2001:db8::7']);
  expect(banned()).toEqual(['10.0.0.8', '2001:db8::7']);
  ban(['2001:db8::1:2'], []);
  expect(banned()).toHaveLength(2);
  ban([], ['2001:0DB8::1:2']);
  expect(banned()).toEqual(['10.0.0.8']);
  leech.session.configure({ banned: ['2001:db8::7', '2001:DB8::9', '10.0.0.8', '10.0.0.9'] });
  expect(banned()).toEqual(['2001:db8::7', '10.0.0.8', '10.0.0.9']);
  // As a record has it that nobody else reads.
  leech.session.settings = { ...leech.session.settings, banned: ['2001:DB8::7'] };
  ban([], ['2001:db8::7']);
  expect(banned()).toEqual([]);
});

test('an address that is banned for all torrents stays so after a restart, also for who comes to us', () => {
  const { world, torrent, seed, leech } = pair(3104, 200e3);
  leech.session.configure({ banned: ['2001:DB8:0:0::7'] });
  leech.session.ban(null, ['10.0.0.1'], [], () => undefined);
  expect(leech.session.settings.banned).toEqual(['2001:db8::7', '10.0.0.1']);
  expect(() => leech.session.ban(null, ['example.org'], [], () => undefined)).toThrow(/no IP address/);
  leechOn(leech, torrent);
  world.clock.run(2_000);
  leech.restart();
  seed.session.addPeer(torrent.id, '10.0.0.2', 6881);
  const peers = () => leech.session.detail(torrent.id)?.peers.length ?? 0;
  expect(world.clock.run(60_000, () => peers() > 0)).toBe(false);
  expect(leech.session.settings.banned).toEqual(['2001:db8::7', '10.0.0.1']);
  leech.session.configure({ banned: [] });
  expect(world.clock.run(600_000, () => peers() > 0)).toBe(true);
});

test('says that peers are known and none answers, and that all choke, when they do', () => {
  const { world, torrent, seed, leech } = pair(3105, 200e3);
  // Somebody is named who is not there.
  leech.session.configure({ lsd: false });
  seed.session.pause(torrent.id);
  world.clock.run(2_000);
  leechOn(leech, torrent);
  leech.session.addPeer(torrent.id, '10.0.0.77', 6881);
  world.clock.run(25_000);
  expect(problemOf(leech, torrent.id)).toMatchObject({ code: 'unreached' });
});

test('says that all files are left out, until one is chosen', () => {
  const { world, torrent, leech } = pair(3106);
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['skip', 'skip'], ROOT);
  world.clock.run(3_000);
  expect(problemOf(leech, torrent.id)).toEqual({ code: 'nothing-chosen' });
  leech.session.prioritise(torrent.id, [0], 'normal');
  expect(problemOf(leech, torrent.id)).toBe(null);
});

test('says that nobody answers, not that others have all connections, where its own dials take those', () => {
  const { world, torrent, seed, leech } = pair(3109, 200e3);
  leech.session.configure({ lsd: false, maxConnections: 1 });
  seed.session.pause(torrent.id);
  world.clock.run(2_000);
  leechOn(leech, torrent);
  for (const host of ['10.0.0.77', '10.0.0.78', '10.0.0.79']) leech.session.addPeer(torrent.id, host, 6881);
  world.clock.run(21_000);
  const codes = new Set<string | undefined>();
  world.clock.run(60_000, () => (codes.add(problemOf(leech, torrent.id)?.code), false));
  expect([...codes]).toEqual(['unreached']);
});

test('tells of peers that were there and left as that, and in its log how each connection ended', () => {
  const { world, torrent, seed, leech } = pair(3110, 100e3);
  leech.session.configure({ lsd: false });
  leechOn(leech, torrent);
  const peers = () => leech.session.detail(torrent.id)?.peers.length ?? 0;
  expect(world.clock.run(20_000, () => peers() > 0)).toBe(true);
  world.clock.run(2_000);
  seed.session.pause(torrent.id);
  world.clock.run(60_000);
  expect(problemOf(leech, torrent.id)).toMatchObject({ code: 'peers-gone' });
  const log = leech.session.detail(torrent.id, 'log')?.log ?? [];
  expect(log.filter(({ what }) => what === 'peer-lost' || what === 'peer-left')).toMatchObject([
    { what: 'peer-lost', text: 'closed by the other side' },
  ]);
});

test('says that all connections are taken, where they are', () => {
  const { world, torrent, leech } = pair(3107, 100e3);
  leech.session.configure({ maxConnections: 1 });
  leechOn(leech, torrent);
  world.clock.run(10_000, () => (leech.session.detail(torrent.id)?.peers.length ?? 0) > 0);
  const other = makeTorrent({ 'c.bin': MIB }, PIECE, 31071);
  leech.session.add({ kind: 'file', bytes: other.bytes });
  leech.session.start(other.id, null, ROOT);
  world.clock.run(25_000);
  expect(problemOf(leech, other.id)).toEqual({ code: 'no-connections', most: 1 });
});

test('says that nobody has the rest once all that a peer has is here, wants nothing more of it, and does again once it has more', () => {
  const { world, torrent, seed, leech } = pair(3111, 400e3);
  const part = world.host('10.0.0.3', { rate: 400e3 });
  for (const host of [part, leech]) host.session.configure({ lsd: false });
  part.session.add({ kind: 'file', bytes: torrent.bytes });
  part.session.start(torrent.id, ['normal', 'skip'], ROOT);
  expect(world.clock.run(60_000, isSeeding(part, torrent.id))).toBe(true);
  seed.session.pause(torrent.id);
  world.clock.run(2_000);
  leechOn(leech, torrent);
  const peer = () => leech.session.detail(torrent.id)?.peers.find(({ address }) => address.startsWith('10.0.0.3'));
  expect(world.clock.run(30_000, () => peer()?.amInterested === true)).toBe(true);
  const had = () => leech.session.detail(torrent.id, 'pieces')?.map?.have;
  expect(world.clock.run(60_000, () => had() === 64)).toBe(true);
  expect(peer()?.amInterested).toBe(false);
  world.clock.run(20_000);
  expect(problemOf(leech, torrent.id)).toEqual({ code: 'no-source-has-missing', missing: 64 });
  seed.session.resume(torrent.id);
  part.session.prioritise(torrent.id, [1], 'normal');
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
});

test('says that those who have what is missing choke, that those who were asked are silent, and no more once something comes', () => {
  const { world, torrent, seed, leech } = pair(3108);
  seed.session.pause(torrent.id);
  leech.session.configure({ lsd: false });
  leechOn(leech, torrent);
  world.clock.run(1_000);
  const stranger = new Stranger(world, '10.0.0.66', torrent.id);
  stranger.call('10.0.0.2', new Uint8Array(128 / 8).fill(0xff));
  world.clock.run(15_000);
  expect(problemOf(leech, torrent.id)).toBe(null);
  world.clock.run(10_000);
  expect(problemOf(leech, torrent.id)).toEqual({ code: 'choked', peers: 1 });
  stranger.say({ type: 'unchoke' });
  world.clock.run(1_000);
  expect(problemOf(leech, torrent.id)).toEqual({ code: 'silent', peers: 1 });
  seed.session.resume(torrent.id);
  leech.session.addPeer(torrent.id, '10.0.0.1', 6881);
  expect(world.clock.run(60_000, () => (leech.session.rows()[0]?.done ?? 0) > 0)).toBe(true);
  expect(problemOf(leech, torrent.id)).toBe(null);
});
