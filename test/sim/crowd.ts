import { makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import type { Line } from './internet.ts';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';

export type Torrent = ReturnType<typeof makeTorrent>;

/** A world with a torrent and a host that seeds it. */
export function crowd(run: number, size: number, pieceLength: number, line: Partial<Line>) {
  const world = new World(run);
  const torrent = makeTorrent({ x: size }, pieceLength, run);
  const seed = world.host('10.0.0.1', line);
  plainly(seed);
  seedOn(seed, torrent);
  world.clock.run(5_000, () => stateOf(seed, torrent.id) === 'seeding');
  return { world, torrent, seed };
}

/** Without encryption: a key exchange for each of thousands of connections is time that a crowd has nothing to show for. */
function plainly(host: SimHost): SimHost {
  host.session.configure({ encryption: 'off' });
  return host;
}

/** Seconds that a crowd takes at least: the seed has to send everything once, and all uplinks together a copy for each (Kumar and Ross 2006). */
export function uplinkBound(size: number, count: number, fromSeed: number, fromEach: number): number {
  return Math.max(size / fromSeed, (count * size) / (fromSeed + count * fromEach));
}

/** One more host, which begins to fetch at once. */
export function join(world: World, torrent: Torrent, name: string, line: Partial<Line> = {}): SimHost {
  const host = plainly(world.host(name, line));
  host.session.add({ kind: 'file', bytes: torrent.bytes });
  host.session.start(torrent.id, null, ROOT);
  return host;
}

/** For a clock's run: a question that is dear, asked four times a second and not at each event. */
export function atTimes(world: World, ask: () => boolean): () => boolean {
  let nextLook = 0;
  return () => {
    if (world.clock.time < nextLook) return false;
    nextLook = world.clock.time + 250;
    return ask();
  };
}

/** For a clock's run: whether all of them have everything. */
export function allSeeding(world: World, hosts: readonly SimHost[], torrent: Torrent): () => boolean {
  let done = 0;
  return atTimes(world, () => {
    while (done < hosts.length && stateOf(hosts[done]!, torrent.id) === 'seeding') done += 1;
    return done === hosts.length;
  });
}

/**
 * Whole copies that these hosts hold between them, as their records say: the pieces that are rarest count, and as the
 * fraction the share of pieces of which there is one more.
 */
export function copies(hosts: readonly SimHost[]): number {
  const counts: number[] = [];
  for (const host of hosts) {
    for (const [key, value] of host.records) {
      const progress = key.endsWith('/progress') ? decodeProgressRecord(value) : null;
      progress?.have.forEach((byte, at) => {
        for (let bit = 0; bit < 8; bit++) counts[at * 8 + bit] = (counts[at * 8 + bit] ?? 0) + ((byte >> (7 - bit)) & 1);
      });
    }
  }
  if (counts.length === 0) return 0;
  const fewest = Math.min(...counts);
  return fewest + counts.filter(count => count > fewest).length / counts.length;
}
