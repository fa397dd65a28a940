/**
 * Milliseconds from a worker's restart to its first request to a peer, with many torrents in the list. The peer to
 * compare with is the same worker with that one torrent alone: what the others cost.
 *
 * npm run bench -- restart [--torrents N] [--rounds N] [--json]
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
import { median, round, type Report } from './report.ts';

const PIECE = 16_384;
const PIECES = 64;

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      torrents: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const alone = await restarts(1, rounds);
  const many = await restarts(Number(values.torrents), rounds);
  if (!values.json) console.log(`alone ${alone.join(', ')} ms; with ${values.torrents} torrents ${many.join(', ')} ms`);
  return {
    name: 'restart',
    unit: 'ms',
    ours: { median: median(many), samples: many },
    peer: { name: 'the same with one torrent', median: median(alone), samples: alone },
    ratio: round(median(alone) / median(many), 3),
    torrents: Number(values.torrents),
  };
}

async function restarts(torrents: number, rounds: number): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads') });
  const browser = await Browser.start();
  const seed = await FakeSeed.start(PIECES);
  let tracker: Opentracker | null = null;
  try {
    const app = await App.open(browser, starling);
    const port = await freePort();
    const payloads = Array.from({ length: torrents }, (_, i) =>
      makePayload(join(dir, 'payload'), `torrent ${i}`, [{ path: [], size: PIECE * PIECES }], {
        pieceLength: PIECE,
        trackers: i === 0 ? [`http://127.0.0.1:${port}/announce`] : [],
      }),
    );
    const [first] = payloads;
    if (first === undefined) throw new Error('at least one torrent is needed');
    tracker = await Opentracker.start([first.infoHash], port);
    await tracker.announceSeed(first.infoHash, seed.port);
    let firstRequest = 0;
    seed.onFirstRequest = at => (firstRequest ||= at);
    for (const [i, payload] of payloads.entries()) {
      const file = join(dir, `${i}.torrent`);
      writeFileSync(file, payload.bytes);
      await app.dropTorrents([file]);
      await app.start();
    }
    await until('the peer to be asked', () => firstRequest > 0);
    // Long enough for the state to be recorded.
    await sleep(5000);
    let startedAt = 0;
    app.page.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      const states = (versions as { runningStatus: string }[]).map(({ runningStatus }) => runningStatus);
      if (states.includes('stopped')) startedAt = 0;
      else if (states.includes('starting') || states.includes('running')) startedAt ||= performance.now();
    });
    const samples: number[] = [];
    for (let i = 0; i < rounds; i++) {
      firstRequest = 0;
      await app.page.stopWorkers();
      await until('the restarted worker to ask the peer', () => firstRequest > 0);
      samples.push(round(firstRequest - startedAt));
      await sleep(3000);
    }
    return samples;
  } finally {
    await browser.stop();
    await starling.stop();
    await seed.stop();
    await tracker?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
