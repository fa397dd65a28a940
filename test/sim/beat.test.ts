/** The engine's beat goes on whatever fails in it, and says so. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Changes } from '../../sw/engine/changes.ts';
import { History } from '../../sw/engine/history/history.ts';
import { Incoming } from '../../sw/engine/incoming.ts';
import { LocalDiscovery } from '../../sw/engine/lsd.ts';
import { PortTest } from '../../sw/engine/port-test.ts';
import { Rates } from '../../sw/engine/rates.ts';
import { expectAll, isSeeding, leechOn, makeTorrent, seedOn, World } from './host.ts';

test.each([
  ['what comes in', () => vi.spyOn(Incoming.prototype, 'tick')],
  ['the local network', () => vi.spyOn(LocalDiscovery.prototype, 'tick')],
  ['the test of the port', () => vi.spyOn(PortTest.prototype, 'tick')],
  ['the limits', () => vi.spyOn(Rates.prototype, 'tick')],
  ['what changed', () => vi.spyOn(Changes.prototype, 'second')],
  ['the history', () => vi.spyOn(History.prototype, 'at')],
  ['the history of all', () => vi.spyOn(History.prototype, 'due')],
])('%s fails each time: a download completes all the same, and that is logged now and again', (_what, spy) => {
  const world = new World(7_001);
  const torrent = makeTorrent({ 'a.bin': 900_000 }, 32_768, 7_001);
  const [seed, leech] = [world.host('10.0.0.1', { rate: 30_000 }), world.host('10.0.0.2')];
  const broken = spy();
  onTestFinished(() => broken.mockRestore());
  broken.mockImplementation(() => {
    throw new Error('broken');
  });
  seedOn(seed, torrent);
  leechOn(leech, torrent);
  expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(broken.mock.calls.length).toBeGreaterThan(20);
  const said = leech.log.filter(line => line.includes('broken'));
  expect([said.length > 0, said.length <= 3]).toEqual([true, true]);
});

test('a port that throws costs what was asked of it, and nothing else', () => {
  const world = new World(7_002);
  const torrent = makeTorrent({ 'a.bin': 600_000 }, 32_768, 7_002);
  const [seed, leech] = [world.host('10.0.0.1', { rate: 60_000 }), world.host('10.0.0.2')];
  seedOn(seed, torrent);
  leechOn(leech, torrent);
  world.clock.run(3_000);
  const acknowledge = vi.spyOn(leech.store, 'acknowledge');
  acknowledge.mockImplementationOnce(() => {
    throw new Error('not just now');
  });
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(leech.log.filter(line => line.includes('“acknowledge” failed: Error: not just now'))).toHaveLength(1);
  expectAll(leech, torrent);
});
