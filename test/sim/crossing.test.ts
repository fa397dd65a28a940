/** Two peers that dial each other at the same moment. A failure names its seed; see seeds.ts for how to replay it. */
import { expect, test } from 'vitest';
import { makeTorrent, ROOT, World } from './host.ts';
import { seeds } from './seeds.ts';

const MIB = 1 << 20;
const HOSTS = ['10.0.0.1', '10.0.0.2'];

/** Both hear of each other within the time that a connection takes, and have nothing to give. */
function crossed(run: number, encryption: 'off' | 'prefer', late: number) {
  const world = new World(run);
  world.trackerNames = 0;
  const torrent = makeTorrent({ x: MIB }, 64 * 1024, run);
  const hosts = HOSTS.map((name, index) => world.host(name, { latency: 20 + index * late }));
  for (const host of hosts) {
    host.session.configure({ encryption });
    host.session.add({ kind: 'file', bytes: torrent.bytes });
    host.session.start(torrent.id, null, ROOT);
  }
  world.clock.run(1_000);
  hosts.forEach((host, index) => {
    world.clock.run(index * late);
    host.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=${HOSTS[1 - index]}:6881` });
  });
  return { world, torrent, hosts };
}

const cases = seeds(371).flatMap(run =>
  (['off', 'prefer'] as const).flatMap(encryption => [0, 1, 7, 19, 33, 50].map(late => ({ run, encryption, late }))),
);
test.each(cases)(
  'one connection of two is left, and nobody dials again who is there (seed $run, encryption $encryption, $late ms apart)',
  ({ run, encryption, late }) => {
    const { world, torrent, hosts } = crossed(run, encryption, late);
    world.clock.run(1_200_000);
    for (const host of hosts) expect(host.session.detail(torrent.id)?.peers, host.name).toHaveLength(1);
    // Once by the other; and once by itself, as the DHT names everybody who announced.
    for (const name of HOSTS) expect(world.internet.dialled.filter(at => at === `${name}:6881`).length).toBeLessThan(3);
  },
);
