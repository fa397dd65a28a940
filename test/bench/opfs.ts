/**
 * Bytes a second into the browser's own file system, from a service worker in Chromium: the store, which is given pieces block by block,
 * verifies them by SHA-1, writes and records them, and flushes; in turns with a bare loop that writes files of the same lengths, four at a
 * time, and does nothing else.
 *
 * npm run bench -- opfs [--size MiB] [--piece KiB] [--rounds N] [--json]
 */
import { parseArgs } from 'node:util';
import { StorePage } from '../e2e/store-page.ts';
import { median, round, type Report } from './report.ts';

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '512' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });
  const length = Number(values.piece) * 1024;
  const count = Math.ceil((Number(values.size) * 2 ** 20) / length);
  const ours: number[] = [];
  const theirs: number[] = [];
  let segments: number[] = [];
  const page = await StorePage.open();
  try {
    for (let turn = 0; turn <= Number(values.rounds); turn++) {
      const { ends, seconds } = await page.call('write', 'bench', 0, count, length);
      if (ends['ok'] !== count || Object.keys(ends).length > 1) throw new Error(`pieces ended so: ${JSON.stringify(ends)}`);
      segments = (await page.call('segments')).filter(bytes => bytes > 0);
      const looked = Math.min(count, 16);
      if ((await page.call('read', 'bench', looked, length)) !== looked) throw new Error('what was written is not there');
      const problem = await page.call('remove', 'bench');
      if (problem) throw new Error(`the file was not removed: ${problem}`);
      const bare = await page.call('bare', segments);
      // The first round is there for both to be compiled.
      if (turn === 0) continue;
      const megabytes = (count * length) / 1e6;
      ours.push(round(megabytes / seconds));
      theirs.push(round(megabytes / bare));
      if (!values.json) console.log(`round ${turn}: ours ${ours.at(-1)} MB/s; bare ${theirs.at(-1)} MB/s`);
    }
  } finally {
    await page.close();
  }
  const [mine, other] = [median(ours), median(theirs)];
  return {
    name: 'opfs',
    unit: 'MB/s',
    ours: { median: mine, samples: ours },
    peer: { name: 'a bare loop that writes the same segments', median: other, samples: theirs },
    ratio: round(mine / other, 3),
    pieceKiB: length / 1024,
    segments: segments.length,
    segmentKiB: round(median(segments) / 1024),
  };
}
