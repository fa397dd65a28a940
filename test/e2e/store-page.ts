/** A page with the store of the browser in its service worker (store-worker.ts), in Chromium itself. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { Browser, type Page } from './browser.ts';
import type { StoreCalls } from './store-worker.ts';

const CONNECT = `(async () => {
  await navigator.serviceWorker.register('/worker.js');
  await navigator.serviceWorker.ready;
  while (!navigator.serviceWorker.controller) await new Promise(resolve => setTimeout(resolve, 20));
})()`;

export class StorePage {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
    private browser: Browser,
    private page: Page,
  ) {}

  static async open(): Promise<StorePage> {
    const worker = await bundle(fileURLToPath(new URL('store-worker.ts', import.meta.url)));
    const server = createServer((request, response) => {
      const isWorker = request.url === '/worker.js';
      response.setHeader('Content-Type', isWorker ? 'text/javascript' : 'text/html');
      response.end(isWorker ? worker : '<!doctype html><title>Store</title>');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const browser = await Browser.start();
    const page = await browser.open(origin);
    await page.evaluate(CONNECT);
    return new StorePage(server, origin, browser, page);
  }

  /** Asks the worker, which is started where it does not run. */
  async call<Name extends keyof StoreCalls>(
    call: Name,
    ...args: Parameters<StoreCalls[Name]>
  ): Promise<Awaited<ReturnType<StoreCalls[Name]>>> {
    const { value, error } = await this.page.evaluate<{ value: never; error?: string }>(`new Promise(resolve => {
      const channel = new MessageChannel();
      channel.port1.onmessage = ({ data }) => resolve(data);
      navigator.serviceWorker.controller.postMessage(${JSON.stringify({ call, args })}, [channel.port2]);
    })`);
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** Asks the worker and waits for nothing. */
  async begin<Name extends keyof StoreCalls>(call: Name, ...args: Parameters<StoreCalls[Name]>): Promise<void> {
    await this.page.evaluate(`void navigator.serviceWorker.controller.postMessage(${JSON.stringify({ call, args })})`);
  }

  async stopWorker(): Promise<void> {
    await this.page.send('ServiceWorker.stopAllWorkers');
  }

  /** Bytes that this site may have; null for what the browser thinks right. */
  async quota(bytes: number | null): Promise<void> {
    await this.page.send('Storage.overrideQuotaForOrigin', {
      origin: this.origin,
      ...(bytes === null ? {} : { quotaSize: bytes }),
    });
  }

  /** Takes the databases of this site away, as a person does who clears what it has stored. */
  async clearDatabases(): Promise<void> {
    await this.page.send('Storage.clearDataForOrigin', { origin: this.origin, storageTypes: 'indexeddb' });
  }

  /** Kills the whole browser, and starts it again with the same profile. */
  async killBrowser(): Promise<void> {
    this.browser = await this.browser.startAgain();
    this.page = await this.browser.open(this.origin);
    await this.page.evaluate(CONNECT);
  }

  async close(): Promise<void> {
    await this.browser.stop();
    await new Promise(resolve => this.server.close(resolve));
  }
}

async function bundle(entry: string): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, target: 'es2023', lib: { entry, formats: ['iife'], name: 'worker' } },
  })) as Rolldown.RolldownOutput[];
  const [chunk] = built[0]?.output ?? [];
  if (!chunk) throw new Error('no worker was built');
  return chunk.code;
}
