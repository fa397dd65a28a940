/**
 * Frames that fit and frames that do not, in any order, against a running io-daemon: `npm run fuzz -- daemon --seconds 300`.
 * It must never end, log an error or leave a question open; memory and handles come back; nothing outside of its root is touched.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { encode, encodeBatch } from '../../daemon/wire/codec.ts';
import { FileStatus, type Frame, MAX_FRAME, NetStatus, Op } from '../../daemon/wire/frames.ts';
import { commit, landOpen, openFile, sha1Of, WRITTEN } from '../daemon/fixture.ts';
import { type IoClient, IoProcess } from '../daemon/io-process.ts';
import { until } from '../peers/wait.ts';
import { seeded } from '../sim/clock.ts';
import { Frames } from './daemon-frames.ts';
import { type Random, World } from './daemon-world.ts';
import { plainRequest } from './daemon-requests.ts';
import { scene } from './daemon-scenes.ts';
import { mutate } from './mutate.ts';

/** Messages between two questions that have to be answered. */
const BURST = 40;
/** A question may wait so long behind the work of a burst, ms. */
const PATIENCE = 60_000;
/** Kept of what was sent last, to see what it was that broke it. */
const REMEMBERED = 400;
/** More than at the start, bytes: what caches and the heap may take. */
const GROWTH = 96 << 20;

export interface Findings {
  readonly messages: number;
  readonly connections: number;
  /** Bytes resident, the median of each minute. */
  readonly rss: readonly number[];
  readonly handles: { readonly before: number; readonly after: number };
  /** Why it is not sound; empty where it is. */
  readonly problem: string;
}

export async function fuzzDaemon(seconds: number, seed: number): Promise<Findings> {
  const random = seeded(seed);
  const world = await World.make(seeded(seed + 1));
  const io = await IoProcess.start({ root: world.root });
  const run = new Run(io, world, random);
  try {
    return await run.whole(seconds);
  } finally {
    await io.stop();
    await world.end();
  }
}

/** As the command has it: tells what was found, and where to look. True where nothing was. */
export async function fuzzDaemonAloud(seconds: number, seed: number): Promise<boolean> {
  const { messages, connections, rss, handles, problem } = await fuzzDaemon(seconds, seed);
  const memory = rss.map(bytes => `${Math.round(bytes / (1 << 20))}`).join(', ');
  console.log(`daemon: ${messages} messages over ${connections} connections (seed ${seed})`);
  console.log(`  MiB resident, minute by minute: ${memory}; handles ${handles.before} before, ${handles.after} after`);
  if (problem !== '') console.error(`daemon: ${problem}`);
  return problem === '';
}

class Run {
  readonly #io: IoProcess;
  readonly #world: World;
  readonly #random: Random;
  readonly #frames: Frames;
  readonly #sent: Uint8Array[] = [];
  readonly #rss: { readonly at: number; readonly bytes: number }[] = [];
  readonly #begun = performance.now();
  #ticket = '';
  #messages = 0;
  #connections = 0;

  constructor(io: IoProcess, world: World, random: Random) {
    this.#io = io;
    this.#world = world;
    this.#random = random;
    this.#frames = new Frames(random, world);
  }

  async whole(seconds: number): Promise<Findings> {
    await this.#useful('before');
    const before = await this.#restingHandles();
    let problem = '';
    let after = before;
    try {
      const until = this.#begun + seconds * 1000;
      while (performance.now() < until) await this.#connection(until);
      after = await this.#settle(before);
      await this.#useful('after');
      problem = this.#complaints() || (await this.#world.damage()) || this.#growth();
    } catch (error) {
      problem = `${error instanceof Error ? error.message : String(error)} ${this.#complaints()}`;
    }
    if (problem !== '') problem += `\n  The last messages are in ${this.#writeDown()}.`;
    return {
      messages: this.#messages,
      connections: this.#connections,
      rss: this.#minutes(),
      handles: { before, after },
      problem,
    };
  }

