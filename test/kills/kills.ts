/**
 * Ends the io-daemon, the host and the engine at random moments of downloads that keep every writer at work: many small files,
 * large pieces, files that are not wanted. After each end, whatever the host's records say is had, and whatever the engine said
 * that it had, is read from the disk; after each download so is every byte.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StateStore } from '../../daemon/host/store/state.ts';
import { parseTorrent } from '../../sw/engine/index.ts';
import type { Layout } from '../../sw/engine/model/layout.ts';
import { Parts } from '../../sw/engine/parts.ts';
import type { FilePriority } from '../../sw/engine/priorities.ts';
import { decodeProgressRecord } from '../../sw/engine/resume.ts';
import { LibtorrentPeer } from '../peers/libtorrent.ts';
import { magnetOf, makePayload, type Payload, type PayloadFile } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { seeded } from '../sim/clock.ts';
import type { EngineConfig, EngineLine } from './engine-process.ts';
import type { HostConfig, HostLine } from './host-process.ts';
import { bundlePrograms, childOf, end, readOrNull } from './processes.ts';

const INSTALL = 'install-kills';
const MB = 1_000_000;
/** Bytes a second of each seed: a download is to last for several kills. */
const RATE = 6 * MB;
/** An end comes so long after the engine and the daemon have found each other, ms. */
const SOONEST = 30;
const LATEST = 2_600;
const VICTIMS = ['io', 'io', 'io', 'engine', 'host'] as const;

type Victim = (typeof VICTIMS)[number];

export interface KillsReport {
  readonly victims: Readonly<Record<Victim, number>>;
  /** Downloads that were completed and compared. */
  readonly rounds: number;
  /** Pieces that were read since a record, or the engine, said they were had. */
  readonly recorded: number;
  readonly reported: number;
  /** What was not right, a line each. */
  readonly wrong: readonly string[];
  /** The part of all payload that was fetched more than once. */
  readonly again: number;
}

interface Target {
  readonly payload: Payload;
  readonly file: string;
  readonly layout: Layout;
  readonly hashes: Uint8Array;
  readonly skipped: ReadonlySet<number>;
  readonly seed: LibtorrentPeer;
}

const SHAPES: readonly { name: string; pieceLength: number; files: readonly PayloadFile[]; skipped: readonly number[] }[] = [
  {
    name: 'many',
    pieceLength: 32_768,
    files: Array.from({ length: 900 }, (_, at) => ({
      path: [`folder ${at % 30}`, `${at}.bin`],
      size: 8_000 + ((at * 7919) % 16_000),
    })),
    skipped: [3, 4, 5, 100, 500],
  },
  {
    name: 'big',
    pieceLength: 4 << 20,
    files: [
      { path: ['one.bin'], size: 13 * MB },
      { path: ['not wanted.bin'], size: 7 * MB },
      { path: ['two.bin'], size: 9 * MB + 1 },
    ],
    skipped: [1],
  },
  {
    name: 'plain',
    pieceLength: 262_144,
    files: [
      { path: ['plain.bin'], size: 16 * MB },
      { path: ['end.bin'], size: 12_345 },
    ],
    skipped: [],
  },
];

/** @param say hears how it goes */
export async function kills(times: number, seed: number, say: (line: string) => void): Promise<KillsReport> {
  const world = await World.make();
  try {
    return await world.run(times, seeded(seed), say);
  } finally {
    await world.end();
  }
}

class World {
  private readonly victims: Record<Victim, number> = { io: 0, engine: 0, host: 0 };
  private rounds = 0;
  private recorded = 0;
  private reported = 0;
  private readonly wrong: string[] = [];
  private host: ChildProcess | null = null;
  private engine: ChildProcess | null = null;
  private token = '';
  private door: HostLine = { port: 0, origin: '', pairing: '' };
  /** The engine has found the daemon, and that was not used yet. */
  private isLinkedNow = false;
  private have = new Map<string, Uint8Array>();
  private states: Readonly<Record<string, string>> = {};
  private errors = '';

  private constructor(
    private readonly folder: string,
    private readonly programs: string,
    private readonly targets: readonly Target[],
  ) {}

