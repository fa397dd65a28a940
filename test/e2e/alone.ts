/** The app without any helper: its built files from a plain web server of this computer, browsers, and a web seed beside it. */
import codec from 'bencode';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAssets, type Asset } from '../../daemon/host/http/assets.ts';
import { makePayload } from '../peers/payload.ts';
import { App } from './app.ts';
import { Browser, namedHost } from './browser.ts';
import { headersOfTheDocs } from './website.ts';

type Assets = Map<string, Asset>;

const top = join(import.meta.dirname, '../..');

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

export function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}

export class PlainSite {
  readonly origin: string;
  readonly #server: Server;
  readonly #assets: Assets;

  private constructor(server: Server, assets: Assets) {
    this.#server = server;
    this.#assets = assets;
    this.origin = originOf(server);
  }

  static async start(): Promise<PlainSite> {
    const assets: Assets = new Map(loadAssets(join(top, 'dist/web')));
    return new PlainSite(
      await listening(({ url = '/' }, response) => {
        const asset = assets.get(url);
        const headers = { ...headersOfTheDocs(url), 'Cache-Control': 'no-cache', 'Content-Type': asset?.type ?? 'text/plain' };
        response.writeHead(asset === undefined ? 404 : 200, headers);
        response.end(asset?.body);
      }),
      assets,
    );
  }

  has(path: string): boolean {
    return this.#assets.has(path);
  }

  asset(path: string): Asset {
    const asset = this.#assets.get(path);
    if (asset === undefined) throw new Error(`There is no ${path}.`);
    return asset;
  }

  /** Has another text at that address from now on. */
  change(path: string, to: (text: string) => string): void {
    const asset = this.asset(path);
    this.#assets.set(path, { ...asset, body: new TextEncoder().encode(to(new TextDecoder().decode(asset.body))) });
  }

  stop(): void {
    close(this.#server);
  }
}

/** Has files, and lets every page read ranges of them, at so many bytes a second each. */
export class CorsSeed {
  /** Bytes of bodies sent. */
  sent = 0;
  /** Answers that are being sent. */
  running = 0;
  rate: number;
  /** When it was first asked since this was 0, as of performance.now(). */
  firstAsked = 0;
  /** Of its one file, or of the folder that holds them. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, path: string, rate: number) {
    this.#server = server;
    this.rate = rate;
    this.url = `http://${namedHost(server)}/${path}`;
  }

  static start(name: string, bytes: Uint8Array, rate: number): Promise<CorsSeed> {
    return CorsSeed.#start(new Map([[`/${name}`, bytes]]), name, rate);
  }

  /** Files of a torrent with several, by their paths from its name on. */
  static startFolder(files: Readonly<Record<string, Uint8Array>>, rate: number): Promise<CorsSeed> {
    return CorsSeed.#start(new Map(Object.entries(files).map(([path, bytes]) => [`/${path}`, bytes])), '', rate);
  }

  static async #start(files: ReadonlyMap<string, Uint8Array>, path: string, rate: number): Promise<CorsSeed> {
    let seed: CorsSeed | null = null;
    const server = await listening((request, response) => {
      const headers = {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'range',
        'access-control-expose-headers': 'content-range, content-length, accept-ranges',
        'accept-ranges': 'bytes',
      };
      if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
      const bytes = files.get(decodeURI(request.url ?? ''));
      if (bytes === undefined) return void response.writeHead(404, headers).end();
      const [, from = '0', to = String(bytes.length - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      const [first, last] = [Number(from), Math.min(Number(to), bytes.length - 1)];
      if (seed) seed.firstAsked ||= performance.now();
      const range = { 'content-range': `bytes ${first}-${last}/${bytes.length}`, 'content-length': last - first + 1 };
      response.writeHead(206, { ...headers, ...range });
      let at = first;
      if (seed) seed.running += 1;
      const timer = setInterval(() => {
        const step = Math.max(1, Math.floor((seed?.rate ?? rate) / 20));
        const part = bytes.subarray(at, Math.min(at + step, last + 1));
        at += part.length;
        if (seed) seed.sent += part.length;
        response.write(part);
        if (at > last) response.end();
      }, 50);
      response.on('close', () => {
        clearInterval(timer);
        if (seed) seed.running -= 1;
      });
    });
    seed = new CorsSeed(server, path, rate);
    return seed;
  }

  stop(): void {
    close(this.#server);
  }
}

/** What a test of the app by itself has. All of it ends with the test, the last first. */
export class Alone {
  readonly dir = mkdtempSync(join(tmpdir(), 'starling-alone-'));
  readonly site: PlainSite;
  readonly #ends: (() => unknown)[] = [];

  private constructor(site: PlainSite) {
    this.site = site;
    this.#ends.push(() => rmSync(this.dir, { recursive: true, force: true }));
    this.also(site);
  }

  static async start(): Promise<Alone> {
    return new Alone(await PlainSite.start());
  }

  /** It ends with the test as well. */
  also<T extends { stop(): unknown }>(part: T): T {
    this.#ends.push(() => part.stop());
    return part;
  }

  async browser(flags: readonly string[] = []): Promise<Browser> {
    return this.also(await Browser.start({ flags }));
  }

  async open(flags: readonly string[] = []): Promise<{ browser: Browser; app: App }> {
    const browser = await this.browser(flags);
    return { browser, app: await App.alone(browser, this.site.origin) };
  }

  /** A torrent file with these bytes, and the id of its torrent. */
  put(name: string, bytes: Uint8Array): { file: string; id: string } {
    const file = join(this.dir, `${name}.torrent`);
    writeFileSync(file, bytes);
    const { info } = codec.decode(bytes) as { info: unknown };
    return { file, id: createHash('sha1').update(codec.encode(info)).digest('hex') };
  }

  /** A torrent that a web seed has and gives at so many bytes a second, its file, and what it is of. */
  async webSeeded(name: string, size: number, rate: number) {
    const payload = makePayload(join(this.dir, 'seed'), name, [{ path: [], size }], { pieceLength: 1 << 18 });
    const bytes = readFileSync(join(payload.dir, name));
    const seed = this.also(await CorsSeed.start(name, bytes, rate));
    return { ...this.put(name, withSeed(payload.bytes, seed.url)), bytes, seed };
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** The same torrent with a web seed there. */
export function withSeed(torrent: Uint8Array, url: string): Uint8Array {
  return codec.encode({ ...(codec.decode(torrent) as object), 'url-list': url });
}
