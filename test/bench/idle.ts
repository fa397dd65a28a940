/**
 * What it costs to do nothing: a seed with connections that stand and over which nobody asks for anything, as percent of one core.
 * First ours with the engine in Node, then with the engine in a headless browser's worker, then libtorrent.
 *
 * npm run bench -- idle [--peers N] [--seconds N] [--json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from '../e2e/app.ts';
import { Browser } from '../e2e/browser.ts';
import { commandOf, processTree } from '../e2e/processes.ts';
import { Starling } from '../e2e/starling.ts';
import { RealEngine } from '../peers/engine.ts';
import { LibtorrentPeer } from '../peers/libtorrent.ts';
import { makePayload, type Payload } from '../peers/payload.ts';
import { sleep, until } from '../peers/wait.ts';
import { round, type Report } from './report.ts';
import { cpuSeconds, openPortOf, treeCpuSeconds } from './usage.ts';

const dist = join(import.meta.dirname, '../../dist/daemon');
const peersProgram = join(import.meta.dirname, 'idle-peers.mjs');
/** One torrent of ours takes in no more than 80 peers. */
const PEERS_A_TORRENT = 70;
/** ms. */
const SETTLE = 10_000;

type Costs = Readonly<Record<string, number>>;

interface Setting {
  readonly dir: string;
  readonly payloads: readonly Payload[];
  readonly torrents: readonly string[];
  readonly peers: number;
  readonly seconds: number;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
    },
  });
  const [peers, seconds] = [Number(values.peers), Number(values.seconds)];
  const dir = mkdtempSync('/dev/shm/starling-bench-');
  try {
    const payloads = Array.from({ length: Math.ceil(peers / PEERS_A_TORRENT) }, (_, index) =>
      makePayload(join(dir, 'seed'), `payload-${index}.bin`, [{ path: [], size: 4 << 20 }], { pieceLength: 1 << 18 }),
    );
    const torrents = payloads.map(({ name, bytes }) => {
      const file = join(dir, `${name}.torrent`);
      writeFileSync(file, bytes);
      return file;
    });
    const setting = { dir, payloads, torrents, peers, seconds };
    const costs: Record<string, Costs> = {};
    for (const [name, measure] of Object.entries({ inNode, inBrowser, libtorrent })) {
      const cost = await measure(setting);
      costs[name] = cost;
      const parts = Object.entries(cost).map(([part, percent]) => `${part} ${percent.toFixed(2)} %`);
      if (!values.json) console.log(`${name.padEnd(10)} ${parts.join(', ')}`);
    }
    const [mine, other] = [costs.inBrowser?.daemon ?? NaN, costs.libtorrent?.libtorrent ?? NaN];
    return {
      name: 'idle',
      unit: '% of a core',
      ours: { median: mine, samples: [mine] },
      peer: { name: 'libtorrent', median: other, samples: [other] },
      ratio: round(other / mine, 3),
      peers,
      percentOfACore: costs,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function inNode(setting: Setting): Promise<Costs> {
  const engine = await RealEngine.start(dist, { roots: [join(setting.dir, 'seed')] });
  try {
    const root = engine.roots[1] ?? '';
    for (const payload of setting.payloads) {
      const { id } = engine.session.add({ kind: 'file', bytes: payload.bytes });
      engine.session.start(id, null, root);
      await until('the files to be checked', () => engine.state(id) === 'seeding');
    }
    const io = processTree(process.pid).find(pid => commandOf(pid).includes('io.mjs')) ?? 0;
    return await withPeers(setting, openPortOf(io), () => ({
      daemon: cpuSeconds([io]),
      // Of this very process, with the host: their children are not ended yet.
      engine: cpuSeconds([process.pid]),
    }));
  } finally {
    await engine.stop();
  }
}

async function inBrowser(setting: Setting): Promise<Costs> {
  const starling = await Starling.start({ home: join(setting.dir, 'home'), downloads: join(setting.dir, 'seed') });
  const browser = await Browser.start();
  try {
    const app = await App.open(browser, starling);
    for (const [index, torrent] of setting.torrents.entries()) {
      await app.dropTorrents([torrent]);
      await app.start();
      await app.complete(setting.payloads[index]?.name ?? '');
    }
    return await withPeers(setting, openPortOf(starling.ioPid), () => ({
      daemon: cpuSeconds([starling.ioPid]),
      host: cpuSeconds([starling.hostPid]),
      browser: treeCpuSeconds(browser.pid),
    }));
  } finally {
    await browser.stop();
    await starling.stop();
  }
}

/** All of the peers are of its one torrent. */
async function libtorrent(setting: Setting): Promise<Costs> {
  const [payload] = setting.payloads as [Payload];
  const [torrent = ''] = setting.torrents;
  const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
  try {
    const one = { ...setting, payloads: [payload] };
    return await withPeers(one, seed.port, () => ({ libtorrent: cpuSeconds([seed.pid]) }));
  } finally {
    await seed.stop();
  }
}

/** Percent of a core, by part, while the peers stand. */
async function withPeers({ payloads, peers, seconds }: Setting, port: number, cpu: () => Costs): Promise<Costs> {
  const args = [peersProgram, String(port), String(peers), ...payloads.map(({ infoHash }) => infoHash)];
  const standing = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await allStand(standing);
    await sleep(SETTLE);
    const [from, began] = [cpu(), performance.now()];
    await sleep(seconds * 1000);
    const took = (performance.now() - began) / 1000;
    if (standing.exitCode !== null) throw new Error('a peer was dropped');
    return Object.fromEntries(
      Object.entries(cpu()).map(([part, now]) => [part, round((100 * (now - (from[part] ?? 0))) / took, 2)]),
    );
  } finally {
    standing.kill();
  }
}

function allStand(standing: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    standing.stdout?.once('data', () => resolve());
    standing.once('exit', () => reject(new Error('the peers could not connect')));
  });
}
