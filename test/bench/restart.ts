/**
 * Milliseconds from a worker's restart to its first request to a peer, with many torrents in the list. The peer to
 * compare with is the same worker with that one torrent alone: what the others cost. And, with as many, to the first request to a web seed
 * where the browser is by itself.
 *
 * npm run bench -- restart [--torrents N] [--rounds N] [--json]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CorsSeed, PlainSite, withSeed } from '../e2e/alone.ts';
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
  const torrents = Number(values.torrents);
  const told = (samples: readonly number[]) => ({ median: median(samples), samples });
  const one = told(await paired(1, rounds));
  const many = told(await paired(torrents, rounds));
  const browserAlone = told(await alone(torrents, rounds));
  if (!values.json)
    for (const [name, { samples }] of Object.entries({ one, many, browserAlone }))
      console.log(`${name}: ${samples.join(', ')} ms`);
  return {
    name: 'restart',
    unit: 'ms',
    ours: many,
    peer: { name: 'the same with one torrent', ...one },
    ratio: round(one.median / many.median, 3),
    browserAlone,
    torrents,
  };
}

/** With a helper: of so many torrents the first has a peer. */
async function paired(torrents: number, rounds: number): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads') });
  const browser = await Browser.start();
  const seed = await FakeSeed.start(PIECES);
  let tracker: Opentracker | null = null;
  try {
    const app = await App.open(browser, starling);
    const port = await freePort();
    const trackers = [`http://127.0.0.1:${port}/announce`];
    const first = payload(dir, 0, PIECE * PIECES, trackers);
    tracker = await Opentracker.start([first.infoHash], port);
    await tracker.announceSeed(first.infoHash, seed.port);
    const asked = { at: 0 };
    seed.onFirstRequest = at => (asked.at ||= at);
    await addAll(app, dir, [first.bytes, ...others(dir, torrents)]);
    return await timed(app, rounds, asked);
  } finally {
    await browser.stop();
    await starling.stop();
    await seed.stop();
    await tracker?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** In the browser by itself: of so many torrents the first has a web seed, which is never done. */
async function alone(torrents: number, rounds: number): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const site = await PlainSite.start();
  const browser = await Browser.start();
  const first = payload(dir, 0, 64 << 20, []);
  const seed = await CorsSeed.start('torrent 0', readFileSync(join(first.dir, 'torrent 0')), 250_000);
  try {
    const app = await App.alone(browser, site.origin);
    await app.page.send('Page.bringToFront');
    const seeded = withSeed(first.bytes, seed.url);
    await addAll(app, dir, [seeded, ...others(dir, torrents)]);
    const asked = {
      get at() {
        return seed.firstAsked;
      },
      set at(at) {
        seed.firstAsked = at;
      },
    };
    return await timed(app, rounds, asked);
  } finally {
    await browser.stop();
    seed.stop();
    site.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const payload = (dir: string, number: number, size: number, trackers: string[]) =>
  makePayload(join(dir, 'payload'), `torrent ${number}`, [{ path: [], size }], { pieceLength: PIECE, trackers });

/** Torrent files of all but the first. */
const others = (dir: string, torrents: number): Uint8Array[] =>
  Array.from({ length: torrents - 1 }, (_, index) => payload(dir, index + 1, PIECE * PIECES, []).bytes);

async function addAll(app: App, dir: string, torrents: readonly Uint8Array[]): Promise<void> {
  for (const [index, bytes] of torrents.entries()) {
    const file = join(dir, `${index}.torrent`);
    writeFileSync(file, bytes);
    await app.dropTorrents([file]);
    await app.start();
  }
}

/** `asked.at`: when there was a request, as of performance.now(), since it was 0. */
async function timed({ page }: App, rounds: number, asked: { at: number }): Promise<number[]> {
  await until('the first to be asked for', () => asked.at > 0);
  // Long enough for the state to be recorded.
  await sleep(5000);
  let startedAt = 0;
  page.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    const states = (versions as { runningStatus: string }[]).map(({ runningStatus }) => runningStatus);
    if (states.includes('stopped')) startedAt = 0;
    else if (states.includes('starting') || states.includes('running')) startedAt ||= performance.now();
  });
  const samples: number[] = [];
  while (samples.length < rounds) {
    await page.stopWorkers();
    asked.at = 0;
    await until('the restarted worker to ask', () => asked.at > 0);
    samples.push(round(asked.at - startedAt));
    await sleep(3000);
  }
  return samples;
}
