/** A real io-daemon and a client of it, as tests use them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import type { FromChild, ToChild } from '../../daemon/wire/child.ts';
import { decodeMessage, encode, encodeBatch } from '../../daemon/wire/codec.ts';
import { type Frame, type FrameOf, type KeptBuffer, MAX_FRAME, Op } from '../../daemon/wire/frames.ts';
import { bundleIo } from './bundle.ts';

export const ORIGIN = 'http://127.0.0.1:7800';
export const ROOT = 'root-token';

export interface IoOptions {
  readonly allow?: readonly string[];
  readonly idleMs?: number;
  readonly verbose?: boolean;
  /** The directory behind ROOT; a new one that is removed at the end where none is given. */
  readonly root?: string;
  /** Where that was mounted when it was seen before. */
  readonly mount?: string;
  /** The one address of this machine that it uses; all of them where none is given. */
  readonly address?: string;
  /** What its environment has beside or in place of this one's. */
  readonly env?: Readonly<Record<string, string>>;
}

export class IoProcess {
  readonly child: ChildProcess;
  readonly root: string;
  readonly told: FromChild[] = [];
  readonly exited: Promise<number | null>;
  stderr = '';
  port = 0;
  #epoch = 0;
  #waiting: (() => void)[] = [];
  readonly #ownsRoot: boolean;

  private constructor(child: ChildProcess, root: string, ownsRoot: boolean) {
    this.child = child;
    this.root = root;
    this.#ownsRoot = ownsRoot;
    this.exited = new Promise(resolve => child.on('exit', code => resolve(code)));
    child.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    if (child.stdout === null) throw new Error('no stdout');
    createInterface({ input: child.stdout }).on('line', line => {
      this.told.push(JSON.parse(line) as FromChild);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async start(options: IoOptions = {}): Promise<IoProcess> {
    const { allow = ['127.0.0.0/8'], idleMs = 600_000, root, mount = '', env = {}, verbose = false, address = '' } = options;
    const child = spawn(process.execPath, [await bundleIo()], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // What it deletes goes to no trash of a person.
      env: { XDG_DATA_HOME: join(tmpdir(), 'starling-data-home'), ...process.env, ...env },
    });
    const directory = realpathSync(root ?? mkdtempSync(join(tmpdir(), 'starling-io-')));
    const io = new IoProcess(child, directory, root === undefined);
    io.tell({ type: 'start', version: 'test', allow, idleMs, verbose, address });
    io.port = (await io.heard('listening')).port;
    io.tell({ type: 'roots', roots: [{ token: ROOT, path: directory, mount }] });
    return io;
  }

  tell(message: ToChild): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  async heard<T extends FromChild['type']>(type: T): Promise<Extract<FromChild, { type: T }>> {
    for (;;) {
      const at = this.told.findIndex(message => message.type === type);
      if (at >= 0) return this.told.splice(at, 1)[0] as Extract<FromChild, { type: T }>;
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  /** Admits a new ticket and gives it. */
  async admit(): Promise<string> {
    const ticket = randomBytes(32).toString('base64url');
    const ticketHash = createHash('sha256').update(ticket).digest('hex');
    this.tell({ type: 'admit', epoch: ++this.#epoch, ticketHash, origin: ORIGIN });
    await this.heard('admitted');
    return ticket;
  }

  /** A client that was let in. */
  async connect(ticket?: string): Promise<IoClient> {
    const token = ticket ?? (await this.admit());
    const client = await IoClient.open(this.port);
    client.send({ op: Op.AUTH, id: 0, token, origin: ORIGIN, installId: 'test' });
    const result = await client.next(Op.AUTH_RESULT);
    if (!result.ok) throw new Error(result.message);
    client.kept = result.kept;
    return client;
  }

  async stop(): Promise<void> {
    this.child.stdin?.end();
    await this.exited;
    if (this.#ownsRoot) rmSync(this.root, { recursive: true, force: true });
  }
}

type Distribute<F> = F extends Frame ? Omit<F, 'id'> : never;

export class IoClient {
  readonly ws: WebSocket;
  readonly closed: Promise<number>;
  kept: readonly KeptBuffer[] = [];
  /** What came and was not asked for yet, in its order. */
  readonly inbox: Frame[] = [];
  bytesIn = 0;
  bytesOut = 0;
  #lastId = 0;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  private constructor(ws: WebSocket) {
    this.ws = ws;
    this.closed = new Promise(resolve =>
      ws.on('close', code => {
        this.#isClosed = true;
        this.#wake();
        resolve(code);
      }),
    );
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer) => {
      this.bytesIn += data.length;
      for (const frame of decodeMessage(new Uint8Array(data), MAX_FRAME)) {
        // As if each send were answered alone.
        if (frame.op === Op.SENT) for (const send of frame.sends) this.inbox.push({ ...frame, sends: [send] });
        else this.inbox.push(frame);
      }
      this.#wake();
    });
  }

  static async open(port: number, origin = ORIGIN): Promise<IoClient> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/io`, { origin, perMessageDeflate: false });
    const client = new IoClient(ws);
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    return client;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  send(...frames: Frame[]): void {
    const encoded = frames.map(encode);
    const message = encoded.length === 1 ? (encoded[0] as Uint8Array) : encodeBatch(encoded);
    this.bytesOut += message.length;
    this.ws.send(message);
  }

  /** Sends with a fresh id, which it gives. */
  request(frame: Distribute<Frame>): number {
    const id = ++this.#lastId;
    this.send({ ...frame, id });
    return id;
  }

  /** The next frame with this op that fits, whatever came before it; others stay in the inbox. */
  async next<O extends Frame['op']>(op: O, fits: (frame: FrameOf<O>) => boolean = () => true): Promise<FrameOf<O>> {
    for (;;) {
      const at = this.inbox.findIndex(frame => frame.op === op && fits(frame as FrameOf<O>));
      if (at >= 0) return this.inbox.splice(at, 1)[0] as FrameOf<O>;
      if (this.#isClosed) throw new Error(`closed while waiting for ${op}: ${JSON.stringify(this.inbox)}`);
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  async ask<O extends Frame['op']>(frame: Distribute<Frame>, op: O): Promise<FrameOf<O>> {
    const id = this.request(frame);
    return this.next(op, answer => answer.id === id);
  }

  /** Everything sent before has been handled when this resolves. */
  async sync(): Promise<void> {
    await this.ask({ op: Op.STATS }, Op.STATS_RESULT);
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}
