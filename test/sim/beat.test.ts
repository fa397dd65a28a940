/** The engine's beat goes on whatever fails in it, and says so. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Changes } from '../../sw/engine/changes.ts';
import { Faults } from '../../sw/engine/faults.ts';
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

test('two faults by turns are each told once a minute, with how often they came, and no more than a few in all', () => {
  let now = 0;
  const told: string[] = [];
  const faults = new Faults(
    () => now,
    text => told.push(text),
  );
  for (; now < 60_000; now += 500) for (const each of ['one', 'two']) faults.add(each, 'it broke');
  expect(told).toEqual(['one failed: it broke', 'two failed: it broke']);
  faults.add('two', 'it broke');
  expect(told.slice(2)).toEqual(['two failed: it broke\n(and 119 times more since it was last told)']);
  now += 60_000;
  told.length = 0;
  for (let at = 0; at < 1_000; at++) faults.add(`number ${at}`, 'it broke');
  expect(told).toHaveLength(16);
});

test('a store that throws has answered: a record is written again, and one that was to be read is read again', () => {
  const world = new World(7_003);
  const torrent = makeTorrent({ 'a.bin': 600_000 }, 32_768, 7_003);
  const host = world.host('10.0.0.1');
  let breaks = { what: 'write', times: 3 };
  host.stateDelay = what => {
    if (what !== breaks.what || breaks.times === 0) return 2;
    breaks.times -= 1;
    throw new Error('the state store is broken');
  };
  seedOn(host, torrent);
  expect(world.clock.run(60_000, isSeeding(host, torrent.id))).toBe(true);
  world.clock.run(20_000);
  expect([...host.records.keys()].filter(key => key.includes(torrent.id))).toHaveLength(3);
  host.session.pause(torrent.id);
  world.clock.run(60_000);
  breaks = { what: 'read', times: 2 };
  host.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(host, torrent.id))).toBe(true);
  expect(breaks.times).toBe(0);
  for (const what of ['record', 'recall']) {
    expect(host.log.some(line => line.includes(`“${what}” failed: Error: the state store is broken`))).toBe(true);
  }
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
