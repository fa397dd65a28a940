/** Torrents that are in the list and are added once more, with other trackers. */
import bencode from 'bencode';
import { expect, test } from 'vitest';
import { makeTorrent, ROOT, seedOn, World } from './host.ts';

const EVIL = 'http://tracker/evil';
const EXTRAS = `tr=${encodeURIComponent(EVIL)}&ws=${encodeURIComponent('http://web/file')}&x.pe=10.0.0.7:6881`;

function inList(more: object) {
  const world = new World(671);
  const torrent = makeTorrent({ x: 100_000 }, 16_384, 671, more);
  const host = world.host('10.0.0.1');
  seedOn(host, torrent);
  world.clock.run(3_000);
  const told = (): unknown => {
    const detail = host.session.detail(torrent.id);
    return { trackers: detail?.trackers.map(({ url }) => url), webSeeds: detail?.webSeeds.map(({ url }) => url) };
  };
  const file = bencode.encode({
    ...(bencode.decode(torrent.bytes) as object),
    announce: EVIL,
    'url-list': 'http://web/file',
    comment: 'new',
  });
  return { world, torrent, host, told, magnet: `magnet:?xt=urn:btih:${torrent.id}&${EXTRAS}`, file: Uint8Array.from(file) };
}

test('a private torrent takes no tracker, web seed or peer from a magnet or another .torrent (BEP 27)', () => {
  const { world, torrent, host, told, magnet, file } = inList({ private: 1 });
  const before = [told(), world.announces];
  const nothing = { id: torrent.id, already: true, brought: false, isBack: false };
  for (const rests of [false, true]) {
    if (rests) host.session.pause(torrent.id);
    if (rests) world.clock.run(5_000);
    if (rests) before[1] = world.announces;
    expect(host.session.add({ kind: 'magnet', uri: magnet })).toEqual(nothing);
    expect(host.session.add({ kind: 'file', bytes: file })).toEqual(nothing);
    world.clock.run(5_000);
    expect([told(), world.announces]).toEqual(before);
  }
  expect(world.internet.dialled.some(address => address.startsWith('10.0.0.7:'))).toBe(false);
});

test.each(['magnet', 'file'] as const)('another takes them of a %s, says so, and has them after a kill', kind => {
  const { world, torrent, host, told, magnet, file } = inList({});
  // Web seeds have the record written by themselves: here there are trackers alone.
  const uri = magnet.replace(/&ws=[^&]*/, '');
  const { 'url-list': _, ...rest } = bencode.decode(file) as Record<string, unknown>;
  const source = kind === 'magnet' ? ({ kind, uri } as const) : ({ kind, bytes: Uint8Array.from(bencode.encode(rest)) } as const);
  expect(host.session.add(source)).toEqual({ id: torrent.id, already: true, brought: true, isBack: false });
  expect(host.session.add(source)).toEqual({ id: torrent.id, already: true, brought: false, isBack: false });
  world.clock.run(3_000);
  host.restart();
  world.clock.run(100);
  expect(told()).toEqual({ trackers: ['http://tracker/announce', EVIL], webSeeds: [] });
  if (kind === 'file') expect(host.session.detail(torrent.id)?.comment).toBe('new');
});

test('the exact sources of a magnet that is added again are kept', () => {
  const world = new World(672);
  const { id } = makeTorrent({ x: 100_000 }, 16_384, 672);
  const host = world.host('10.0.0.1');
  host.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` });
  host.session.start(id, null, ROOT);
  world.clock.run(3_000);
  const before = host.records.get(`t/${id}/torrent`);
  host.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}&xs=http%3A%2F%2Fweb%2Fx.torrent` });
  world.clock.run(3_000);
  expect(Buffer.from(before!).includes('x.torrent')).toBe(false);
  expect(Buffer.from(host.records.get(`t/${id}/torrent`)!).includes('x.torrent')).toBe(true);
});
