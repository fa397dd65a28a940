/**
 * A file from a web server of this machine into the browser's own files, with no peer and no helper: ours, and a page that fetches the same
 * ranges and writes them to files of their own, no more, in turns. Timed from the first request to the last byte's being written; ours has
 * verified them by then.
 *
 * npm run bench -- web-seed [--size MiB] [--piece KiB] [--rounds N] [--json]
 */
import codec from 'bencode';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { originOf, PlainSite } from '../e2e/alone.ts';
import { App } from '../e2e/app.ts';
import { Browser, namedHost } from '../e2e/browser.ts';
import { makePayload } from '../peers/payload.ts';
import { median, round, type Report } from './report.ts';
import { treeCpuSeconds } from './usage.ts';

const NAME = 'payload.bin';
/** What the bare loop fetches and writes at once, and how many of them at a time. */
const SEGMENT = 4 << 20;
const FLIGHTS = 4;

interface Sample {
  /** MB a second. */
  readonly rate: number;
  /** CPU seconds a GB of the browser with all its processes. */
  readonly cpu: number;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '256' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-web-'));
  const site = await PlainSite.start();
  const pieceLength = Number(values.piece) << 10;
  const payload = makePayload(dir, NAME, [{ path: [], size: Number(values.size) << 20 }], { pieceLength });
  const server = await serve(readFileSync(join(dir, NAME)));
  try {
    const file = join(dir, `${NAME}.torrent`);
    writeFileSync(file, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': server.url }));
    const rounds = { ours: [] as Sample[], bare: [] as Sample[] };
    for (let turn = 0; turn < Number(values.rounds); turn++) {
      const turns = { ours: ours(site, file), bare: bare(server, payload.size) };
      for (const side of ['ours', 'bare'] as const) {
        const sample = await inOne(payload.size, server, turns[side]);
        rounds[side].push(sample);
        if (!values.json) console.log(`${side}: ${round(sample.rate)} MB/s, ${round(sample.cpu)} CPU seconds a GB`);
      }
    }
    const told = (samples: readonly Sample[]) => ({
      median: round(median(samples.map(({ rate }) => rate))),
      samples: samples.map(({ rate }) => round(rate)),
    });
    const costOf = (samples: readonly Sample[]): number => round(median(samples.map(({ cpu }) => cpu)));
    const [own, loop] = [told(rounds.ours), told(rounds.bare)];
    return {
      name: 'web-seed',
      unit: 'MB/s',
      ours: own,
      peer: { name: 'bare fetch and OPFS', ...loop },
      ratio: round(own.median / loop.median, 2),
      cpuSecondsPerGB: { ours: costOf(rounds.ours), bare: costOf(rounds.bare) },
      sizeMiB: Number(values.size),
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

/** What is done before it is timed; then what is timed, which gives when it had all, ms since 1970. */
type Run = (browser: Browser) => Promise<() => Promise<number>>;

/** A browser of its own, for one measurement. */
async function inOne(size: number, server: FileServer, run: Run): Promise<Sample> {
  const browser = await Browser.start();
  try {
    const go = await run(browser);
    const before = treeCpuSeconds(browser.pid);
    server.firstAsked = 0;
    const end = await go();
    const cpu = ((treeCpuSeconds(browser.pid) - before) * 1e9) / size;
    return { rate: size / 1e3 / (end - server.firstAsked), cpu };
  } finally {
    await browser.stop();
  }
}

/** It has all when the list says so, which it does within a quarter of a second. */
function ours(site: PlainSite, torrent: string): Run {
  return async browser => {
    const app = await App.alone(browser, site.origin);
    await app.page.send('Page.bringToFront');
    await app.dropTorrents([torrent]);
    await app.page.find({ role: 'checkbox' });
    return async () => {
      await app.start();
      return app.page.evaluate<number>(`new Promise(resolve => {
        const isDone = () => [...document.querySelectorAll('[role=row]')].some(row => /^${NAME}.*, (Seeding|Done)/.test(row.ariaLabel ?? ''));
        const look = () => (isDone() ? resolve(Date.now()) : setTimeout(look, 20));
        look();
      })`);
    };
  };
}

function bare(server: FileServer, size: number): Run {
  return async browser => {
    const page = await browser.open(`${server.origin}/`);
    return () =>
      page.evaluate<number>(`(async () => {
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
      })()`);
  };
}
