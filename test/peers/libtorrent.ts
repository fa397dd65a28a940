/** A real libtorrent as a child process: seeds or leeches, and tells how it goes. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './wait.ts';

const script = fileURLToPath(new URL('libtorrent_peer.py', import.meta.url));
/** Debian's Python, which has the binding; another `python3` of the path may not. */
const python = '/usr/bin/python3';

export const haveLibtorrent = (): boolean => spawnSync(python, ['-c', 'import libtorrent']).status === 0;

export interface PeerOptions {
  readonly torrent?: string;
  readonly magnet?: string;
  readonly dir: string;
  /** HOST:PORT; port 0 is any free one. */
  readonly listen?: string;
  readonly peers?: readonly string[];
  /** Bytes a second; 0 none. */
  readonly uploadLimit?: number;
  /** `off` by default. */
  readonly encryption?: 'off' | 'prefer' | 'require';
  /** Dials nobody: others have to come to it. */
  readonly waits?: boolean;
  /** Lets nobody in: it has to go to others. */
  readonly calls?: boolean;
  /** Speaks uTP and no TCP. */
  readonly utp?: boolean;
  /** Takes part in local discovery. */
  readonly lsd?: boolean;
  /** Gives what is in its files without a look at it. */
  readonly unchecked?: boolean;
  /** Counts what it is suggested. */
  readonly suggestions?: boolean;
  /** So many peers in one process, on as many ports from that of `listen` on; what is told of them is the first's. */
  readonly sessions?: number;
  /** Takes part in the DHT, by way of these nodes (HOST:PORT). */
  readonly dht?: readonly string[];
  /** Runs before the command, such as `ip netns exec NAME`. */
  readonly under?: readonly string[];
}

/** Payload bytes since the peer started. */
export interface PeerStatus {
  readonly progress: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly peers: number;
  /** Messages that suggest a piece, where it counts them. */
  readonly suggested: number;
  readonly error: string;
}

/** Seconds and CPU seconds that a leech took, and its peak resident bytes. */
export interface LeechResult {
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number;
  /** How its last connection was enciphered: none, handshake or full; empty without one. */
  readonly encryption: string;
}

type Line = { event: 'up'; port: number } | ({ event: 'status' } & PeerStatus) | ({ event: 'done' } & LeechResult);

export class LibtorrentPeer {
  port = 0;
  status: PeerStatus = { progress: 0, uploaded: 0, downloaded: 0, peers: 0, suggested: 0, error: '' };
  result: LeechResult | null = null;
  /** One is counted for each status line, so that a reader can wait for a fresh one. */
  #statuses = 0;
  #errors = '';
  readonly #child: ChildProcess;

  private constructor(role: 'seed' | 'leech', options: PeerOptions) {
    const args = [script, role, '--dir', options.dir, '--listen', options.listen ?? '127.0.0.1:0'];
    if (options.torrent !== undefined) args.push('--torrent', options.torrent);
    if (options.waits === true) args.push('--waits');
    if (options.calls === true) args.push('--calls');
    if (options.utp === true) args.push('--utp');
    if (options.lsd === true) args.push('--lsd');
    if (options.unchecked === true) args.push('--unchecked');
    if (options.suggestions === true) args.push('--suggestions');
    if (options.encryption !== undefined) args.push('--encryption', options.encryption);
    if (options.magnet !== undefined) args.push('--magnet', options.magnet);
    if (options.sessions !== undefined) args.push('--sessions', String(options.sessions));
    if (options.uploadLimit) args.push('--upload-limit', String(options.uploadLimit));
    for (const peer of options.peers ?? []) args.push('--peer', peer);
    if (options.dht) args.push('--dht', ...options.dht.flatMap(node => ['--dht-node', node]));
    const [command = python, ...rest] = [...(options.under ?? []), python, ...args];
    this.#child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()));
    this.#child.stdin?.on('error', () => undefined);
    createInterface({ input: this.#child.stdout! }).on('line', line => this.#hear(JSON.parse(line) as Line));
  }

  static async start(role: 'seed' | 'leech', options: PeerOptions): Promise<LibtorrentPeer> {
    const peer = new LibtorrentPeer(role, options);
    await until(`libtorrent to listen${peer.#errors}`, () => {
      peer.#mustRun();
      return peer.port !== 0;
    });
    return peer;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #hear(line: Line): void {
    if (line.event === 'up') this.port = line.port;
    else if (line.event === 'done') this.result = line;
    else {
      this.status = line;
      this.#statuses += 1;
    }
  }

  #mustRun(): void {
    if (this.#child.exitCode !== null) throw new Error(`libtorrent ended: ${this.#errors}`);
  }

  /** A status that is younger than this call. */
  async fresh(): Promise<PeerStatus> {
    const from = this.#statuses;
    await until('a status of libtorrent', () => {
      this.#mustRun();
      return this.#statuses >= from + 2;
    });
    return this.status;
  }

  /** Waits until a leech has everything. */
  async done(timeoutMs: number): Promise<LeechResult> {
    await until(
      'libtorrent to have everything',
      () => {
        this.#mustRun();
        return this.result !== null;
      },
      timeoutMs,
    );
    return this.result!;
  }

  limitUpload(bytesPerSecond: number): void {
    this.#child.stdin?.write(`limit ${bytesPerSecond}\n`);
  }

  connect(address: string): void {
    this.#child.stdin?.write(`peer ${address}\n`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
