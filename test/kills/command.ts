/** The command line of kills.ts. */
import { parseArgs } from 'node:util';
import { haveLibtorrent } from '../peers/libtorrent.ts';
import { kills } from './kills.ts';

/** True where all was right. */
export async function command(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: { times: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
  });
  const times = Number(values.times ?? 200);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  if (!haveLibtorrent()) throw new Error('This needs python3-libtorrent.');
  console.error(`${times} kills, seed ${seed}`);
  const report = await kills(times, seed, line => console.error(line));
  if (values.json) console.log(JSON.stringify({ seed, ...report }));
  else {
    const { victims, rounds, recorded, reported, wrong, again } = report;
    const each = Object.entries(victims).map(([victim, count]) => `${victim} ${count}`);
    console.log(`killed ${times} times (${each.join(', ')}) in ${rounds} downloads`);
    console.log(`${recorded} pieces recorded and ${reported} reported as had were read: ${wrong.length} wrong`);
    console.log(`fetched again: ${(again * 100).toFixed(1)} %`);
    for (const line of wrong) console.log(line);
  }
  return report.wrong.length === 0;
}
