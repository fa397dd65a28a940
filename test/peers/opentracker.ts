/** A real HTTP tracker: Debian's opentracker, which serves only the info-hashes on its list. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

export const haveOpentracker = (): boolean => existsSync('/usr/bin/opentracker');

export class Opentracker {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #dir: string;

  private constructor(child: ChildProcess, dir: string, url: string) {
    this.#child = child;
    this.#dir = dir;
    this.url = url;
  }

  /** `infoHashes` are served; for any other the announce fails with a reason. */
  static async start(infoHashes: readonly string[], port?: number): Promise<Opentracker> {
    const dir = mkdtempSync(join(tmpdir(), 'starling-tracker-'));
    // As root it changes into this folder for good and becomes nobody, who has to be able to read it.
    chmodSync(dir, 0o755);
    writeFileSync(join(dir, 'list'), infoHashes.map(hash => `${hash}\n`).join(''));
    const at = String(port ?? (await freePort()));
    const list = process.getuid?.() === 0 ? '/list' : join(dir, 'list');
    const child = spawn('opentracker', ['-i', '127.0.0.1', '-p', at, '-P', at, '-d', dir, '-w', list], { stdio: 'ignore' });
    const tracker = new Opentracker(child, dir, `http://127.0.0.1:${at}/announce`);
    await until('opentracker to answer', async () => {
      if (child.exitCode !== null) throw new Error(`opentracker ended with ${child.exitCode}`);
      return fetch(tracker.url).then(
        () => true,
        () => false,
      );
    });
    return tracker;
  }

  /** Tells it of a peer on 127.0.0.1 that has everything. */
  async announceSeed(infoHash: string, port: number): Promise<void> {
    const query = `info_hash=${infoHash.replace(/../g, '%$&')}&peer_id=-FS0001-abcdefghijkl&port=${port}`;
    const answer = await fetch(`${this.url}?${query}&uploaded=0&downloaded=0&left=0&compact=1&event=started`);
    if (!answer.ok) throw new Error(`opentracker answered ${answer.status}`);
    await answer.arrayBuffer();
  }

  /** How many it knows that have all of a torrent, by its scrape (BEP 48). */
  seeds(infoHash: string): Promise<number> {
    return this.#scrape(infoHash, 'complete');
  }

  /** How many it knows that have not. */
  leechers(infoHash: string): Promise<number> {
    return this.#scrape(infoHash, 'incomplete');
  }

  async #scrape(infoHash: string, what: 'complete' | 'incomplete'): Promise<number> {
    const query = infoHash.replace(/../g, '%$&');
    // One that is kept it may close just as the next question is on its way.
    const headers = { connection: 'close' };
    const answer = await fetch(`${this.url.replace(/announce$/, 'scrape')}?info_hash=${query}`, { headers });
    const found = new RegExp(`${what.length}:${what}i(\\d+)e`).exec(Buffer.from(await answer.arrayBuffer()).toString('latin1'));
    return Number(found?.[1] ?? 0);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise(resolve => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
