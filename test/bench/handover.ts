/**
 * Milliseconds for which nothing is asked for while the engine changes hands: from the close of the last window to the first
 * request of the host's own engine to a peer, and from the opening of the app to the first of the worker's. Compared with what
 * they are to be at most; then what the host costs with nothing to do.
 *
 * npm run bench -- handover [--rounds N] [--json]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from '../e2e/app.ts';
import { Browser } from '../e2e/browser.ts';
import { Starling } from '../e2e/starling.ts';
import { Opentracker } from '../peers/opentracker.ts';
import { makePayload } from '../peers/payload.ts';
import { freePort } from '../peers/ports.ts';
import { sleep, until } from '../peers/wait.ts';
import { FakeSeed } from './fake-seed.ts';
import { idleCost } from './host.ts';
import { median, round, type Report } from './report.ts';

const PIECE = 16_384;
const PIECES = 64;
const TO_AWAY = 4_000;
const BACK = 1_000;
/** Ms in each of the two, so that the engine there has settled. */
const STAY = 6_000;

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean', default: false } },
  });
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads') });
  const browser = await Browser.start();
  const seed = await FakeSeed.start(PIECES);
  let tracker: Opentracker | null = null;
  try {
    let asked = 0;
    seed.onFirstRequest = at => (asked ||= at);
    let app = await App.open(browser, starling);
    const port = await freePort();
    const trackers = [`http://127.0.0.1:${port}/announce`];
    const payload = makePayload(join(dir, 'payload'), 'torrent', [{ path: [], size: PIECE * PIECES }], {
      pieceLength: PIECE,
      trackers,
    });
    tracker = await Opentracker.start([payload.infoHash], port);
    await tracker.announceSeed(payload.infoHash, seed.port);
    const file = join(dir, 'payload.torrent');
    writeFileSync(file, payload.bytes);
    await app.dropTorrents([file]);
    await app.start();
    await until('the peer to be asked', () => asked > 0);
    const [toAway, back]: [number[], number[]] = [[], []];
    for (let i = 0; i < Number(values.rounds); i++) {
      await sleep(STAY);
      asked = 0;
      const closed = performance.now();
      await browser.closePages();
      await until('the engine of the host to ask the peer', () => asked > 0);
      toAway.push(round(asked - closed));
      await sleep(STAY);
      asked = 0;
      const opened = performance.now();
      app = await App.openPaired(browser, starling);
      await until('the worker to ask the peer', () => asked > 0);
      back.push(round(asked - opened));
    }
    await app.remove('torrent', false);
    await browser.closePages();
    const idle = await idleCost(starling.hostPid);
    if (!values.json) {
      console.log(`to the host ${toAway.join(', ')} ms; back ${back.join(', ')} ms`);
      console.log(`then the idle host takes ${idle.mib} MiB and ${idle.percent} % of a core`);
    }
    return {
      name: 'handover',
      unit: 'ms',
      ours: { median: median(back), samples: back },
      peer: { name: 'back to the app within', median: BACK, samples: [BACK] },
      ratio: round(BACK / median(back), 3),
      toAway: { median: median(toAway), samples: toAway, within: TO_AWAY },
      idle,
    };
  } finally {
    await browser.stop();
    await starling.stop();
    await seed.stop();
    await tracker?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