  /** One connection, until it is closed for what it said, or there were many bursts. */
  async #connection(deadline: number): Promise<void> {
    const client = await this.#connect();
    for (let bursts = 0; bursts < 50 && performance.now() < deadline; bursts++) {
      for (let n = 0; n < BURST; n++) this.#say(client);
      if (!(await this.#isAnswered(client))) break;
      this.#answer(client);
    }
    client.ws.terminate();
    await client.closed;
  }

  async #connect(): Promise<IoClient> {
    // A ticket may be shown again as long as it is the newest.
    if (this.#ticket === '' || this.#below(4) === 0) this.#ticket = await this.#io.admit();
    this.#connections++;
    this.#frames.accepted.length = 0;
    return this.#io.connect(this.#ticket);
  }

  #say(client: IoClient): void {
    const message = this.#message();
    if (!this.#frames.isAtHome(message)) return;
    this.#messages++;
    this.#sent.push(message.slice());
    if (this.#sent.length > REMEMBERED) this.#sent.shift();
    if (this.#below(3_000) === 0) client.ws.send(Buffer.from(message).toString('latin1'));
    else if (this.#below(3_000) === 0) client.ws.send(new Uint8Array(MAX_FRAME + 1));
    else if (this.#below(500) === 0)
      for (const byte of message.subarray(0, 500)) client.ws.send(Uint8Array.of(byte), { fin: false });
    else client.ws.send(message);
  }

  #message(): Uint8Array {
    const dice = this.#below(100);
    if (dice < 40) return this.#frames.next();
    if (dice < 70) return encodeBatch(scene(this.#random, this.#world).map(encode));
    const several = Array.from({ length: 1 + this.#below(20) }, () => this.#frames.next());
    if (dice < 99) return encodeBatch(several);
    const [one = new Uint8Array(), other = one] = several;
    return mutate(this.#below(2) === 0 ? one : encodeBatch(several), other, this.#random);
  }

  /** Whether all that was said has been dealt with; else the connection was closed for it. */
  async #isAnswered(client: IoClient): Promise<boolean> {
    const late = new Promise<'late'>(resolve => setTimeout(() => resolve('late'), PATIENCE).unref());
    const answer = await Promise.race([
      client.ask({ op: Op.STATS }, Op.STATS_RESULT).catch(() => null),
      this.#io.exited.then(code => new Error(`the io-daemon ended with ${String(code)}.`)),
      late,
    ]);
    if (answer === 'late') throw new Error('a question was not answered.');
    if (answer instanceof Error) throw answer;
    if (answer !== null) this.#rss.push({ at: performance.now() - this.#begun, bytes: answer.stats.rss });
    return answer !== null;
  }

  /** Takes up what the daemon told: goes to the ports that it has opened, as anybody may. */
  #answer(client: IoClient): void {
    for (const frame of client.inbox.splice(0)) this.#hear(frame);
    for (let n = this.#below(4); n > 0; n--) this.#knock();
  }

  #hear(frame: Frame): void {
    if (frame.op === Op.TCP_LISTEN_RESULT && frame.status === NetStatus.OK) {
      for (let n = this.#below(4); n > 0; n--) this.#world.visit(frame.port);
    } else if (frame.op === Op.UDP_BOUND && frame.status === NetStatus.OK) {
      for (let n = this.#below(8); n > 0; n--) this.#world.throwAt(frame.port);
    } else if (frame.op === Op.TCP_ACCEPT) this.#frames.accepted.push(frame.sock);
  }

  /** At the door itself. Whoever asks goes away after a while, answered or not. */
  #knock(): void {
    const socket = connect({ port: this.#io.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write(plainRequest(this.#random, this.#io.port, this.#ticket));
    if (this.#below(4) > 0) socket.resume();
    setTimeout(() => socket.destroy(), this.#below(1_000));
  }

  /** What it is for: bytes are put, committed and there. */
  async #useful(name: string): Promise<void> {
    const client = await this.#io.connect();
    const bytes = Buffer.alloc(40_000, name);
    const opened = await openFile(client, 1, `useful ${name}`, bytes.length);
    if (opened.status !== FileStatus.OK) throw new Error(`a file cannot be opened ${name} it: ${opened.status}.`);
    landOpen(client, 900_000, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 900_000, offset: 0, bytes });
    const { status, file } = await commit(client, 900_000, [sha1Of(bytes)]);
    client.send({ op: Op.RESULT_ACK, id: 0, buffer: 900_000 });
    await client.sync();
    await client.close();
    if (status !== WRITTEN.status || file !== WRITTEN.file) throw new Error(`nothing can be written ${name} it.`);
  }

  /** Drops what outlives connections, and waits for the handles to come back. */
  async #settle(before: number): Promise<number> {
    const client = await this.#io.connect();
    for (const { buffer } of client.kept) client.send({ op: Op.LAND_DROP, id: 0, buffer });
    await client.sync();
    await client.close();
    await until('the handles to come back', () => this.#handles() <= before, PATIENCE).catch(() => undefined);
    const after = this.#handles();
    if (after > before) throw new Error(`of ${before} handles it has become ${after}: ${this.#openFiles()}.`);
    return after;
  }

  /** Once its threads have theirs. */
  async #restingHandles(): Promise<number> {
    let last = -1;
    await until('the handles to rest', async () => {
      const now = this.#handles();
      await new Promise(resolve => setTimeout(resolve, 300));
      const rests = now === last;
      last = now;
      return rests;
    });
    return last;
  }

  get #fds(): string {
    return `/proc/${this.#io.child.pid ?? 0}/fd`;
  }

  /** 0 where the system does not tell. */
  #handles(): number {
    return existsSync(this.#fds) ? readdirSync(this.#fds).length : 0;
  }

  #openFiles(): string {
    return existsSync(this.#fds) ? readdirSync(this.#fds).join(' ') : '';
  }

  #complaints(): string {
    const { stderr } = this.#io;
    const bad = stderr.split('\n').filter(line => line !== '' && !/"level":[1-4]0/.test(line));
    return bad.length > 0 ? `It said: ${bad.slice(0, 5).join('\n').slice(0, 4_000)}` : '';
  }

  #minutes(): readonly number[] {
    const minutes: number[][] = [];
    for (const { at, bytes } of this.#rss) (minutes[Math.floor(at / 60_000)] ??= []).push(bytes);
    return minutes.map(each => each.sort((a, b) => a - b)[Math.floor(each.length / 2)] ?? 0);
  }

  /** The second minute is the first to compare with: by then every cache has been filled once. */
  #growth(): string {
    const [, second = Infinity, ...later] = this.#minutes();
    const last = later.at(-1) ?? 0;
    return last > second + GROWTH ? 'its memory grows.' : '';
  }

  #writeDown(): string {
    const folder = join(import.meta.dirname, '../../.cache');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'fuzz-daemon.txt');
    writeFileSync(path, this.#sent.map(message => Buffer.from(message).toString('base64')).join('\n'));
    return path;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