  static async make(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'starling-kills-'));
    mkdirSync(join(folder, 'home'), { mode: 0o700 });
    mkdirSync(join(folder, 'web'));
    writeFileSync(join(folder, 'web/index.html'), '<!doctype html><title>app</title>');
    writeFileSync(join(folder, 'web/sw.js'), '');
    const config = { network: { allow: ['127.0.0.0/8'], portMapping: false } };
    writeFileSync(join(folder, 'home/config.json'), JSON.stringify(config));
    const programs = await bundlePrograms();
    const targets: Target[] = [];
    for (const { name, files, pieceLength, skipped } of SHAPES) {
      const payload = makePayload(join(folder, 'seed'), name, files, { pieceLength });
      const file = join(folder, `${name}.torrent`);
      writeFileSync(file, payload.bytes);
      const { layout, pieceHashes } = parseTorrent(payload.bytes);
      const seed = await LibtorrentPeer.start('seed', { torrent: file, dir: payload.dir, uploadLimit: RATE });
      targets.push({ payload, file, layout, hashes: pieceHashes, skipped: new Set(skipped), seed });
    }
    return new World(folder, programs, targets);
  }

  async run(times: number, random: () => number, say: (line: string) => void): Promise<KillsReport> {
    await this.startHost();
    this.startEngine();
    for (let killed = 0; killed < times; killed++) {
      if (await this.isLinked(SOONEST + random() * (LATEST - SOONEST))) await this.nextRound();
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'io';
      this.victims[victim] += 1;
      await this.kill(victim);
      await this.compareClaims(`kill ${killed + 1} (${victim})`);
      await this.revive(victim);
      if ((killed + 1) % 10 === 0)
        say(`${killed + 1} kills, ${this.rounds} downloads, ${this.recorded} pieces read, ${this.wrong.length} wrong`);
    }
    await until('the last download', () => this.isDone, 120_000);
    this.compareAll();
    const wanted = this.targets.reduce((sum, target) => sum + wantedBytes(target), 0);
    const statuses = await Promise.all(this.targets.map(({ seed }) => seed.fresh()));
    const sent = statuses.reduce((sum, { uploaded }) => sum + uploaded, 0);
    const { victims, rounds, recorded, reported, wrong } = this;
    return { victims, rounds, recorded, reported, wrong, again: sent / (wanted * rounds) - 1 };
  }

  async end(): Promise<void> {
    await Promise.all([end(this.engine), end(this.host), ...this.targets.map(({ seed }) => seed.stop())]);
    for (const folder of [this.folder, this.programs]) rmSync(folder, { recursive: true, force: true });
  }

  private get downloads(): string {
    return join(this.folder, 'downloads');
  }

  private get isDone(): boolean {
    return this.targets.every(({ payload }) => this.states[payload.infoHash] === 'seeding');
  }

  /** Until `ms` after the next link, or until all is there, which is told. */
  private async isLinked(ms: number): Promise<boolean> {
    await until(`a link${this.errors}`, () => this.isLinkedNow, 60_000);
    this.isLinkedNow = false;
    const at = performance.now() + ms;
    await until('its time', () => this.isDone || performance.now() >= at, 10_000);
    return this.isDone;
  }

  /** All is there: it is compared, and begins anew. */
  private async nextRound(): Promise<void> {
    this.compareAll();
    await Promise.all([end(this.engine), end(this.host)]);
    rmSync(this.downloads, { recursive: true, force: true });
    rmSync(join(this.folder, 'home/state'), { recursive: true, force: true });
    this.have.clear();
    this.states = {};
    await this.startHost();
    this.startEngine();
    await until(`a link${this.errors}`, () => this.isLinkedNow, 60_000);
    this.isLinkedNow = false;
    await until('the first pieces', () => this.have.size === this.targets.length, 60_000);
  }

  private async kill(victim: Victim): Promise<void> {
    if (victim === 'io') {
      const pid = childOf(this.host?.pid ?? 0);
      if (pid > 0) process.kill(pid, 'SIGKILL');
    } else await end(victim === 'host' ? this.host : this.engine);
  }

  private async revive(victim: Victim): Promise<void> {
    if (victim === 'host') await this.startHost();
    else if (victim === 'engine') this.startEngine();
  }

  private async startHost(): Promise<void> {
    const config: HostConfig = {
      home: join(this.folder, 'home'),
      downloads: this.downloads,
      web: join(this.folder, 'web'),
      io: join(this.programs, 'io.mjs'),
    };
    this.host = this.start('host', JSON.stringify(config));
    this.door = await new Promise<HostLine>((resolve, reject) => {
      createInterface({ input: this.host!.stdout! }).once('line', line => resolve(JSON.parse(line) as HostLine));
      this.host?.once('exit', () => reject(new Error(`the host ended: ${this.errors}`)));
    });
    if (this.token !== '') return;
    const secret = /#pair=([\w-]+)/.exec(readFileSync(this.door.pairing, 'utf8'))?.[1];
    const response = await fetch(`${this.door.origin}/pair`, {
      method: 'POST',
      headers: { Origin: this.door.origin, 'Content-Type': 'application/json' },
      body: JSON.stringify({ secret, installId: INSTALL }),
    });
    this.token = ((await response.json()) as { token: string }).token;
  }

  private startEngine(): void {
    const config: EngineConfig = {
      ...this.door,
      token: this.token,
      installId: INSTALL,
      torrents: this.targets.map(({ payload, file, layout, skipped, seed }) => ({
        id: payload.infoHash,
        file,
        magnet: magnetOf(payload, [`127.0.0.1:${seed.port}`]),
        priorities: layout.files.map((_, at): FilePriority => (skipped.has(at) ? 'skip' : 'normal')),
      })),
    };
    const path = join(this.folder, 'engine.json');
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    const engine = this.start('engine', path);
    this.engine = engine;
    createInterface({ input: engine.stdout! }).on('line', line => {
      if (engine === this.engine) this.hear(JSON.parse(line) as EngineLine);
    });
  }

  private hear(line: EngineLine): void {
    if (line.type === 'linked') {
      this.isLinkedNow = true;
    } else if (line.type === 'have') this.have.set(line.id, Buffer.from(line.have, 'base64'));
    else this.states = line.states;
  }

  private start(program: 'host' | 'engine', config: string): ChildProcess {
    const child = spawn(process.execPath, [join(this.programs, `${program}.mjs`), config], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr?.on('data', (data: Buffer) => (this.errors = ` ${data.toString().slice(-500)}`));
    return child;
  }

  /** What is said to be had is on the disk, whoever says it. */
  private async compareClaims(moment: string): Promise<void> {
    const said = new Map(this.have);
    const copy = mkdtempSync(join(this.folder, 'state-'));
    for (const name of readdirSync(join(this.folder, 'home/state'))) {
      // What is being written has another name until it is whole; what is replaced meanwhile is there under its own all the time.
      const bytes = name.endsWith('.tmp') ? null : readOrNull(join(this.folder, 'home/state', name));
      if (bytes !== null) writeFileSync(join(copy, name), bytes);
    }
    const { records } = await new StateStore(copy, () => undefined).load('');
    rmSync(copy, { recursive: true });
    for (const target of this.targets) {
      const { infoHash } = target.payload;
      const record = records.find(({ key }) => key === `t/${infoHash}/progress`);
      const progress = record && decodeProgressRecord(record.value);
      const parts = new Parts(target.layout, infoHash, file => !target.skipped.has(file), progress?.parts ?? []);
      const isPlain = (piece: number) => target.layout.spans(piece).every(({ file }) => !target.skipped.has(file));
      this.recorded += this.comparePieces(target, parts, progress?.have ?? new Uint8Array(0), () => true, `${moment}: recorded`);
      // Where parts that are aside lie a record tells, which may be a second old.
      this.reported += this.comparePieces(target, parts, said.get(infoHash) ?? new Uint8Array(0), isPlain, `${moment}: reported`);
    }
  }

  /** How many were compared. */
  private comparePieces(
    target: Target,
    parts: Parts,
    have: Uint8Array,
    counts: (piece: number) => boolean,
    moment: string,
  ): number {
    const { layout, hashes, payload } = target;
    const handles = new Map<number, number>();
    let compared = 0;
    for (let piece = 0; piece < layout.pieceCount; piece++) {
      if (((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) === 0 || !counts(piece)) continue;
      compared += 1;
      const hash = createHash('sha1');
      try {
        for (const { file, offset, length } of parts.spans(piece)) {
          const path = file === parts.index ? parts.path : [payload.name, ...(payload.files[file]?.path ?? [])];
          hash.update(this.readPart(handles, file, path, offset, length));
        }
        if (!hash.digest().equals(hashes.subarray(piece * 20, piece * 20 + 20)))
          this.wrong.push(`${moment} ${payload.name} ${piece}`);
      } catch (error) {
        this.wrong.push(`${moment} ${payload.name} ${piece}: ${String(error)}`);
      }
    }
    for (const fd of handles.values()) closeSync(fd);
    return compared;
  }

  private readPart(handles: Map<number, number>, file: number, path: readonly string[], offset: number, length: number): Buffer {
    const fd = handles.get(file) ?? openSync(join(this.downloads, ...path), 'r');
    handles.set(file, fd);
    const bytes = Buffer.alloc(length);
    if (readSync(fd, bytes, 0, length, offset) !== length) throw new Error(`${path.join('/')} is too short`);
    return bytes;
  }

  /** Every byte of what was wanted, and nothing of what was not. */
  private compareAll(): void {
    this.rounds += 1;
    for (const { payload, skipped } of this.targets) {
      payload.files.forEach(({ path }, at) => {
        const name = join(payload.name, ...path);
        const fetched = readOrNull(join(this.downloads, name));
        if (skipped.has(at)) {
          if (fetched !== null) this.wrong.push(`download ${this.rounds}: ${name} is there, and was not wanted`);
        } else if (fetched === null || !readFileSync(join(payload.dir, name)).equals(fetched)) {
          this.wrong.push(`download ${this.rounds}: ${name} differs`);
        }
      });
    }
  }
}

/** What has to come of a torrent: the pieces that touch a wanted file, whole. */
function wantedBytes({ layout, skipped }: Target): number {
  let bytes = 0;
  for (let piece = 0; piece < layout.pieceCount; piece++) {
    if (layout.spans(piece).some(({ file }) => !skipped.has(file))) bytes += layout.pieceSize(piece);
  }
  return bytes;
}
