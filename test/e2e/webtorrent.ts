/** Stock WebTorrent in a page of the same browser: its own bundle, served from a page of its own. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from './browser.ts';

const bundle = fileURLToPath(new URL('../../node_modules/webtorrent/dist/webtorrent.min.js', import.meta.url));

/** Bytes as base64 that the page makes from them, and back; there is no other way in for them. */
const page = `<!doctype html><title>WebTorrent</title><script type="module">
  import WebTorrent from '/webtorrent.min.js';
  const client = new WebTorrent({ dht: false, lsd: false, utPex: false, webSeeds: false, tracker: { rtcConfig: { iceServers: [] } } });
  client.on('error', error => console.error(error));
  const bytesOf = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));
  const hashOf = async bytes => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  const state = torrent => ({ progress: torrent.progress, peers: torrent.numPeers, done: torrent.done });
  window.peer = {
    /** Seeds the file that its URL serves. */
    async seed(url, name, announce, pieceLength) {
      const blob = await (await fetch(url)).blob();
      const torrent = await new Promise(resolve => client.seed(new File([blob], name), { announce: [announce], pieceLength, private: false }, resolve));
      let text = '';
      for (const byte of torrent.torrentFile) text += String.fromCharCode(byte);
      return btoa(text);
    },
    add(torrentFile) {
      client.add(bytesOf(torrentFile));
    },
    addMagnet(magnet) {
      client.add(magnet);
    },
    state: () => client.torrents.map(state)[0] ?? null,
    uploaded: () => client.torrents[0]?.uploaded ?? 0,
    async hashes() {
      const all = {};
      for (const file of client.torrents[0].files) all[file.name] = await hashOf(await (await file.blob()).arrayBuffer());
      return all;
    },
    async hash() {
      const blob = await client.torrents[0].files[0].blob();
      return hashOf(await blob.arrayBuffer());
    },
  };
</script>`;

export class WebTorrentPages {
  readonly #server: Server;
  readonly #files = new Map<string, Uint8Array>();

  private constructor() {
    this.#server = createServer(({ url = '/' }, response) => {
      const file = this.#files.get(url);
      if (file) response.end(file);
      else if (url === '/webtorrent.min.js') response.setHeader('content-type', 'text/javascript').end(readFileSync(bundle));
      else if (url === '/') response.setHeader('content-type', 'text/html').end(page);
      else response.writeHead(404).end();
    });
  }

  static async start(): Promise<WebTorrentPages> {
    const pages = new WebTorrentPages();
    await new Promise<void>(resolve => pages.#server.listen(0, '127.0.0.1', resolve));
    return pages;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async open(browser: Browser): Promise<WebTorrentPage> {
    const page = await browser.open(`${this.origin}/`);
    while (!(await page.evaluate<boolean>('typeof window.peer === "object"').catch(() => false))) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    return new WebTorrentPage(page);
  }

  serve(path: string, bytes: Uint8Array): void {
    this.#files.set(path, bytes);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

export class WebTorrentPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Gives the torrent that it made of the file served at `path`. */
  async seed(path: string, name: string, announce: string, pieceLength: number): Promise<Uint8Array> {
    const args = [path, name, announce, pieceLength].map(each => JSON.stringify(each)).join(', ');
    return Buffer.from(await this.page.evaluate<string>(`window.peer.seed(${args})`), 'base64');
  }

  async add(torrent: Uint8Array): Promise<void> {
    await this.page.evaluate(`window.peer.add(${JSON.stringify(Buffer.from(torrent).toString('base64'))})`);
  }

  async addMagnet(magnet: string): Promise<void> {
    await this.page.evaluate(`window.peer.addMagnet(${JSON.stringify(magnet)})`);
  }

  state(): Promise<{ progress: number; peers: number; done: boolean } | null> {
    return this.page.evaluate('window.peer.state()');
  }

  uploaded(): Promise<number> {
    return this.page.evaluate('window.peer.uploaded()');
  }

  /** SHA-256 of its files by their names, in hex. */
  hashes(): Promise<Record<string, string>> {
    return this.page.evaluate('window.peer.hashes()');
  }

  /** SHA-256 of what it has, in hex. */
  hash(): Promise<string> {
    return this.page.evaluate('window.peer.hash()');
  }
}
