/** The built app as a website serves it: over https, from an origin of its own, with the headers that docs/WEBSITE.md asks for. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Asset, loadAssets } from '../../daemon/host/http/assets.ts';

const top = join(import.meta.dirname, '../..');
const NAME = 'app.example';
export const NEXT_PATH = '/~next';

/** The headers that the page on websites names, for that path. */
export function headersOfTheDocs(path = '/'): Readonly<Record<string, string>> {
  const block = /```\n(Content-Security-Policy: .*?)```/s.exec(readFileSync(join(top, 'docs/WEBSITE.md'), 'utf8'))?.[1] ?? '';
  const headers = Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map(line => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
  );
  const policy = headers['Content-Security-Policy'] ?? '';
  if (path === '/quick.html')
    return {
      ...headers,
      'Content-Security-Policy': policy.replace('http://127.0.0.1:* ws://127.0.0.1:* wss:', 'http: https: wss:'),
    };
  return path === '/sw.js'
    ? { ...headers, 'Content-Security-Policy': policy.replace('http://127.0.0.1:*', 'http: https:') }
    : headers;
}

export class Website {
  readonly origin: string;
  /** What a browser needs to find it and to believe it, and to take it for a site of the outside. */
  readonly flags: readonly string[];
  readonly #server: Server;
  readonly #assets: Map<string, Asset>;

  private constructor(server: Server, assets: Map<string, Asset>, spki: string) {
    this.#server = server;
    this.#assets = assets;
    const { port } = server.address() as AddressInfo;
    this.origin = `https://${NAME}:${port}`;
    this.flags = [
      `--host-resolver-rules=MAP ${NAME} 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${spki}`,
      `--ip-address-space-overrides=127.0.0.1:${port}=public`,
      '--enable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
    ];
  }

  static async start(): Promise<Website> {
    const dir = mkdtempSync(join(tmpdir(), 'starling-website-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const names = ['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`];
    execFileSync('openssl', [...args, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const assets = new Map(loadAssets(join(top, 'dist/web')));
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      const asset = assets.get(request.url ?? '');
      const headers = headersOfTheDocs(request.url);
      const cache = { 'Cache-Control': asset?.isImmutable === true ? 'public, max-age=31536000, immutable' : 'no-cache' };
      response.writeHead(asset === undefined ? 404 : 200, { ...headers, ...cache, 'Content-Type': asset?.type ?? 'text/plain' });
      response.end(asset?.body);
    });
    const publicKey = new X509Certificate(readFileSync(cert)).publicKey.export({ type: 'spki', format: 'der' });
    rmSync(dir, { recursive: true });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new Website(server, assets, createHash('sha256').update(publicKey).digest('base64'));
  }

  /** Publishes another version of the app, whose worker answers at {@link NEXT_PATH}. */
  publishNext(): void {
    const worker = this.#assets.get('/sw.js');
    if (worker === undefined) throw new Error('the app has no worker');
    const answer = `\nself.addEventListener('fetch', event => {
      if (event.request.url.endsWith('${NEXT_PATH}')) event.respondWith(new Response('next'));
    });`;
    this.#assets.set('/sw.js', { ...worker, body: Uint8Array.from(Buffer.concat([worker.body, Buffer.from(answer)])) });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }
}
