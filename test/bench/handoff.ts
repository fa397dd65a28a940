/**
 * Milliseconds from the start of the link-handler to its end, a host and a window of the app being there: the window asks about
 * the link by then. The peer to compare with is a Node that does nothing.
 *
 * npm run bench -- handoff [--rounds N] [--json]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { App } from '../e2e/app.ts';
import { Browser } from '../e2e/browser.ts';
import { Starling } from '../e2e/starling.ts';
import { median, round, type Report } from './report.ts';

const handler = fileURLToPath(new URL('../../dist/daemon/link.mjs', import.meta.url));

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
  });
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const home = join(dir, 'home');
  const starling = await Starling.start({ home, downloads: join(dir, 'downloads') });
  const browser = await Browser.start();
  try {
    await App.open(browser, starling);
    const ours: number[] = [];
    const bare: number[] = [];
    for (let i = 0; i < Number(values.rounds); i++) {
      const magnet = `magnet:?xt=urn:btih:${i.toString(16).padStart(40, '0')}`;
      ours.push(await timed([handler, '--home', home, '--', magnet]));
      bare.push(await timed(['-e', '0']));
    }
    if (!values.json) console.log(`hand-off ${ours.join(', ')} ms; a bare Node ${bare.join(', ')} ms`);
    return {
      name: 'handoff',
      unit: 'ms',
      ours: { median: median(ours), samples: ours },
      peer: { name: 'a bare Node', median: median(bare), samples: bare },
      ratio: round(median(bare) / median(ours), 3),
    };
  } finally {
    await browser.stop();
    await starling.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A Node with these arguments, from its start to its end, in ms. */
function timed(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', code => {
      if (code === 0) resolve(round(performance.now() - begun));
      else reject(new Error(`it ended with ${code}`));
    });
  });
}
