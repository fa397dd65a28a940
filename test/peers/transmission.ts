/** A real transmission-daemon, driven by its RPC. It dials nobody on this machine by itself: others have to come to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

export const haveTransmission = (): boolean => existsSync('/usr/bin/transmission-daemon');

export interface TransmissionOptions {
  /** Where its torrents' files are, or go. */
  readonly dir: string;
  /** Its own words: plain streams rather, or enciphered ones alone. */
  readonly encryption: 'tolerated' | 'required';
}

interface Torrent {
  /** Bytes that it lacks; those of a magnet without metadata are none. */
  readonly leftUntilDone: number;
  readonly sizeWhenDone: number;
  /** 6 is seeding. */
  readonly status: number;
  readonly errorString: string;
  readonly peers: readonly { readonly isEncrypted: boolean; readonly clientName: string }[];
}

const FIELDS = ['leftUntilDone', 'sizeWhenDone', 'status', 'errorString', 'peers'];

export class Transmission {
  readonly #child: ChildProcess;
  readonly #home: string;
  readonly #rpc: string;
  #session = '';
  /** Where peers reach it. */
  readonly port: number;

  private constructor(child: ChildProcess, home: string, rpcPort: number, port: number) {
    this.#child = child;
    this.#home = home;
    this.#rpc = `http://127.0.0.1:${rpcPort}/transmission/rpc`;
    this.port = port;
  }

  /** Without DHT, PEX, local discovery, uTP or port mapping: it knows whom it is told of, and who comes. */
  static async start({ dir, encryption }: TransmissionOptions): Promise<Transmission> {
    const home = mkdtempSync(join(tmpdir(), 'starling-transmission-'));
    mkdirSync(dir, { recursive: true });
    const [rpcPort, port] = [await freePort(), await freePort()];
    const settings = {
      'download-dir': dir,
      'bind-address-ipv4': '127.0.0.1',
      'peer-port': port,
      'peer-port-random-on-start': false,
      'rpc-enabled': true,
      'rpc-bind-address': '127.0.0.1',
      'rpc-port': rpcPort,
      'rpc-whitelist-enabled': false,
      'rpc-authentication-required': false,
      encryption: encryption === 'required' ? 2 : 0,
      'dht-enabled': false,
      'pex-enabled': false,
      'lpd-enabled': false,
      'utp-enabled': false,
      'port-forwarding-enabled': false,
      'incomplete-dir-enabled': false,
    };
    writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
    const child = spawn('/usr/bin/transmission-daemon', ['--foreground', '--config-dir', home], { stdio: 'ignore' });
    const transmission = new Transmission(child, home, rpcPort, port);
    await until('transmission to answer', async () => {
      if (child.exitCode !== null) throw new Error(`transmission-daemon ended with ${child.exitCode}`);
      return transmission.#ask('session-get', {}).then(
        () => true,
        () => false,
      );
    });
    return transmission;
  }

  /** A .torrent's path or bytes in a file, or a magnet; what is there already it checks first. */
  async add(torrent: string): Promise<void> {
    await this.#ask('torrent-add', { filename: torrent });
  }

  /** Its one torrent. */
  async torrent(): Promise<Torrent> {
    const { torrents } = (await this.#ask('torrent-get', { fields: FIELDS })) as { torrents: Torrent[] };
    const [torrent] = torrents;
    if (!torrent) throw new Error('transmission has no torrent');
    return torrent;
  }

  async isSeeding(): Promise<boolean> {
    const { leftUntilDone, sizeWhenDone, status, errorString } = await this.torrent();
    if (errorString !== '') throw new Error(`transmission: ${errorString}`);
    return sizeWhenDone > 0 && leftUntilDone === 0 && status === 6;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise(resolve => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #ask(method: string, args: object): Promise<unknown> {
    const body = JSON.stringify({ method, arguments: args });
    const answer = await fetch(this.#rpc, { method: 'POST', headers: { 'X-Transmission-Session-Id': this.#session }, body });
    // The first answer names the session that every request has to name.
    if (answer.status === 409) {
      this.#session = answer.headers.get('X-Transmission-Session-Id') ?? '';
      await answer.arrayBuffer();
      return this.#ask(method, args);
    }
    const said = (await answer.json()) as { result: string; arguments: unknown };
    if (said.result !== 'success') throw new Error(`transmission: ${method}: ${said.result}`);
    return said.arguments;
  }
}
