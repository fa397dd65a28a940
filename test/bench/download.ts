/**
 * One libtorrent seed on one host, or many, and in turns on another: ours (host, io-daemon and a headless browser whose
 * worker decides) and libtorrent, fetching the same torrent to memory-backed disk.
 *
 * Ours is timed from the press of Start to the last byte's being written (a piece is verified before it is);
 * libtorrent from its connecting to its having verified everything. The browser has a moment to come to rest before:
 * what is measured is the download, not the start of a browser. Ours is connected by then, as it had the files' names from
 * its peers; libtorrent connects to all of them at once within its time, which takes it a small part of it.
 *
 * npm run bench -- download [--size MiB] [--piece KiB] [--rounds N] [--against libtorrent|webtorrent] [--json] [--profile DIR]
 *                           [--headless] [--peers N]
 *
 * --headless has the same engine with the same adapters in a process of Node, in place of the browser.
 * --peers N has N seeds, on as many ports of the other host, for both sides alike.
 * --profile puts V8's CPU profiles of host and io-daemon there, one a thread; it costs some of the rate.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { processTree } from '../e2e/processes.ts';
import { Starling } from '../e2e/starling.ts';
import { LibtorrentPeer } from '../peers/libtorrent.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { sleep, until } from '../peers/wait.ts';
import { startBrowser, startHeadless, type Engine } from './engines.ts';
import { twoHosts, type Hosts } from './hosts.ts';
import { round, type Report } from './report.ts';
import {
  compared,
  costBetween,
  costsOf,
  inTurns,
  MAX_SECONDS,
  type OurSample,
  profiledInto,
  type Sample,
  SETTLE,
  spentBy,
} from './transfer.ts';
import { loopbackPortOf, peakResident, trafficThrough } from './usage.ts';

const SEED_PORT = 6881;

interface Download extends OurSample {
  /** Bytes at their peak. */
  readonly ioResident: number;
  /** Bytes of the engine's heap at the end: what is used, and what V8 had grown to. */
  readonly heap: Awaited<ReturnType<Engine['heap']>>;
}

