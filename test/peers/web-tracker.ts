/** A real WebSocket tracker, over TLS: bittorrent-tracker behind a certificate made for it. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Server from 'bittorrent-tracker/server';
import type { WebSocket } from 'ws';

export const haveOpenssl = (): boolean => existsSync('/usr/bin/openssl');

export class WebTracker {
  readonly url: string;
  /** The SHA-256 of its public key in base64, by which Chromium can be told to trust it alone. */
  readonly spki: string;
  /** What clients said, parsed. */
  readonly heard: Record<string, unknown>[] = [];
  readonly #server: Server;
  readonly #http: HttpsServer;
  readonly #clients = new Set<WebSocket>();

  private constructor(http: HttpsServer, server: Server, port: number, spki: string) {
    this.spki = spki;
    this.#http = http;
    this.#server = server;
    this.url = `wss://127.0.0.1:${port}/`;
  }

  static async start(): Promise<WebTracker> {
    const dir = mkdtempSync(join(tmpdir(), 'starling-web-tracker-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', [...args, '-subj', '/CN=127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const http = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    const publicKey = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' });
    rmSync(dir, { recursive: true });
    const server = new Server({ http: false, udp: false, stats: false, ws: { noServer: true } });
    // What a client does wrong is told as a warning.
    server.on('warning', () => undefined);
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
    const tracker = new WebTracker(
      http,
      server,
      (http.address() as AddressInfo).port,
      createHash('sha256').update(publicKey).digest('base64'),
    );
    http.on('upgrade', (request, socket, head) => {
      server.ws.handleUpgrade(request, socket, head, client => {
        tracker.#clients.add(client);
        client.on('close', () => tracker.#clients.delete(client));
        client.on('message', data => {
          tracker.heard.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
        });
        server.ws.emit('connection', client, request);
      });
    });
    return tracker;
  }

  /** How many it knows of a torrent. */
  counts(infoHash: string): { complete: number; incomplete: number } {
    const { complete = 0, incomplete = 0 } = this.#server.torrents[infoHash] ?? {};
    return { complete, incomplete };
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.terminate();
    await new Promise(resolve => this.#http.close(resolve));
  }
}
