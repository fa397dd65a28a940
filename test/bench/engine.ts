/**
 * Microseconds of engine time a block, with 200 peers over three torrents (one takes 80) of 100,000 pieces each; the peer
 * to compare with is the same with 1,000 pieces. Then what a thousand torrents cost: idle, at the start, in memory.
 * The engine is the real one, from the ports up; the ports cost next to nothing.
 *
 * npm run bench -- engine [--json]
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Session } from '../../sw/engine/index.ts';
import { toHex } from '../../sw/engine/model/ids.ts';
import { BenchPeer, BenchWorld, benchTorrent } from './engine-ports.ts';
import { median, round, type Report } from './report.ts';

const PIECE = 256 * 1024;
const TORRENTS = 3;
const PEERS = 200;
const SAMPLES = 5;
const SAMPLE_BLOCKS = 6_000;
/** Virtual ms in which every peer sends one block: 160 kB/s from each of them. */
const TURN = 100;
/** All that are not paused are at work. */
const NO_QUEUE = { maxActiveDownloads: 0, maxActiveSeeds: 0, maxActive: 0 };

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } });
  // For the compiler: less, and its work is what is measured.
  for (let round = 0; round < 3; round++) blocks(100_000);
  const few = blocks(1_000);
  const many = blocks(100_000);
  const crowd = thousand();
  const report = {
    name: 'engine',
    unit: 'µs a block',
    ours: { median: median(many), samples: many },
    peer: { name: 'the same with 1,000 pieces', median: median(few), samples: few },
    ratio: round(median(few) / median(many), 3),
    ...crowd,
  };
  if (!values.json) {
    console.log(`a block: ${report.ours.median} µs with 100,000 pieces, ${report.peer.median} with 1,000; ${PEERS} peers`);
    console.log(`1,000 torrents, 20 active: ${crowd.idlePercent} % of a core when idle; all seeding: ${crowd.seedingPercent} %`);
    console.log(`start-up with 1,000 torrents: ${crowd.startMs} ms; a paused torrent of 1,000 pieces: ${crowd.pausedKiB} KiB`);
    console.log(`a paused torrent of 10,000 files: ${crowd.pausedFilesKiB} KiB`);
  }
  return Promise.resolve(report);
}

/** µs a block, in samples. */
function blocks(pieces: number): number[] {
  const torrents = Array.from({ length: TORRENTS }, (_, index) => benchTorrent(`bench ${index}`, pieces, PIECE));
  const world = new BenchWorld(false, (host, events) => {
    const [, torrent = 0, number = 0] = host.split('.').map(Number);
    // Every other one has a random half.
    const some = new Uint8Array(pieces / 8).map(() => Math.random() * 256);
    return new BenchPeer(events, torrents[torrent]!.infoHash, `${host}:6881`, number % 2 === 0 ? null : some);
  });
  const session = new Session(world.ports, { version: '0.0.0' });
  session.configure({ encryption: 'off' });
  session.attach([]);
  torrents.forEach(({ bytes, infoHash }, torrent) => {
    const { id } = session.add({ kind: 'file', bytes });
    session.start(id, null, 'root');
    const count = Math.floor(PEERS / TORRENTS) + (torrent < PEERS % TORRENTS ? 1 : 0);
    const peers = Array.from({ length: count }, (_, number) => `x.pe=10.${torrent}.${number}.1:6881`);
    // A link takes no more than so many.
    session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${toHex(infoHash)}&${peers.join('&')}` });
  });
  for (let wait = 0; wait < 20 && world.peers.length < PEERS; wait++) world.pass(1000);
  if (world.peers.length !== PEERS) throw new Error(`${world.peers.length} of ${PEERS} peers were connected to`);
  world.settle();
  const samples: number[] = [];
  for (let sample = -1; sample < SAMPLES; sample++) {
    const began = cpuMs();
    let sent = 0;
    while (sent < SAMPLE_BLOCKS) {
      const before = sent;
      for (const peer of world.peers) if (peer.sendBlock()) sent += 1;
      world.pass(TURN);
      if (sent === before) throw new Error('the engine asks for nothing');
    }
    const took = ((cpuMs() - began) * 1000) / sent;
    if (sample >= 0) samples.push(round(took, 2));
  }
  return samples;
}

/** What a thousand torrents cost. */
function thousand(): Record<'idlePercent' | 'seedingPercent' | 'startMs' | 'pausedKiB' | 'pausedFilesKiB', number> {
  const seeding = recorded(0);
  const mostlyPaused = recorded(980);
  const allPaused = recorded(1000);
  const world = (): BenchWorld => new BenchWorld(true, () => null);
  const start = (records: ReadonlyMap<string, Uint8Array>, in_: BenchWorld): Session => {
    const session = new Session(in_.ports, { version: '0.0.0' });
    session.load([...records].map(([key, value]) => ({ key, value })));
    session.configure(NO_QUEUE);
    session.attach([]);
    in_.settle();
    return session;
  };
  const percent = (records: ReadonlyMap<string, Uint8Array>): number => {
    const at = world();
    const session = start(records, at);
    at.pass(10_000);
    const began = cpuMs();
    at.pass(60_000);
    const spent = cpuMs() - began;
    if (session.rows().length !== 1000) throw new Error('torrents are missing');
    return round(spent / 600, 3);
  };
  const starts = Array.from({ length: 5 }, () => {
    const at = world();
    const began = cpuMs();
    start(seeding, at);
    return cpuMs() - began;
  });
  const collect = collector();
  // Memory is freed a while after it is collected, so what earlier parts leave behind has to be gone before.
  const settled = (): number => {
    for (let round = 0; round < 5; round++) collect();
    return used();
  };
  /** KiB a torrent. */
  const memory = (records: ReadonlyMap<string, Uint8Array>, count: number): number => {
    const before = settled();
    const session = start(records, world());
    const after = settled();
    if (session.rows().length !== count) throw new Error('torrents are missing');
    return round((after - before) / count / 1024);
  };
  const pausedKiB = memory(allPaused, 1000);
  return {
    idlePercent: percent(mostlyPaused),
    seedingPercent: percent(seeding),
    startMs: round(median(starts)),
    pausedKiB,
    pausedFilesKiB: memory(recorded(10, 10, 10_000), 10),
  };
}

/** Ms that this process was on a core: what others take of the machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function used(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** The records of complete torrents of 1,000 pieces, the first so many of them paused. */
function recorded(paused: number, count = 1000, files = 1): Map<string, Uint8Array> {
  const world = new BenchWorld(true, () => null);
  const session = new Session(world.ports, { version: '0.0.0' });
  session.configure(NO_QUEUE);
  session.attach([]);
  for (let index = 0; index < count; index++) {
    const { id } = session.add({ kind: 'file', bytes: benchTorrent(`torrent ${index}`, 1_000, PIECE, files).bytes });
    session.start(id, null, 'root');
    world.settle();
    world.pass(0);
    if (index < paused) session.pause(id);
  }
  world.pass(10_000);
  return world.records;
}