/** What all rounds have in common. */
interface Setting {
  readonly hosts: Hosts;
  readonly payload: Payload;
  readonly torrent: string;
  /** HOST:PORT of each seed. */
  readonly seeds: readonly string[];
  readonly engine: typeof startBrowser;
  readonly profile: string | undefined;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '1024' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      against: { type: 'string', default: 'libtorrent' },
      profile: { type: 'string' },
      headless: { type: 'boolean', default: false },
      peers: { type: 'string', default: '1' },
    },
  });
  const { against } = values;
  const fetchThere = leechers[against];
  if (fetchThere === undefined) throw new Error(`Against whom? There are: ${Object.keys(leechers).join(', ')}.`);
  const say = (line: string): void => {
    if (!values.json) console.log(line);
  };
  const hosts = twoHosts();
  const dir = mkdtempSync('/dev/shm/starling-bench-');
  try {
    const payload = makePayload(join(dir, 'seed'), 'payload.bin', [{ path: [], size: Number(values.size) * 2 ** 20 }], {
      pieceLength: Number(values.piece) * 2 ** 10,
    });
    const torrent = join(dir, 'payload.torrent');
    writeFileSync(torrent, payload.bytes);
    const sessions = Number(values.peers);
    const seeds = Array.from({ length: sessions }, (_, i) => `${hosts.seedAddress}:${SEED_PORT + i}`);
    // It dials nobody: a seed would go on dialling those that have left, at the expense of who comes next.
    const seed = await LibtorrentPeer.start('seed', {
      torrent,
      dir: payload.dir,
      listen: seeds[0]!,
      sessions,
      waits: true,
      under: hosts.onSeed,
    });
    const engine = values.headless ? startHeadless : startBrowser;
    const setting: Setting = { hosts, payload, torrent, seeds, engine, profile: values.profile };
    // The seed maps its file on the first reading, and the browser's program comes from the disk: no round is to pay for
    // what the others find done.
    await oursOnce({ ...setting, profile: undefined }, join(dir, 'warm-up'));
    await fetchThere(setting, join(dir, 'warm-up'));
    const turns = [
      (i: number) => oursOnce(setting, join(dir, `ours-${i}`)),
      (i: number) => fetchThere(setting, join(dir, `theirs-${i}`)),
    ] as const;
    const { ours, theirs } = await inTurns(Number(values.rounds), turns, against, say);
    await seed.stop();
    const mebibytes = (bytes: number): number => round(bytes / (1 << 20));
    return {
      ...compared('download', against, ours, theirs),
      sizeMiB: Number(values.size),
      peers: Number(values.peers),
      cpuSecondsPerGB: { ...costsOf(ours), ...costsOf(theirs) },
      ioDaemonPeakMiB: mebibytes(Math.max(...ours.map(({ ioResident }) => ioResident))),
      engineHeapMiB: {
        used: mebibytes(Math.max(...ours.map(({ heap }) => heap.usedSize))),
        total: mebibytes(Math.max(...ours.map(({ heap }) => heap.totalSize))),
      },
    };
  } finally {
    hosts.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function oursOnce({ hosts, payload, seeds, engine: start, profile }: Setting, dir: string): Promise<Download> {
  const under = hosts.onLeech;
  const starling = await Starling.start({
    home: join(dir, 'home'),
    downloads: join(dir, 'downloads'),
    under,
    port: 7800,
    ...profiledInto(profile),
  });
  try {
    const engine = await start(starling, magnetOf(payload, seeds), under);
    try {
      await sleep(SETTLE);
      return await timed(starling, engine, payload, under);
    } finally {
      await engine.stop();
    }
  } finally {
    await starling.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function timed(starling: Starling, engine: Engine, payload: Payload, under: readonly string[]): Promise<Download> {
  const { ioPid } = starling;
  const before = spentBy(starling, engine);
  const started = await engine.startDownload();
  await written(join(starling.downloads, payload.name), payload.size);
  const seconds = (performance.now() - started) / 1000;
  const gigabytes = payload.size / 1e9;
  const cpu = costBetween(before, spentBy(starling, engine), gigabytes);
  const io = trafficThrough(loopbackPortOf(ioPid, under), under);
  const heap = await engine.heap();
  await engine.complete(payload.name);
  const wrong = differences(payload, starling.downloads);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return {
    megabytesPerSecond: payload.size / 1e6 / seconds,
    cpu,
    ioShare: io.bytes / payload.size,
    ioSegmentsPerGB: io.segments / gigabytes,
    ioResident: peakResident(ioPid),
    heap,
  };
}

/** Looks at what is allocated on disk: a file is as long as it will be from the start, and sparse. */
async function written(file: string, size: number): Promise<void> {
  const end = performance.now() + MAX_SECONDS * 1000;
  for (;;) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat && stat.size === size && stat.blocks * 512 >= size) return;
    if (performance.now() > end) throw new Error(`${file} was not complete after ${MAX_SECONDS} s`);
    await sleep(5);
  }
}

async function libtorrentOnce({ hosts, payload, torrent, seeds }: Setting, dir: string): Promise<Sample> {
  mkdirSync(dir);
  const leech = await LibtorrentPeer.start('leech', {
    torrent,
    dir,
    listen: `${hosts.leechAddress}:6882`,
    peers: seeds,
    under: hosts.onLeech,
  });
  try {
    const { seconds, cpu } = await leech.done(MAX_SECONDS * 1000);
    return { megabytesPerSecond: payload.size / 1e6 / seconds, cpu: { libtorrent: cpu / (payload.size / 1e9) } };
  } finally {
    await leech.stop();
    await until('libtorrent to be gone', () => processTree(leech.pid).length === 1);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function webtorrentOnce({ hosts, payload, torrent, seeds }: Setting, dir: string): Promise<Sample> {
  mkdirSync(dir);
  const script = join(import.meta.dirname, '../peers/webtorrent_leech.mjs');
  const [command = '', ...args] = [...hosts.onLeech, process.execPath, script, torrent, dir, ...seeds];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: MAX_SECONDS * 1000 });
  rmSync(dir, { recursive: true, force: true });
  if (!stdout.startsWith('{')) throw new Error(`WebTorrent did not finish: ${stderr}`);
  const { seconds, cpu } = JSON.parse(stdout) as { seconds: number; cpu: number };
  return { megabytesPerSecond: payload.size / 1e6 / seconds, cpu: { webtorrent: cpu / (payload.size / 1e9) } };
}

/** Whom to compare with, by name. */
const leechers: Readonly<Record<string, typeof libtorrentOnce>> = { libtorrent: libtorrentOnce, webtorrent: webtorrentOnce };
