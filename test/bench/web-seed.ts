/**
 * A file from a web server of this machine into the browser's own files, with no peer and no helper: ours, and a page that fetches the same
 * ranges and writes them to files of their own, no more, in turns. Timed from the first request to the last byte's being written; ours has
 * verified them by then.
 *
 * npm run bench -- web-seed [--size MiB] [--piece KiB] [--rounds N] [--json]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { originOf, PlainSite, withSeed } from '../e2e/alone.ts';
import { namedHost, type Browser } from '../e2e/browser.ts';
import { makePayload } from '../peers/payload.ts';
import { aloneIn, inTurns, planOf, type Side, type Told } from './in-turns.ts';
import { round, type Report } from './report.ts';

const NAME = 'payload.bin';
/** What the bare loop fetches and writes at once, and how many of them at a time. */
const SEGMENT = 4 << 20;
const FLIGHTS = 4;

export async function bench(args: readonly string[]): Promise<Report> {
  const plan = planOf(args, 256);
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-web-'));
  const site = await PlainSite.start();
  const payload = makePayload(dir, NAME, [{ path: [], size: plan.size }], { pieceLength: plan.piece });
  const server = await serve(readFileSync(join(dir, NAME)));
  try {
    const file = join(dir, `${NAME}.torrent`);
    writeFileSync(file, withSeed(payload.bytes, server.url));
    const sides: readonly Side[] = [
      { name: 'ours', browsers: 1, flags: [], run: ([browser]) => ours(browser!, server, site, file, plan.size) },
      { name: 'bare fetch and OPFS', browsers: 1, flags: [], run: ([browser]) => bare(browser!, server, plan.size) },
    ];
    const [own, loop] = (await inTurns(plan, sides)) as [Told, Told];
    return {
      name: 'web-seed',
      unit: 'MB/s',
      ours: own,
      peer: { name: 'bare fetch and OPFS', ...loop },
      ratio: round(own.median / loop.median, 2),
      sizeMiB: plan.size / 2 ** 20,
    };
  } finally {
    server.stop();
    site.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface FileServer {
  /** A page of it may have files of its own. */
  readonly origin: string;
  /** Of the file, as a torrent may name it. */
  readonly url: string;
  /** ms since 1970 of the first request since it was forgotten; 0 for none. */
  firstAsked: number;
  stop(): void;
}

/** Any page may read from it. */
async function serve(bytes: Uint8Array): Promise<FileServer> {
  const server = createServer(({ url, headers }, response) => {
    if (url === '/') return void response.setHeader('content-type', 'text/html').end('<!doctype html>');
    told.firstAsked ||= Date.now();
    const [, first = '0', last = `${bytes.length - 1}`] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const body = bytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(headers.range === undefined ? 200 : 206, {
      'access-control-allow-origin': '*',
      'content-length': body.length,
      ...(headers.range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${bytes.length}` }),
    });
    response.end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const told: FileServer = {
    origin: originOf(server),
    url: `http://${namedHost(server)}/${NAME}`,
    firstAsked: 0,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return told;
}

/** MB a second from the first request, of which there was none before, until it is ended. */
async function rateOf(server: FileServer, size: number, end: () => Promise<number>): Promise<number> {
  server.firstAsked = 0;
  const ended = await end();
  return size / 1e3 / (ended - server.firstAsked);
}

/** It has all when the list says so, which it does within a quarter of a second. */
async function ours(
  browser: Browser,
  server: FileServer,
  site: PlainSite,
  torrent: string,
  size: number,
): Promise<() => Promise<number>> {
  const app = await aloneIn(browser, site);
  await app.dropTorrents([torrent]);
  await app.page.find({ role: 'checkbox' });
  return () =>
    rateOf(server, size, async () => {
      await app.start();
      return app.page.evaluate<number>(`new Promise(resolve => {
        const isDone = () => [...document.querySelectorAll('[role=row]')].some(row => /^${NAME}.*, (Seeding|Done)/.test(row.ariaLabel ?? ''));
        const look = () => (isDone() ? resolve(Date.now()) : setTimeout(look, 20));
        look();
      })`);
    });
}

async function bare(browser: Browser, server: FileServer, size: number): Promise<() => Promise<number>> {
  const page = await browser.open(`${server.origin}/`);
  const loops = `(async () => {
    const folder = await navigator.storage.getDirectory();
    let next = 0;
    const loop = async () => {
      for (let from = next; from < ${size}; from = next) {
        next += ${SEGMENT};
        const to = Math.min(from + ${SEGMENT}, ${size});
        const response = await fetch('/${NAME}', { cache: 'no-store', headers: { range: \`bytes=\${from}-\${to - 1}\` } });
        const bytes = await response.arrayBuffer();
        const file = await folder.getFileHandle(String(from), { create: true });
        const writable = await file.createWritable();
        await writable.write(bytes);
        await writable.close();
      }
    };
    await Promise.all(Array.from({ length: ${FLIGHTS} }, loop));
    return Date.now();
  })()`;
  return () => rateOf(server, size, () => page.evaluate<number>(loops));
}
