/**
 * Downloads at full rate, seeds back, removes with the files, and does it again, with peers about that connect, stall and
 * vanish; the memory and the handles of the io-daemon and of the engine are watched meanwhile.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from '../peers/engine.ts';
import { LibtorrentPeer } from '../peers/libtorrent.ts';
import { magnetOf, makePayload, type Payload, type PayloadFile } from '../peers/payload.ts';
import { sleep, until } from '../peers/wait.ts';

const MB = 1_000_000;
const SAMPLE_EVERY = 1_000;
const RUDE_EVERY = 200;
/** Rude peers that are connected at once. */
const RUDE = 12;
const PAGE = 4096;

const SHAPES: readonly { name: string; pieceLength: number; files: readonly PayloadFile[] }[] = [
  {
    name: 'small',
    pieceLength: 65_536,
    files: Array.from({ length: 200 }, (_, at) => ({ path: [`${at}`], size: 100_000 + at })),
  },
  {
    name: 'middle',
    pieceLength: 1 << 20,
    files: [
      { path: ['a'], size: 60 * MB },
      { path: ['b'], size: 4 * MB },
    ],
  },
  { name: 'large', pieceLength: 16 << 20, files: [{ path: [], size: 96 * MB }] },
];

/** Bytes; `at` is ms since the beginning. */
export interface Sample {
  readonly at: number;
  readonly daemonRss: number;
  readonly daemonFiles: number;
  readonly engineRss: number;
  readonly engineHeap: number;
  readonly engineExternal: number;
}

export interface SoakReport {
  readonly rounds: number;
  /** Payload, downloaded and seeded. */
  readonly bytes: number;
  readonly rude: number;
  readonly samples: readonly Sample[];
  /** Handles that were not there before, a line each. */
  readonly left: readonly string[];
}

export function meanOf(samples: readonly Sample[], name: Exclude<keyof Sample, 'at'>): number {
  return samples.reduce((sum, sample) => sum + sample[name], 0) / Math.max(1, samples.length);
}

/** At least one round, and as many as fit into `ms`. */
export async function soak(ms: number, say: (line: string) => void): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-soak-'));
  const io = await buildIo();
  const before = resources();
  const engine = await RealEngine.start(io);
  const samples: Sample[] = [];
  const seeds: LibtorrentPeer[] = [];
  const rude = new RudePeers(() => engine.session.mapping.port);
  const left: string[] = [];
  let rounds = 0;
  let bytes = 0;
  try {
    const daemon = daemonOf(io);
    const began = performance.now();
    const sampler = setInterval(() => samples.push(sample(daemon, performance.now() - began)), SAMPLE_EVERY);
    const targets: { payload: Payload; torrent: string; seed: LibtorrentPeer }[] = [];
    for (const { name, files, pieceLength } of SHAPES) {
      const payload = makePayload(join(folder, 'seed'), name, files, { pieceLength });
      const torrent = join(folder, `${name}.torrent`);
      writeFileSync(torrent, payload.bytes);
      const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, waits: true });
      seeds.push(seed);
      targets.push({ payload, torrent, seed });
    }
    const idle = { files: filesOf(daemon), threads: threadsOf(daemon) };
    rude.begin();
    try {
      do {
        for (const { payload, torrent, seed } of targets) {
          const id = engine.download(payload.bytes);
          const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: magnetOf(payload, [`127.0.0.1:${port}`]) });
          meet(seed.port);
          await until(`${payload.name} to be there`, () => engine.state(id) === 'seeding', 180_000);
          const dir = join(folder, 'leech');
          const leech = await LibtorrentPeer.start('leech', { torrent, dir });
          meet(leech.port);
          await leech.done(180_000).finally(() => leech.stop());
          rmSync(dir, { recursive: true });
          engine.session.remove(id, true);
          await until(`${payload.name} to be gone`, () => readdirSync(join(engine.daemon.folder, 'downloads')).length === 0);
          rounds += 1;
          bytes += 2 * payload.size;
        }
        say(`${Math.round((performance.now() - began) / 1000)} s: ${rounds} downloads, ${JSON.stringify(samples.at(-1) ?? {})}`);
      } while (performance.now() - began < ms);
    } finally {
      clearInterval(sampler);
      await rude.end();
    }
    // A connection to a web seed or a tracker may be kept for a while: there are none here.
    const extra = () => newOnes(idle.files, filesOf(daemon));
    await until('its files to be closed', () => extra().length === 0, 20_000).catch(() => undefined);
    left.push(...extra().map(name => `io-daemon: ${name}`));
    if (threadsOf(daemon) > idle.threads + MAX_POOL) left.push(`io-daemon: ${threadsOf(daemon)} threads, ${idle.threads} before`);
  } finally {
    await Promise.all(seeds.map(seed => seed.stop()));
    await engine.stop();
    for (const path of [folder, io]) rmSync(path, { recursive: true, force: true });
  }
  const extra = () => newOnes(before, resources());
  await until('its handles to be closed', () => extra().length === 0, 10_000).catch(() => undefined);
  left.push(...extra().map(name => `engine: ${name}`));
  return { rounds, bytes, rude: rude.count, samples, left };
}

/** Threads that Node and the hash pool start when they are first needed. */
const MAX_POOL = 8 + 4;

/** Peers that come and say nothing, half of something or nonsense, and go without a word. */
class RudePeers {
  count = 0;
  readonly #sockets = new Set<Socket>();
  readonly #port: () => number;
  #timer: NodeJS.Timeout | null = null;

  constructor(port: () => number) {
    this.#port = port;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#come(), RUDE_EVERY);
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await until('rude peers to be gone', () => this.#sockets.size === 0);
    // The other side has to hear of it.
    await sleep(200);
  }

  #come(): void {
    const [oldest] = this.#sockets;
    if (this.#sockets.size >= RUDE) oldest?.destroy();
    const port = this.#port();
    if (port === 0) return;
    this.count += 1;
    const socket = connect(port, '127.0.0.1');
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const greeting = Buffer.concat([Buffer.from('\x13BitTorrent protocol', 'latin1'), Buffer.alloc(8)]);
    socket.on('connect', () => {
      if (this.count % 3 === 0) socket.write(greeting);
      else if (this.count % 3 === 1) socket.end(Buffer.alloc(2_000, 7));
    });
  }
}

function sample(pid: number, at: number): Sample {
  const { rss, heapUsed, external } = process.memoryUsage();
  const [, resident = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return {
    at: Math.round(at),
    daemonRss: Number(resident) * PAGE,
    daemonFiles: readdirSync(`/proc/${pid}/fd`).length,
    engineRss: rss,
    engineHeap: heapUsed,
    engineExternal: external,
  };
}

/** What keeps this process busy, by kind: timers, sockets, servers, children. */
function resources(): string[] {
  return process.getActiveResourcesInfo();
}

/** What it has open, without what differs each time. */
function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '')];
    } catch {
      return [];
    }
  });
}

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** Those of `after` that are more than there were `before`. */
function newOnes(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter(name => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The io-daemon is a child of this process. */
function daemonOf(io: string): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
      if (parent === String(process.pid) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(io)) return Number(name);
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error('no io-daemon');
}
