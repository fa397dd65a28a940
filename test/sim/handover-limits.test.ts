import { expect, test } from 'vitest';
import { decodeHandover, HANDOVER_KEY, MAX_PASSED_PEERS, MAX_PEERS_EACH } from '../../sw/engine/handover.ts';
import { leechOn, makeTorrent, seedOn, World } from './host.ts';

const PIECE = 64 * 1024;

test('fifty peers of a torrent are passed on, those that are connected first, and two thousand in all', () => {
  const world = new World(1261);
  const seed = world.host('10.0.0.1', { rate: 1e4 });
  const leech = world.host('10.1.0.1');
  world.trackerNames = 0;
  const [first, ...others] = Array.from({ length: 45 }, (_, number) => makeTorrent({ [`x${number}`]: PIECE }, PIECE, number));
  if (!first) throw new Error('no torrent');
  leech.session.configure({ maxActiveDownloads: 0, maxActive: 0 });
  seedOn(seed, first);
  leechOn(leech, first);
  const name = (id: string, peers: readonly string[]): void => {
    const named = peers.map(peer => `x.pe=${peer}:6881`).join('&');
    leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}&${named}` });
  };
  name(first.id, [seed.name]);
  world.clock.run(3_000);
  expect(leech.session.detail(first.id)?.peers).toHaveLength(1);
  // Nobody is at any of these, and no one has found that out yet.
  for (const [number, { id }] of [first, ...others].entries()) {
    name(
      id,
      Array.from({ length: 60 }, (_, peer) => `10.${number + 2}.${peer}.1`),
    );
  }
  for (const torrent of others) leechOn(leech, torrent);
  world.clock.run(5);
  leech.session.close(() => undefined);
  world.clock.run(5_000);
  const passed = [...decodeHandover(leech.records.get(HANDOVER_KEY)!)!.torrents.values()].map(({ peers }) => peers);
  expect(passed[0]?.[0]?.host).toBe(seed.name);
  expect(Math.max(...passed.map(({ length }) => length))).toBe(MAX_PEERS_EACH);
  expect(passed.flat()).toHaveLength(MAX_PASSED_PEERS);
});
