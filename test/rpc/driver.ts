/** A program that drives `starling rpc`, built from the sources as they are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../daemon/bundle.ts';

const top = join(import.meta.dirname, '../..');

/** Builds the command; gives its folder, to be removed after all tests. */
export async function buildRpc(): Promise<string> {
  const dist = await bundle('rpc-test', { cli: join(top, 'daemon/cli.ts') });
  writeFileSync(
    join(dist, 'run.mjs'),
    "import { main } from './cli.mjs';\nprocess.exitCode = await main(process.argv.slice(2));\n",
  );
  return dist;
}

export interface RpcMessage {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly hint: string; readonly reason?: string };
  };
}

export interface Status {
  readonly info_hash: string;
  readonly name: string;
  readonly state: string;
  readonly progress: number;
  readonly size: number;
  readonly down_rate: number;
  readonly up_rate: number;
  readonly peers: number;
  readonly error?: string;
}

export interface DriverOptions {
  readonly home: string;
  readonly downloads: string;
  /** 127.0.0.1, on any port, where none is given; null: without the option. */
  readonly listen?: string | null;
  /** What may be reached of this machine. */
  readonly allow?: readonly string[];
}

export class Driver {
  readonly child: ChildProcess;
  readonly messages: RpcMessage[] = [];
  readonly ended: Promise<number | null>;
  stderr = '';
  #lastId = 0;
  #waiting: (() => void)[] = [];

  constructor(dist: string, { home, downloads, listen = '127.0.0.1:0', allow = ['127.0.0.0/8', '::1/128'] }: DriverOptions) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(join(home, 'config.json'), JSON.stringify({ network: { allow, portMapping: false } }));
    const args = [join(dist, 'run.mjs'), 'rpc', '--home', home, '--download-dir', downloads];
    if (listen !== null) args.push('--listen', listen);
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin?.on('error', () => undefined);
    this.child.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    // Every line is JSON, or this throws.
    createInterface({ input: this.child.stdout! }).on('line', line => {
      this.messages.push(JSON.parse(line) as RpcMessage);
      this.#wake();
    });
    this.ended = new Promise(resolve =>
      this.child.once('close', code => {
        resolve(code);
        this.#wake();
      }),
    );
  }

  /** Sends text as it is. */
  send(text: string): void {
    this.child.stdin?.write(text);
  }

  /** The whole answer. */
  ask(method: string, params: object = {}): Promise<RpcMessage> {
    const id = ++this.#lastId;
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return this.find(`the answer to ${method}`, message => message.id === id);
  }

  /** What it answers; throws where that is an error. */
  async call(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const { result, error } = await this.ask(method, params);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as Readonly<Record<string, unknown>>;
  }

  async status(info_hash: string): Promise<Status> {
    const { torrents } = (await this.call('get_status', { info_hash })) as unknown as { torrents: [Status] };
    return torrents[0];
  }

  /** The first message, of those before or to come, that fits. */
  async find(what: string, fits: (message: RpcMessage) => boolean): Promise<RpcMessage> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.ended;
        const late = this.messages.find(fits);
        if (late !== undefined) return late;
        throw new Error(`ended while waiting for ${what}: ${this.stderr}`);
      }
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }

  notices(method: string): readonly RpcMessage[] {
    return this.messages.filter(message => message.method === method);
  }

  notice(method: string, info_hash: string): Promise<RpcMessage> {
    return this.find(method, message => message.method === method && message.params?.['info_hash'] === info_hash);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export function removeRpc(dist: string): void {
  rmSync(dist, { recursive: true, force: true });
}
