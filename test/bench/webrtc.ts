/**
 * From tab to tab over WebRTC, in two browsers of this machine: ours to ours, both without a helper, stock WebTorrent to stock WebTorrent,
 * and a bare data channel, in turns. What is measured is MB a second between the first byte of payload that comes over the
 * channel of the one that fetches, and the last; what it costs, CPU seconds a GB of both browsers with all their processes; and the
 * most that either window of ours held meanwhile, its buffers included.
 *
 * npm run bench -- webrtc [--size MiB] [--piece KiB] [--rounds N] [--json]
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainSite } from '../e2e/alone.ts';
import type { App } from '../e2e/app.ts';
import type { Browser, Page } from '../e2e/browser.ts';
import { WebTorrentPages } from '../e2e/webtorrent.ts';
import { until } from '../peers/wait.ts';
import { WebTracker } from '../peers/web-tracker.ts';
import { bareOnce } from './bare-channel.ts';
import { aloneIn, inTurns, planOf, type Plan, type Side, type Told } from './in-turns.ts';
import { round, type Report } from './report.ts';
import { HeapWatch } from './usage.ts';

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

export async function bench(args: readonly string[]): Promise<Report> {
  const plan = planOf(args, 128);
  const tracker = await WebTracker.start();
  const site = await PlainSite.start();
  const pages = await WebTorrentPages.start();
  const others = await WebTorrentPages.start();
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-webrtc-'));
  try {
    pages.serve('/payload', randomBytes(plan.size));
    const stage: Stage = { tracker, site, pages, others, dir, plan, heaps: [] };
    // Names of mDNS do not reach from one browser to another without a network that carries them.
    const flags = ['--disable-features=WebRtcHideLocalIpsWithMdns', `--ignore-certificate-errors-spki-list=${tracker.spki}`];
    const sides = [ours, stock, bare].map((side): Side => ({ browsers: 2, flags, ...side(stage) }));
    const [own, other, channel] = (await inTurns(plan, sides)) as [Told, Told, Told];
    return {
      name: 'webrtc',
      unit: 'MB/s',
      ours: own,
      peer: { name: 'webtorrent', ...other },
      ratio: round(own.median / other.median, 2),
      bareChannel: channel,
      ofBareChannel: round(own.median / channel.median, 2),
      windowHeapMiB: round(Math.max(...stage.heaps) / 2 ** 20),
      sizeMiB: plan.size / 2 ** 20,
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
  readonly plan: Plan;
  /** Bytes: the most that a window of ours held, of each measurement. */
  readonly heaps: number[];
}

function bare({ plan }: Stage): Pick<Side, 'name' | 'run'> {
  return {
    name: 'bare channel',
    run: async ([from, to]) => {
      const [sender, receiver] = [await from!.open('about:blank'), await to!.open('about:blank')];
      return () => bareOnce(sender, receiver, { bytes: plan.size });
    },
  };
}

function stock({ tracker, pages, others, plan }: Stage): Pick<Side, 'name' | 'run'> {
  return {
    name: 'webtorrent',
    run: async ([from, to]) => {
      const seed = await pages.open(from!);
      const torrent = await seed.seed('/payload', NAME, tracker.url, plan.piece);
      const leech = await others.open(to!);
      await leech.page.evaluate(COUNTING);
      return async () => {
        await leech.add(torrent);
        const rate = await rateOf(leech.page, plan.size);
        await until('WebTorrent to have everything', async () => (await leech.state())?.done === true, TIMEOUT);
        return rate;
      };
    },
  };
}

/** The one that gives has it from a stock seed, which is gone by then. */
function ours({ tracker, pages, site, dir, plan, heaps }: Stage): Pick<Side, 'name' | 'run'> {
  return {
    name: 'ours',
    run: async ([from, to]) => {
      const seed = await pages.open(from!);
      const file = join(dir, `${NAME}.torrent`);
      writeFileSync(file, await seed.seed('/payload', NAME, tracker.url, plan.piece));
      const giver = await alone(from!, site);
      await giver.dropTorrents([file]);
      await giver.start();
      await giver.complete(NAME, TIMEOUT);
      await seed.page.close();
      const taker = await alone(to!, site);
      await taker.page.evaluate(COUNTING);
      await taker.dropTorrents([file]);
      return async () => {
        const watches = [giver, taker].map(({ page }) => new HeapWatch(page));
        await taker.start();
        const rate = await rateOf(taker.page, plan.size);
        await taker.complete(NAME, TIMEOUT);
        for (const watch of watches) heaps.push(await watch.end());
        return rate;
      };
    },
  };
}

async function alone(browser: Browser, site: PlainSite): Promise<App> {
  const app = await aloneIn(browser, site);
  await app.withoutStun();
  return app;
}

/** Until as much as the payload has come. */
async function rateOf(page: Page, size: number): Promise<number> {
  await until('the payload to have come', () => page.evaluate<boolean>(`came.bytes >= ${size}`), TIMEOUT);
  return size / 1e6 / (await page.evaluate<number>('(came.last - came.first) / 1000'));
}
