/**
 * Bytes a second from a socket to a verified file: the io-daemon, told what to do by a small client of `/io`, in turns with a
 * plain Node program that does just that and nothing else (landing-plain.mjs). One sender serves both with the same bytes, over
 * loopback, to memory-backed disk.
 *
 * The plain program hashes and writes on threads, as many as there are cores: that is faster than doing so on its event
 * loop (--threads 0), which has the reading to do.
 *
 * npm run bench -- landing [--size MiB] [--piece KiB] [--rounds N] [--threads N] [--json] [--profile DIR]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Digest, FileStatus, LandStatus, NetStatus, Op, Transport } from '../../daemon/wire/frames.ts';
import { type IoClient, IoProcess, ROOT } from '../daemon/io-process.ts';
import { median, round, type Report } from './report.ts';
import { cpuSeconds } from './usage.ts';

const BLOCK = 16_384;
const SOCK = 1;
const FILE = 1;
/** Bytes asked for and not landed: at most, and when more are asked for. */
const ASKED = 48 << 20;
const ASK_BELOW = 40 << 20;
const profiler = new URL('profile.mjs', import.meta.url).href;

interface Sample {
  readonly megabytesPerSecond: number;
  /** CPU seconds a GB. */
  readonly cpu: number;
}

/** What is to be fetched, and from where. */
interface Source {
  readonly port: number;
  readonly piece: number;
  readonly digests: readonly string[];
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '1024' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '7' },
      threads: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const piece = Number(values.piece) * 1024;
  const pieces = Math.ceil((Number(values.size) * 2 ** 20) / piece);
  const dir = mkdtempSync('/dev/shm/starling-bench-');
  const ours: Sample[] = [];
  const theirs: Sample[] = [];
  if (values.profile !== undefined) {
    process.env.NODE_OPTIONS = `--import ${profiler}`;
    process.env.STARLING_PROFILE = resolve(values.profile);
  }
  const io = await IoProcess.start({ root: dir });
  const sender = new Helper('landing-sender.mjs', [piece, pieces]);
  const plain = new Helper('landing-plain.mjs', [values.threads]);
  try {
    const source: Source = { piece, ...(JSON.parse(await sender.line()) as Pick<Source, 'port' | 'digests'>) };
    await plain.line();
    for (let i = 0; i <= Number(values.rounds); i++) {
      const mine = await timed(io.child, source, join(dir, 'ours'), () => oursOnce(io, source));
      const other = await timed(plain.child, source, join(dir, 'plain'), async file => {
        plain.child.stdin?.write(`${JSON.stringify({ ...source, file })}\n`);
        return (JSON.parse(await plain.line()) as { seconds: number }).seconds;
      });
      // The first round is there for both to be compiled.
      if (i === 0) continue;
      ours.push(mine);
      theirs.push(other);
      if (!values.json) console.log(`round ${i}: ours ${describe(mine)}; plain ${describe(other)}`);
    }
  } finally {
    await io.stop();
    sender.stop();
    plain.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  const rates = (samples: readonly Sample[]): number[] => samples.map(({ megabytesPerSecond }) => round(megabytesPerSecond));
  const cpu = (samples: readonly Sample[]): number => round(median(samples.map(sample => sample.cpu)), 2);
  const [mine, other] = [median(rates(ours)), median(rates(theirs))];
  return {
    name: 'landing',
    unit: 'MB/s',
    ours: { median: mine, samples: rates(ours) },
    peer: { name: `a plain Node program, ${values.threads} hash threads`, median: other, samples: rates(theirs) },
    ratio: round(mine / other, 3),
    sizeMiB: (pieces * piece) / 2 ** 20,
    cpuSecondsPerGB: { daemon: cpu(ours), plain: cpu(theirs) },
  };
}

/** `run` gives the seconds that it took to fill the file, which is compared, and deleted. */
async function timed(
  child: ChildProcess,
  { piece, digests }: Source,
  file: string,
  run: (file: string) => Promise<number>,
): Promise<Sample> {
  const pids = [child.pid ?? 0];
  const before = cpuSeconds(pids);
  const seconds = await run(file);
  const cpu = cpuSeconds(pids) - before;
  const bytes = readFileSync(file);
  rmSync(file);
  for (const [index, digest] of digests.entries()) {
    const is = createHash('sha1').update(bytes.subarray(index * piece, (index + 1) * piece));
    if (is.digest('hex') !== digest) throw new Error(`piece ${index} of ${file} is wrong`);
  }
  return { megabytesPerSecond: bytes.length / 1e6 / seconds, cpu: cpu / (bytes.length / 1e9) };
}

