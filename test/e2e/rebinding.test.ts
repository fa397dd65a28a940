/** A page of a name whose owner has pointed it at this machine: it asks the host and the io-daemon for all it can, and gets nothing. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium, type Page } from './browser.ts';
import { World } from './world.ts';

const NAME = 'rebound.example';
/** The browser's own care for local networks is not what is tested. */
const OPEN = 'LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests';
const flags = [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`, `--disable-features=${OPEN}`];

/** The port that a process listens on at loopback. */
function listening(pid: number): number {
  const inodes = readdirSync(`/proc/${pid}/fd`).map(fd => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]);
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n')) {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === '0A' && local.startsWith('0100007F:') && inodes.includes(inode)) return parseInt(local.slice(9), 16);
  }
  throw new Error(`process ${pid} listens nowhere`);
}

/** The browser has the page from elsewhere, as before the name was pointed here. */
async function pageOf(world: World, port: number): Promise<Page> {
  const page = await world.browser.open('about:blank');
  const url = `http://${NAME}:${port}/lure`;
  await page.send('Fetch.enable', { patterns: [{ urlPattern: url }] });
  page.on('Fetch.requestPaused', ({ requestId }) => {
    const responseHeaders = [{ name: 'content-type', value: 'text/html' }];
    void page.send('Fetch.fulfillRequest', { requestId, responseCode: 200, responseHeaders, body: btoa('<title>lure</title>') });
  });
  await page.go(url);
  await expect.poll(() => page.evaluate('location.origin + " " + document.title')).toBe(`http://${NAME}:${port} lure`);
  await page.send('Fetch.disable');
  return page;
}

/** All that there is in an answer: that it is one to nobody else. */
const REFUSED =
  /^(421 basic This is http:\/\/127\.0\.0\.1:\d+\/ and answers to no other name\.\n|403 basic (\{"error":"origin"\})?)$/;

/** What a page learns: a status and a text, or that there was no answer for it. */
const asking = (url: string, options: object = {}) => `fetch(${JSON.stringify(url)}, ${JSON.stringify(options)})
  .then(async response => response.status + ' ' + response.type + ' ' + (await response.text()), () => 'nothing')`;
const opening = (url: string) => `new Promise(resolve => {
  const ws = new WebSocket(${JSON.stringify(url)});
  ws.onopen = () => resolve('open');
  ws.onerror = () => resolve('nothing');
})`;

describe.skipIf(!haveChromium())(`a rebound name${haveChromium() ? '' : ' (needs chromium)'}`, () => {
  let world: World;
  let ports: Record<'host' | 'io-daemon', number>;
  beforeAll(async () => {
    world = await World.make({ flags });
    ports = { host: world.starling.port, 'io-daemon': listening(world.starling.ioPid) };
  });
  afterAll(() => world?.end());

  it('leads its page to the one that it asks: the browser holds nothing back', async () => {
    const page = await pageOf(world, ports.host);
    expect(await page.evaluate(asking('/health'))).toMatch(/^421 basic /);
  });

  it.each(['host', 'io-daemon'] as const)('gets nothing of the %s, as one origin with it', async which => {
    const port = ports[which];
    const page = await pageOf(world, port);
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"secret":"x","installId":"install-0001"}',
    };
    const plain = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: json.body };
    for (const [path, options] of [
      ['/', {}],
      ['/health', {}],
      ['/index.html', {}],
      ['/sw.js', {}],
      ['/stream/1', { headers: { authorization: 'Bearer x' } }],
      ['/pair', json],
      ['/pair', plain],
      ['/local/link', { method: 'POST' }],
    ] as const) {
      expect(await page.evaluate(asking(path, options)), path).toMatch(REFUSED);
    }
    for (const path of ['/io', '/control']) {
      expect(await page.evaluate(opening(`ws://${NAME}:${port}${path}`)), path).toBe('nothing');
    }
  });

  it.each(['host', 'io-daemon'] as const)('gets nothing of the %s by its address, either', async which => {
    const port = ports[which];
    const page = await pageOf(world, ports.host);
    const simple = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}', mode: 'no-cors' };
    for (const path of ['/', '/health', '/stream/1', '/pair', '/io', '/control']) {
      const url = `http://127.0.0.1:${port}${path}`;
      expect(await page.evaluate(asking(url)), path).toBe('nothing');
      // An answer that a page cannot look into, or none.
      expect(await page.evaluate(asking(url, simple)), path).toMatch(/^(nothing|0 opaque )$/);
      expect(await page.evaluate(opening(url.replace('http', 'ws'))), path).toBe('nothing');
    }
    await world.app.page.waitForText('Helper connected');
  });
});
