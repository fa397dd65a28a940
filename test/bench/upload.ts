/**
 * Two seeds on one host, ours (host, io-daemon and a headless browser whose worker decides) and a libtorrent, with the same
 * files; in turns a fresh libtorrent on another host fetches all of it from one of them to memory-backed disk.
 *
 * Ours is given the files before it has the torrent, and checks them. Both seeds run all the time: what is measured is the
 * sending alone, from the leecher's connecting to its having verified everything.
 *
 * npm run bench -- upload [--size MiB] [--piece KiB] [--rounds N] [--headless] [--json] [--profile DIR]
 *
 * --headless has the engine in Node instead of the browser; --profile puts V8's CPU profiles of host and io-daemon there, one
 * a thread, and costs some of the rate.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Starling } from '../e2e/starling.ts';
import { LibtorrentPeer } from '../peers/libtorrent.ts';
import { magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { sleep } from '../peers/wait.ts';
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
import { cpuSeconds, loopbackPortOf, openPortOf, peakResident, trafficThrough } from './usage.ts';

const THEIR_PORT = 6991;

interface Ours {
  readonly starling: Starling;
  readonly engine: Engine;
}

interface Setting {
  readonly hosts: Hosts;
  readonly payload: Payload;
  readonly torrent: string;
  readonly dir: string;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '1024' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '5' },
      headless: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
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
    const setting = { hosts, payload, torrent, dir };
    const under = hosts.onSeed;
    const listen = `${hosts.seedAddress}:${THEIR_PORT}`;
    const theirs = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, listen, under });
    const ours = await startOurs(setting, `${hosts.seedAddress}:${THEIR_PORT}`, values.headless, values.profile);
    try {
      await sleep(SETTLE);
      // No round is to pay for what the others find done: files mapped, code compiled.
      await fromOurs(setting, ours);
      await fromTheirs(setting, theirs);
      const turns = [() => fromOurs(setting, ours), () => fromTheirs(setting, theirs)] as const;
      const samples = await inTurns(Number(values.rounds), turns, 'libtorrent', say);
      return {
        ...compared('upload', 'libtorrent', samples.ours, samples.theirs),
        sizeMiB: Number(values.size),
        cpuSecondsPerGB: { fromOurs: costsOf(samples.ours), fromLibtorrent: costsOf(samples.theirs) },
        ioDaemonPeakMiB: round(peakResident(ours.starling.ioPid) / (1 << 20)),
      };
    } finally {
      await ours.engine.stop();
      await ours.starling.stop();
      await theirs.stop();
    }
  } finally {
    hosts.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Has ours check the files that are there; it learns what they are from `metadata`, the address of a peer. */
async function startOurs(
  { hosts, payload, dir }: Setting,
  metadata: string,
  isHeadless: boolean,
  profile: string | undefined,
): Promise<Ours> {
  const under = hosts.onSeed;
  const starling = await Starling.start({
    home: join(dir, 'home'),
    downloads: payload.dir,
    under,
    port: 7800,
    ...profiledInto(profile),
  });
  try {
    const engine = await (isHeadless ? startHeadless : startBrowser)(starling, magnetOf(payload, [metadata]), under);
    await engine.startDownload();
    await engine.complete(payload.name);
    return { starling, engine };
  } catch (error) {
    await starling.stop();
    throw error;
  }
}

async function fromOurs(setting: Setting, { starling, engine }: Ours): Promise<OurSample> {
  const { hosts, payload } = setting;
  const { ioPid } = starling;
  const io = loopbackPortOf(ioPid, hosts.onSeed);
  const before = trafficThrough(io, hosts.onSeed);
  const sample = await fetched(setting, openPortOf(ioPid, hosts.onSeed), () => spentBy(starling, engine));
  const after = trafficThrough(io, hosts.onSeed);
  return {
    ...sample,
    ioShare: (after.bytes - before.bytes) / payload.size,
    ioSegmentsPerGB: (after.segments - before.segments) / (payload.size / 1e9),
  };
}

function fromTheirs(setting: Setting, theirs: LibtorrentPeer): Promise<Sample> {
  return fetched(setting, THEIR_PORT, () => ({ libtorrent: cpuSeconds([theirs.pid]) }));
}

/** A fresh leecher fetches everything from that port; `cpu` are the seconds of the seed so far, by part. */
async function fetched(
  { hosts, payload, torrent, dir }: Setting,
  port: number,
  cpu: () => Readonly<Record<string, number>>,
): Promise<Sample> {
  const into = join(dir, 'leech');
  mkdirSync(into);
  const before = cpu();
  const leech = await LibtorrentPeer.start('leech', {
    torrent,
    dir: into,
    listen: `${hosts.leechAddress}:6882`,
    peers: [`${hosts.seedAddress}:${port}`],
    // The other seed may know its address from another round.
    calls: true,
    under: hosts.onLeech,
  });
  try {
    const { seconds, cpu: leeching } = await leech.done(MAX_SECONDS * 1000);
    const after = cpu();
    const gigabytes = payload.size / 1e9;
    return {
      megabytesPerSecond: payload.size / 1e6 / seconds,
      // The leecher's beside the seed's.
      cpu: { ...costBetween(before, after, gigabytes), leecher: leeching / gigabytes },
    };
  } finally {
    await leech.stop();
    rmSync(into, { recursive: true, force: true });
  }
}
