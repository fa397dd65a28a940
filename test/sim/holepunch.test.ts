import { expect, test } from 'vitest';
import { decodeHolepunch, encodeHolepunch, HolepunchError } from '../../sw/engine/codec/holepunch.ts';
import type { HolepunchMessage } from '../../sw/engine/codec/holepunch.ts';
import { PEX_FLAG } from '../../sw/engine/codec/pex.ts';
import { makeTorrent, seedOn, World } from './host.ts';
import type { SimHost } from './host.ts';
import { IDS, Stranger } from './stranger.ts';

const MIB = 1 << 20;
/** The engine's own id of the extension. */
const OURS = 3;

function connected(host: SimHost, id: string): string[] {
  return (host.session.detail(id)?.peers ?? []).map(({ address }) => address.split(':')[0] ?? '').sort();
}

function magnet(host: SimHost, id: string, ...peers: string[]): void {
  host.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}${peers.map(peer => `&x.pe=${peer}:6881`).join('')}` });
}

function meetings(stranger: Stranger): HolepunchMessage[] {
  return stranger.heard.flatMap(message =>
    message.type === 'extended' && message.id === IDS.ut_holepunch ? [decodeHolepunch(message.payload)!] : [],
  );
}

test('a seed behind a router is met by way of a third, within seconds', () => {
  const world = new World(1001);
  const torrent = makeTorrent({ x: 2 * MIB }, 64 * 1024, 1001);
  world.internet.shielded.add('20.0.0.2');
  // The one in the middle has nothing to give.
  const middle = world.host('20.0.0.1');
  magnet(middle, torrent.id);
  const other = new Stranger(world, '20.0.0.9', torrent.id, { port: 7000 });
  other.call('20.0.0.1');
  const seed = world.host('20.0.0.2', { rate: 20_000 });
  seedOn(seed, torrent);
  world.tracker.clear();
  world.clock.run(1_000);
  magnet(seed, torrent.id, '20.0.0.1');
  world.clock.run(3_000);
  expect(connected(middle, torrent.id)).toEqual(['20.0.0.2', '20.0.0.9']);
  world.tracker.clear();
  const leech = world.host('20.0.0.3');
  magnet(leech, torrent.id, '20.0.0.1');
  // The one in the middle has told the seed of the other, so it tells it of the leech a minute later at the earliest.
  world.clock.run(20_000);
  expect(world.internet.dialledByUtp).toContain('20.0.0.2:6881');
  expect(connected(leech, torrent.id)).toEqual(['20.0.0.1', '20.0.0.2']);
  expect(connected(seed, torrent.id)).toEqual(['20.0.0.1', '20.0.0.3']);
  expect(world.clock.run(60_000, () => leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  // One connection between the two, no second one, and none dials one who came to it.
  const dialled = (): string[] =>
    [...world.internet.dialled, ...world.internet.dialledByUtp].filter(address => /^20\.0\.0\.[23]:/.test(address)).sort();
  // TCP first, then uTP from both sides.
  expect(dialled()).toEqual(['20.0.0.2:6881', '20.0.0.2:6881', '20.0.0.3:6881']);
  world.clock.run(60_000);
  expect(dialled()).toHaveLength(3);
  expect(connected(leech, torrent.id)).toEqual(['20.0.0.1', '20.0.0.2']);
});

test('two behind routers meet by uTP, as both go to where the other is', () => {
  const world = new World(1006);
  const torrent = makeTorrent({ x: 2 * MIB }, 64 * 1024, 1006);
  for (const host of ['20.0.0.2', '20.0.0.3']) world.internet.shielded.add(host);
  const middle = world.host('20.0.0.1');
  magnet(middle, torrent.id);
  const seed = world.host('20.0.0.2');
  seedOn(seed, torrent);
  world.tracker.clear();
  world.clock.run(1_000);
  magnet(seed, torrent.id, '20.0.0.1');
  world.clock.run(3_000);
  const leech = world.host('20.0.0.3');
  magnet(leech, torrent.id, '20.0.0.1');
  world.tracker.clear();
  expect(world.clock.run(3 * 60_000, () => connected(leech, torrent.id).includes('20.0.0.2'))).toBe(true);
  world.clock.run(5_000);
  expect(connected(leech, torrent.id).filter(host => host === '20.0.0.2')).toHaveLength(1);
  expect(leech.session.detail(torrent.id)?.peers.find(peer => peer.address.startsWith('20.0.0.2'))?.transport).toBe('utp');
});

test('without uTP two behind routers ask once, try once more, and are let be', () => {
  const world = new World(1002);
  const torrent = makeTorrent({ x: 2 * MIB }, 64 * 1024, 1002);
  for (const host of ['20.0.0.2', '20.0.0.3']) world.internet.shielded.add(host);
  const middle = world.host('20.0.0.1');
  magnet(middle, torrent.id);
  const [one, two] = [world.host('20.0.0.2'), world.host('20.0.0.3')];
  for (const host of [one, two]) host.session.configure({ utp: false });
  magnet(one, torrent.id, '20.0.0.1');
  magnet(two, torrent.id, '20.0.0.1');
  world.clock.run(5 * 60_000);
  expect(connected(middle, torrent.id)).toEqual(['20.0.0.2', '20.0.0.3']);
  expect(connected(one, torrent.id)).toEqual(['20.0.0.1']);
  const tries = world.internet.dialled.filter(address => address === '20.0.0.3:6881').length;
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThanOrEqual(8);
});

test('who asks for a meeting is told where the other is, who supports it by PEX, and why there is none', () => {
  const world = new World(1003);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 1003);
  const host = world.host('20.0.0.1', { rate: 1000 });
  seedOn(host, torrent);
  world.clock.run(2_000);
  const [asker, target] = ['20.0.0.2', '20.0.0.3'].map(name => new Stranger(world, name, torrent.id, { port: 7000 }));
  if (!asker || !target) throw new Error('no strangers');
  for (const stranger of [target, asker]) {
    stranger.call('20.0.0.1');
    world.clock.run(2_000);
  }
  expect(asker.handshake?.m.get('ut_holepunch')).toBe(OURS);
  const told = asker.exchanges.flatMap(({ added }) => added);
  expect(told).toEqual([{ host: '20.0.0.3', port: 7000, flags: PEX_FLAG.holepunch }]);
  const wish = (address: { host: string; port: number }): void =>
    asker.extended(OURS, encodeHolepunch({ type: 'rendezvous', address, error: 0 }));
  wish({ host: '20.0.0.3', port: 7000 });
  wish({ host: '20.0.0.9', port: 7000 });
  world.clock.run(1_000);
  expect(meetings(asker)).toEqual([
    { type: 'connect', address: { host: '20.0.0.3', port: 7000 }, error: 0 },
    { type: 'error', address: { host: '20.0.0.9', port: 7000 }, error: HolepunchError.NOT_CONNECTED },
  ]);
  expect(meetings(target)).toEqual([{ type: 'connect', address: { host: '20.0.0.2', port: 7000 }, error: 0 }]);
  // The third malformed one costs the connection, as any breach does.
  asker.extended(OURS, Uint8Array.of(0, 7));
  world.clock.run(1_000);
  expect(asker.isOpen).toBe(false);
  expect(host.log.some(line => line.includes('malformed holepunch'))).toBe(true);
});

test('a private torrent knows no meetings', () => {
  const world = new World(1004);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 1004, { private: 1 });
  const host = world.host('20.0.0.1', { rate: 1000 });
  seedOn(host, torrent);
  world.clock.run(2_000);
  const [asker, target] = ['20.0.0.2', '20.0.0.3'].map(name => new Stranger(world, name, torrent.id, { port: 7000 }));
  if (!asker || !target) throw new Error('no strangers');
  for (const stranger of [target, asker]) stranger.call('20.0.0.1');
  world.clock.run(2_000);
  expect(asker.handshake?.m.has('ut_holepunch')).toBe(false);
  asker.extended(OURS, encodeHolepunch({ type: 'rendezvous', address: { host: '20.0.0.3', port: 7000 }, error: 0 }));
  asker.extended(OURS, encodeHolepunch({ type: 'connect', address: { host: '20.0.0.4', port: 7000 }, error: 0 }));
  world.clock.run(2_000);
  expect([...meetings(asker), ...meetings(target)]).toEqual([]);
  expect(world.internet.dialled).not.toContain('20.0.0.4:7000');
});

test('one who names peers and calls us to them all has ten of them dialled a minute, and a banned host never', () => {
  const world = new World(1005);
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, 1005);
  const host = world.host('20.0.0.1', { rate: 1000 });
  seedOn(host, torrent);
  world.clock.run(2_000);
  const liar = new Stranger(world, '20.0.0.2', torrent.id, { port: 7000 });
  liar.call('20.0.0.1');
  world.clock.run(1_000);
  const call = (address: string): void =>
    liar.extended(OURS, encodeHolepunch({ type: 'connect', address: { host: address, port: 7000 }, error: 0 }));
  for (let index = 0; index < 100; index++) call(`21.0.0.${index}`);
  for (const home of ['10.0.0.1', '127.0.0.1', '192.168.0.1']) call(home);
  world.clock.run(1_000);
  const dialled = world.internet.dialledByUtp.filter(address => address.endsWith(':7000'));
  expect(dialled).toHaveLength(10);
  expect(dialled.every(address => address.startsWith('21.0.0.'))).toBe(true);
});
