/**
 * From tab to tab over WebRTC, in two browsers of this machine: ours to ours, both without a helper, stock WebTorrent to stock WebTorrent,
 * and a bare data channel, in turns. What is measured is MB a second between the first byte of payload that comes over the
 * channel of the one that fetches, and the last; and what it costs: CPU seconds a GB of both browsers with all their processes.
 *
 * npm run bench -- webrtc [--size MiB] [--piece KiB] [--rounds N] [--json]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PlainSite } from '../e2e/alone.ts';
import { App } from '../e2e/app.ts';
import { Browser, type Page } from '../e2e/browser.ts';
import { WebTorrentPages } from '../e2e/webtorrent.ts';
import { until } from '../peers/wait.ts';
import { WebTracker } from '../peers/web-tracker.ts';
import { bareOnce } from './bare-channel.ts';
import { median, round, type Report } from './report.ts';
import { treeCpuSeconds } from './usage.ts';

const TIMEOUT = 600_000;
const NAME = 'payload.bin';

/** Counts what comes over the data channels of a page, from the first message that is longer than any but payload. */
const COUNTING = `(() => {
  globalThis.came = { bytes: 0, first: 0, last: 0 };
  const { set } = Object.getOwnPropertyDescriptor(RTCDataChannel.prototype, 'onmessage');
  Object.defineProperty(RTCDataChannel.prototype, 'onmessage', {
    set(handler) {
      set.call(this, event => {
        if (came.first > 0 || event.data.byteLength >= 8192) {
          came.first ||= performance.now();
          came.bytes += event.data.byteLength;
          came.last = performance.now();
        }
        handler.call(this, event);
      });
    },
  });
})()`;

/** Whose tabs: each fetches the payload from the other once. */
interface Side {
  readonly name: string;
  once(): Promise<Sample>;
}

interface Sample {
  /** MB a second. */
  readonly rate: number;
  /** CPU seconds a GB. */
  readonly cpu: number;
}

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '128' },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const size = Number(values.size) << 20;
  const tracker = await WebTracker.start();
  const site = await PlainSite.start();
  const pages = await WebTorrentPages.start();
  const others = await WebTorrentPages.start();
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-webrtc-'));
  try {
    pages.serve('/payload', randomBytes(size));
    const stage: Stage = { tracker, site, pages, others, dir, size, piece: Number(values.piece) << 10 };
    const sides: readonly Side[] = [
      { name: 'ours', once: () => oursOnce(stage) },
      { name: 'webtorrent', once: () => stockOnce(stage) },
      { name: 'bare channel', once: () => bare(stage) },
    ];
    const samples = new Map(sides.map(({ name }) => [name, [] as Sample[]]));
    for (let turn = 0; turn < Number(values.rounds); turn++) {
      for (const { name, once } of sides) {
        const sample = await once();
        samples.get(name)?.push(sample);
        if (!values.json) console.log(`${name}: ${round(sample.rate)} MB/s, ${round(sample.cpu)} CPU seconds a GB`);
      }
    }
    const told = (name: string) => {
      const rates = (samples.get(name) ?? []).map(({ rate }) => round(rate));
      return { median: round(median(rates)), samples: rates };
    };
    const costOf = (name: string) => round(median((samples.get(name) ?? []).map(({ cpu }) => cpu)));
    const [ours, stock, channel] = [told('ours'), told('webtorrent'), told('bare channel')];
    return {
      name: 'webrtc',
      unit: 'MB/s',
      ours,
      peer: { name: 'webtorrent', ...stock },
      ratio: round(ours.median / stock.median, 2),
      bareChannel: channel,
      ofBareChannel: round(ours.median / channel.median, 2),
      cpuSecondsPerGB: Object.fromEntries(sides.map(({ name }) => [name, costOf(name)])),
      sizeMiB: Number(values.size),
    };
  } finally {
    for (const part of [others, pages, site, tracker]) await part.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Stage {
  readonly tracker: WebTracker;
  readonly site: PlainSite;
  readonly pages: WebTorrentPages;
  readonly others: WebTorrentPages;
  readonly dir: string;
  readonly size: number;
  readonly piece: number;
}

/** Two browsers of their own, for one measurement. */
async function inTwo(
  stage: Stage,
  run: (from: Browser, to: Browser, timed: (transfer: () => Promise<number>) => Promise<Sample>) => Promise<Sample>,
): Promise<Sample> {
  // Names of mDNS do not reach from one browser to another without a network that carries them.
  const flags = ['--disable-features=WebRtcHideLocalIpsWithMdns', `--ignore-certificate-errors-spki-list=${stage.tracker.spki}`];
  const browsers = await Promise.all([Browser.start({ flags }), Browser.start({ flags })]);
  try {
    const spent = (): number => browsers.reduce((sum, { pid }) => sum + treeCpuSeconds(pid), 0);
    return await run(browsers[0], browsers[1], async transfer => {
      const before = spent();
      const rate = await transfer();
      return { rate, cpu: ((spent() - before) * 1e9) / stage.size };
    });
  } finally {
    for (const browser of browsers) await browser.stop();
  }
}

function bare(stage: Stage): Promise<Sample> {
  return inTwo(stage, async (from, to, timed) => {
    const [sender, receiver] = [await from.open('about:blank'), await to.open('about:blank')];
    return timed(() => bareOnce(sender, receiver, { bytes: stage.size }));
  });
}

function stockOnce(stage: Stage): Promise<Sample> {
  const { tracker, pages, others, size, piece } = stage;
  return inTwo(stage, async (from, to, timed) => {
    const seed = await pages.open(from);
    const torrent = await seed.seed('/payload', NAME, tracker.url, piece);
    const leech = await others.open(to);
    await leech.page.evaluate(COUNTING);
    return timed(async () => {
      await leech.add(torrent);
      const rate = await rateOf(leech.page, size);
      await until('WebTorrent to have everything', async () => (await leech.state())?.done === true, TIMEOUT);
      return rate;
    });
  });
}

/** The one that gives has it from a stock seed, which is gone by then. */
function oursOnce(stage: Stage): Promise<Sample> {
  const { tracker, pages, site, dir, size, piece } = stage;
  return inTwo(stage, async (from, to, timed) => {
    const seed = await pages.open(from);
    const file = join(dir, `${NAME}.torrent`);
    writeFileSync(file, await seed.seed('/payload', NAME, tracker.url, piece));
    const giver = await alone(from, site);
    await giver.dropTorrents([file]);
    await giver.start();
    await giver.complete(NAME, TIMEOUT);
    await seed.page.close();
    const taker = await alone(to, site);
    await taker.page.evaluate(COUNTING);
    await taker.dropTorrents([file]);
    return timed(async () => {
      await taker.start();
      const rate = await rateOf(taker.page, size);
      await taker.complete(NAME, TIMEOUT);
      return rate;
    });
  });
}

async function alone(browser: Browser, site: PlainSite): Promise<App> {
  const app = await App.alone(browser, site.origin);
  await app.page.send('Page.bringToFront');
  await app.withoutStun();
  return app;
}

/** Until as much as the payload has come. */
async function rateOf(page: Page, size: number): Promise<number> {
  await until('the payload to have come', () => page.evaluate<boolean>(`came.bytes >= ${size}`), TIMEOUT);
  return size / 1e6 / (await page.evaluate<number>('(came.last - came.first) / 1000'));
}
