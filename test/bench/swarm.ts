/**
 * `npm run bench -- swarm`: how long a crowd takes over a torrent in simulation, beside what its uplinks allow. The clock is
 * virtual, so that the machine and its load change nothing: the same seed gives the same figure.
 *
 * --runs N   how many crowds, each of another seed (default: 5)
 */
import { parseArgs } from 'node:util';
import { median, round, type Report } from './report.ts';
import { allSeeding, crowd, join, uplinkBound } from '../sim/crowd.ts';

const SIZE = 32 << 20;
const PIECE = 64 << 10;
const PEERS = 12;
/** Bytes a second that the seed and each of the others send. */
const FROM_SEED = 4e5;
const FROM_EACH = 2e5;
const FIRST_SEED = 361;

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: '5' }, json: { type: 'boolean' } },
  });
  const bound = uplinkBound(SIZE, PEERS, FROM_SEED, FROM_EACH);
  const samples = Array.from({ length: Number(values.runs) }, (_, run) => round(seconds(FIRST_SEED + run), 2));
  const report = {
    name: 'swarm',
    unit: 's until the last of 12 has everything',
    ours: { median: median(samples), samples },
    peer: { name: 'all uplinks full all the time', median: round(bound, 2), samples: [round(bound, 2)] },
    ratio: round(bound / median(samples), 3),
    timesTheBound: { median: round(median(samples) / bound, 3), worst: round(Math.max(...samples) / bound, 3) },
  };
  const { timesTheBound } = report;
  if (!values.json) console.log(`${timesTheBound.median} of the time that the uplinks allow; at worst ${timesTheBound.worst}`);
  return Promise.resolve(report);
}

function seconds(run: number): number {
  const { world, torrent } = crowd(run, SIZE, PIECE, { rate: FROM_SEED });
  const began = world.clock.time;
  const hosts = Array.from({ length: PEERS }, (_, index) =>
    join(world, torrent, `10.1.0.${index}`, { rate: FROM_EACH, latency: 20 }),
  );
  if (!world.clock.run(900_000, allSeeding(world, hosts, torrent))) throw new Error('a crowd did not finish');
  return (world.clock.time - began) / 1000;
}
