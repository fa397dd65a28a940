/** What every end-to-end test stands on: a folder, a host with its io-daemon, a browser and the app in it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { haveLibtorrent, LibtorrentPeer } from '../peers/libtorrent.ts';
import { haveOpentracker, Opentracker } from '../peers/opentracker.ts';
import type { Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { App } from './app.ts';
import { Browser, haveChromium } from './browser.ts';
import { Starling } from './starling.ts';

/** What is not on this machine, for the name of what is skipped; empty where all is here. */
export const missing = [
  haveChromium() ? '' : 'chromium',
  haveLibtorrent() ? '' : 'python3-libtorrent',
  haveOpentracker() ? '' : 'opentracker',
]
  .filter(Boolean)
  .join(', ');

export const titled = (title: string): string => (missing === '' ? title : `${title} (needs ${missing})`);

export class World {
  readonly dir: string;
  readonly starling: Starling;
  #browser: Browser;
  #app: App;
  readonly #peers: { role: 'seed' | 'leech' | 'tracker'; peer: { stop(): Promise<void> } }[] = [];

  private constructor(dir: string, starling: Starling, browser: Browser, app: App) {
    this.dir = dir;
    this.starling = starling;
    this.#browser = browser;
    this.#app = app;
  }

  /** `others`: names of more download roots, beside the default one. */
  static async make(options: { downloads?: string; others?: readonly string[]; flags?: readonly string[] } = {}): Promise<World> {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'starling-e2e-')));
    if (options.others) addRoots(dir, options.others);
    const downloads = options.downloads ?? join(dir, 'downloads');
    let starling: Starling | null = null;
    let browser: Browser | null = null;
    try {
      starling = await Starling.start({ home: join(dir, 'home'), downloads });
      browser = await Browser.start({ flags: options.flags ?? [] });
      return new World(dir, starling, browser, await App.open(browser, starling));
    } catch (error) {
      const log = `${starling?.output ?? ''}\n${hostLog(join(dir, 'home'))}`;
      await browser?.stop();
      await starling?.stop();
      rmSync(dir, { recursive: true, force: true });
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`);
    }
  }

  get browser(): Browser {
    return this.#browser;
  }

  get app(): App {
    return this.#app;
  }

  get downloads(): string {
    return this.starling.downloads;
  }

  async seed(payload: Payload, options: { uploadLimit?: number } = {}): Promise<LibtorrentPeer> {
    const peer = await LibtorrentPeer.start('seed', { torrent: this.torrentFile(payload), dir: payload.dir, ...options });
    this.#peers.push({ role: 'seed', peer });
    return peer;
  }

  async leech(payload: Payload, into: string, peers: readonly string[]): Promise<LibtorrentPeer> {
    mkdirSync(into, { recursive: true });
    const peer = await LibtorrentPeer.start('leech', { torrent: this.torrentFile(payload), dir: into, peers });
    this.#peers.push({ role: 'leech', peer });
    return peer;
  }

  async tracker(payloads: readonly Payload[], port: number): Promise<Opentracker> {
    const tracker = await Opentracker.start(
      payloads.map(({ infoHash }) => infoHash),
      port,
    );
    this.#peers.push({ role: 'tracker', peer: tracker });
    return tracker;
  }

  /** Waits until the tracker knows someone who has all of it. */
  async announced(tracker: Opentracker, payload: Payload): Promise<void> {
    await until('the seed to announce itself', async () => (await tracker.seeds(payload.infoHash)) > 0);
  }

  async stopPeers(role: 'seed' | 'leech' | 'tracker'): Promise<void> {
    await Promise.all(this.#peers.filter(each => each.role === role).map(({ peer }) => peer.stop()));
  }

  /** Kills the browser and opens the app anew in the same profile, by its plain address: it is paired still. */
  async restartBrowser(): Promise<void> {
    this.#browser = await this.#browser.startAgain();
    this.#app = await App.openPaired(this.#browser, this.starling);
  }

  /** Closes every window of the app; the browser stays. */
  async closeWindows(): Promise<void> {
    await this.#browser.closePages();
  }

  /** Opens the app anew in the browser that is there. */
  async openAgain(): Promise<void> {
    this.#app = await App.openPaired(this.#browser, this.starling);
  }

  /** Kills the browser, and nothing in its place. */
  async killBrowser(): Promise<void> {
    await this.#browser.kill();
  }

  torrentFile(payload: Payload): string {
    const file = join(this.dir, `${payload.infoHash}.torrent`);
    writeFileSync(file, payload.bytes);
    return file;
  }

  /** Ends everything, also where the end of one part fails. */
  async end(): Promise<void> {
    const parts = [...this.#peers.map(({ peer }) => peer), this.#browser, this.starling];
    const ends = await Promise.allSettled(parts.map(part => part.stop()));
    rmSync(this.dir, { recursive: true, force: true });
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** For `afterEach`: where the test failed, says what there is to read. */
  async tell({ task }: TestContext): Promise<void> {
    if (task.result?.state !== 'fail') return;
    await this.app.page.screenshot(`failed-${task.name}`).catch(() => undefined);
    console.error(`${this.starling.output}\n${hostLog(this.starling.home)}\n${this.app.page.log.join('\n')}`);
  }
}

function hostLog(home: string): string {
  try {
    const logs = join(home, 'logs');
    return readdirSync(logs)
      .map(file => readFileSync(join(logs, file), 'utf8').split('\n').slice(-40).join('\n'))
      .join('\n');
  } catch {
    return '';
  }
}

function addRoots(dir: string, names: readonly string[]): void {
  const paths = names.map(name => join(dir, name));
  mkdirSync(join(dir, 'home'), { mode: 0o700 });
  for (const path of paths) mkdirSync(path);
  writeFileSync(join(dir, 'home', 'roots.json'), JSON.stringify({ salt: 'e2e', default: '', paths }));
}
