/**
 * A film from a web server of 20 MB/s: played and sought in by ours, in the browser alone, while the torrent has just begun, and by a page
 * with a plain `<video>` on that server, in turns. Timed in the page: from the press on Play, or from the address's being given, until
 * it plays; and from the jump to four fifths of it until that picture is there.
 *
 * npm run bench -- playback [--seconds N] [--rate MB/s] [--rounds N] [--json]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import codec from 'bencode';
import { PlainSite } from '../e2e/alone.ts';
import { App } from '../e2e/app.ts';
import { Browser, namedHost, type Page } from '../e2e/browser.ts';
import { makeFilm } from '../e2e/film.ts';
import { payloadOf } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import { median, round, type Report } from './report.ts';

const PIECE = 256 << 10;
/** Ms between two parts of an answer. */
const TICK = 20;
const SEEK_TO = 0.8;

/** Ms. */
interface Sample {
  readonly start: number;
  readonly seek: number;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '900' },
      rate: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-play-'));
  const film = makeFilm(join(dir, 'film.mp4'), Number(values.seconds));
  const payload = payloadOf(dir, 'Film', PIECE, { 'film.mp4': film });
  const [site, server] = [await PlainSite.start(), await serve(film, Number(values.rate) * 1e6)];
  const torrent = join(dir, 'film.torrent');
  writeFileSync(torrent, codec.encode({ ...(codec.decode(payload.bytes) as object), 'url-list': `${server.url}/` }));
  try {
    const samples = { ours: [] as Sample[], plain: [] as Sample[] };
    for (let turn = 0; turn < Number(values.rounds); turn++) {
      for (const side of ['ours', 'plain'] as const) {
        const sample = await inOne(page =>
          side === 'ours' ? ours(page, site, torrent, payload.infoHash) : plain(page, server.url),
        );
        samples[side].push(sample);
        if (!values.json)
          console.log(`${side}: plays after ${round(sample.start, 0)} ms, after a seek ${round(sample.seek, 0)} ms`);
      }
    }
    const told = (all: readonly Sample[], what: keyof Sample) => ({
      median: round(median(all.map(sample => sample[what])), 0),
      samples: all.map(sample => round(sample[what], 0)),
    });
    const [own, peer] = [told(samples.ours, 'start'), told(samples.plain, 'start')];
    return {
      name: 'playback',
      unit: 'ms',
      ours: own,
      peer: { name: 'a plain <video>', ...peer },
      ratio: round(peer.median / own.median, 2),
      seek: { ours: told(samples.ours, 'seek'), peer: told(samples.plain, 'seek') },
      sizeMB: round(film.length / 1e6, 0),
    };
  } finally {
    server.stop();
    site.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One film, to any page, by ranges, at so many bytes a second for all requests together. */
async function serve(film: Uint8Array, rate: number): Promise<{ readonly url: string; stop(): void }> {
  const flights = new Set<() => void>();
  let budget = 0;
  const server = createServer(({ url = '', method, headers: { range = '' } }, response) => {
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'range', 'accept-ranges': 'bytes' };
    if (method === 'OPTIONS') return void response.writeHead(204, cors).end();
    if (!url.endsWith('.mp4'))
      return void response.setHeader('content-type', 'text/html').end('<!doctype html><video muted></video>');
    const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
    let at = Number(first);
    const end = last === '' ? film.length : Math.min(film.length, Number(last) + 1);
    response.writeHead(range === '' ? 200 : 206, {
      ...cors,
      'content-type': 'video/mp4',
      'content-length': end - at,
      ...(range === '' ? {} : { 'content-range': `bytes ${at}-${end - 1}/${film.length}` }),
    });
    const send = (): void => {
      if (response.writableLength > 1 << 20) return;
      const part = film.subarray(at, Math.min(end, at + Math.ceil(budget / flights.size)));
      at += part.length;
      response.write(part);
      if (at < end) return;
      response.end();
      flights.delete(send);
    };
    flights.add(send);
    response.on('close', () => flights.delete(send));
  });
  const timer = setInterval(() => {
    budget = (rate * TICK) / 1000;
    for (const send of flights) send();
  }, TICK);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://${namedHost(server)}`,
    stop() {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A browser of its own, for one measurement. */
async function inOne(run: (browser: Browser) => Promise<Sample>): Promise<Sample> {
  const browser = await Browser.start();
  try {
    return await run(browser);
  } finally {
    await browser.stop();
  }
}

async function ours(browser: Browser, site: PlainSite, torrent: string, id: string): Promise<Sample> {
  const app = await App.alone(browser, site.origin);
  const { page } = app;
  await page.send('Page.bringToFront');
  await app.dropTorrents([torrent]);
  // The files are known now, and nothing of them is there.
  await app.start();
  await app.select('Film');
  await page.click({ role: 'button', name: 'Show details' });
  await page.click({ role: 'tab', name: /^Files/ });
  await page.find({ role: 'link', name: 'Play film.mp4' });
  await page.evaluate(`void (globalThis.plays = new Promise(resolve => {
    addEventListener('click', ({ timeStamp }) => {
      addEventListener('playing', () => resolve(performance.now() - timeStamp), { capture: true, once: true });
    }, { capture: true, once: true });
  }))`);
  await page.click({ role: 'link', name: 'Play film.mp4' });
  return sampled(page, `/~there/${id}/0`);
}

async function plain(browser: Browser, url: string): Promise<Sample> {
  const page = await browser.open(`${url}/page`);
  await until('the page', () => page.evaluate<boolean>("document.querySelector('video') !== null"));
  await page.evaluate(`void (globalThis.plays = new Promise(resolve => {
    const video = document.querySelector('video');
    const begin = performance.now();
    video.onplaying = () => resolve(performance.now() - begin);
    video.src = '/film.mp4';
    void video.play();
  }))`);
  return sampled(page);
}

/** Waits until it plays, then jumps to where nothing is yet, by what is told at `there`; the browser alone knows that of a plain film. */
async function sampled(page: Page, there = ''): Promise<Sample> {
  const start = await page.evaluate<number>('globalThis.plays');
  await until('a second of it', () => page.evaluate<boolean>("(document.querySelector('video')?.currentTime ?? 0) > 1"));
  if (there !== '') {
    const share = await page.evaluate<number>(
      `fetch('${there}').then(it => it.json()).then(all => all[Math.floor(all.length * ${SEEK_TO})])`,
    );
    if (share > 0) throw new Error('The place to jump to was there already: the film is too short for that rate.');
  }
  const seek = await page.evaluate<number>(`new Promise(resolve => {
    const video = document.querySelector('video');
    const begin = performance.now();
    video.onseeked = () => resolve(performance.now() - begin);
    video.currentTime = video.duration * ${SEEK_TO};
  })`);
  return { start, seek };
}