/** What the engine does for a download, and no more: buffers, rules, commits, and asking for what comes next. */
async function oursOnce(io: IoProcess, { port, piece, digests }: Source): Promise<number> {
  const client = await io.connect();
  const size = piece * digests.length;
  const file = { op: Op.FILE_OPEN, file: FILE, root: ROOT, components: ['ours'], size, create: true, allocate: false } as const;
  if ((await client.ask(file, Op.FILE_OPENED)).status !== FileStatus.OK) throw new Error('no file');
  const started = performance.now();
  const to = { op: Op.TCP_CONNECT, sock: SOCK, transport: Transport.TCP, host: '127.0.0.1', port } as const;
  if ((await client.ask(to, Op.TCP_CONNECTED)).status !== NetStatus.OK) throw new Error('no connection');
  client.send({ op: Op.STREAM_FRAMED, id: 0, sock: SOCK, maxFrame: BLOCK + 9, back: new Uint8Array() });
  await new Promise<void>((whole, fail) => new Fetch(client, piece, digests, whole, fail));
  const seconds = (performance.now() - started) / 1000;
  await client.close();
  return seconds;
}

class Fetch {
  readonly #client: IoClient;
  readonly #piece: number;
  readonly #expected: readonly Buffer[];
  /** The piece that is being asked for, and how much of it was. */
  #next = 0;
  #offset = 0;
  #inFlight = 0;
  #kept = 0;

  constructor(client: IoClient, piece: number, digests: readonly string[], whole: () => void, fail: (error: Error) => void) {
    this.#client = client;
    this.#piece = piece;
    this.#expected = digests.map(digest => Buffer.from(digest, 'hex'));
    client.ws.on('message', () => {
      try {
        this.#take();
        if (this.#kept === digests.length) whole();
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    this.#ask();
  }

  #take(): void {
    for (const frame of this.#client.inbox.splice(0)) {
      if (frame.op === Op.LANDED) for (const { length } of frame.ranges) this.#inFlight -= length;
      else if (frame.op === Op.LAND_RESULT && frame.status === LandStatus.OK) {
        this.#client.send({ op: Op.RESULT_ACK, id: 0, buffer: frame.buffer });
        this.#kept++;
      } else if (frame.op !== Op.TCP_CLOSE) throw new Error(`unexpected: ${JSON.stringify(frame)}`);
    }
    if (this.#inFlight < ASK_BELOW) this.#ask();
  }

  #ask(): void {
    let blocks = 0;
    while (this.#inFlight < ASKED && this.#next < this.#expected.length) {
      const [index, offset, buffer] = [this.#next, this.#offset, this.#next + 1];
      const length = Math.min(this.#piece - offset, ASKED - this.#inFlight);
      const prefix = Buffer.alloc(5, 7);
      prefix.writeUInt32BE(index, 1);
      if (offset === 0) {
        const spans = [{ file: FILE, offset: index * this.#piece, length: this.#piece }];
        const expected = this.#expected[index] ?? new Uint8Array(0);
        const digests = [{ algorithm: Digest.SHA1, height: 0, offset: 0, length: this.#piece, expected }];
        this.#client.send({ op: Op.LAND_OPEN, id: 0, buffer, length: this.#piece, tag: new Uint8Array(0), spans, there: [] });
        this.#client.send({ op: Op.LAND_COMMIT, id: 0, buffer, wantBlocks: false, digests });
      }
      const runs = [{ offset, length, block: BLOCK }];
      this.#client.send({ op: Op.LAND_RULE, id: 0, sock: SOCK, buffer, withdraw: false, prefix, runs });
      blocks += length / BLOCK;
      this.#inFlight += length;
      this.#offset = (offset + length) % this.#piece;
      if (this.#offset === 0) this.#next++;
    }
    if (blocks === 0) return;
    const word = Buffer.alloc(4);
    word.writeUInt32BE(blocks);
    this.#client.send({ op: Op.TCP_SEND, id: 0, sock: SOCK, bytes: word });
  }
}

/** A program of this folder that speaks in lines. */
class Helper {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, args: readonly (string | number)[]) {
    const script = join(import.meta.dirname, name);
    const child = spawn(process.execPath, [script, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    const lines: Interface = createInterface({ input: child.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('a helper ended');
    return value;
  }

  stop(): void {
    this.child.kill();
  }
}

function describe({ megabytesPerSecond, cpu }: Sample): string {
  return `${megabytesPerSecond.toFixed(0)} MB/s, ${cpu.toFixed(2)} CPU s/GB`;
}
