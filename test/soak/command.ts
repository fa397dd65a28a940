/** The command line of soak.ts. */
import { parseArgs } from 'node:util';
import { haveLibtorrent } from '../peers/libtorrent.ts';
import { meanOf, soak, type SoakReport } from './soak.ts';

/** Memory may differ by this part between the third and the last minute: until then code is compiled, and heaps find their size. */
const FLAT = 0.1;
const WARM_UP = 120_000;
const MINUTE = 60_000;
/** Fewer minutes say nothing. */
const ENOUGH = 4;
const MB = 1e6;

/** True where memory is flat and nothing is left behind. */
export async function command(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string' }, json: { type: 'boolean' } } });
  if (!haveLibtorrent()) throw new Error('This needs python3-libtorrent.');
  const minutes = Number(values.minutes ?? 10);
  const report = await soak(minutes * MINUTE, line => console.error(line));
  const growth = growthOf(report);
  const isFlat = Object.values(growth).every(part => Math.abs(part) <= FLAT);
  if (values.json) console.log(JSON.stringify({ minutes, growth, ...report }));
  else {
    const rate = report.bytes / MB / (minutes * 60);
    console.log(
      `${report.rounds} downloads, ${(report.bytes / MB).toFixed(0)} MB, ${rate.toFixed(0)} MB/s; ${report.rude} rude peers`,
    );
    for (const [name, part] of minutes < ENOUGH ? [] : Object.entries(growth)) {
      console.log(`${name}: ${part >= 0 ? '+' : ''}${(part * 100).toFixed(1)} % from the third minute to the last`);
    }
    console.log(report.left.length === 0 ? 'nothing was left behind' : `left behind: ${report.left.join('; ')}`);
  }
  if (minutes < ENOUGH) console.error(`Less than ${ENOUGH} minutes say nothing about memory.`);
  return report.left.length === 0 && (minutes < ENOUGH || isFlat);
}

/** How the mean of the last minute differs from that of the third, as a part of it. */
function growthOf({ samples }: SoakReport): Record<string, number> {
  const last = samples.at(-1)?.at ?? 0;
  const third = samples.filter(({ at }) => at >= WARM_UP && at < WARM_UP + MINUTE);
  const end = samples.filter(({ at }) => at >= last - MINUTE);
  const growth = (name: 'daemonRss' | 'engineRss' | 'engineHeap'): number => meanOf(end, name) / meanOf(third, name) - 1;
  return { 'io-daemon, RSS': growth('daemonRss'), 'engine, RSS': growth('engineRss'), 'engine, heap': growth('engineHeap') };
}
