/**
 * The interface in Chromium, as it is built. At scale, on the mock's 10,000 torrents of which 300 change: frames and long tasks of a scroll
 * over all of them, and how long a filter, a search, a sort, the details and a tree of 50,000 files take until they are on the screen. From
 * nothing, on the app as a website serves it: its JavaScript, how soon its list is shown cold, again and offline, and how much it shifts. And
 * what axe-core finds on each screen. The peer is a page of plain text that is scrolled as far in the same browser: what the machine gives.
 *
 * npm run bench -- ui [--rounds N] [--seconds N] [--json]
 */
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { median, round, type Report } from './report.ts';
import { countViolations } from './ui-axe.ts';
import { loadApp } from './ui-load.ts';
import { drive, MockSite, plainScroll, scrollList, type Scroll } from './ui-scale.ts';

/** As long as it takes to tell what the machine gives. */
const PLAIN_SECONDS = 3;
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/lib/chromium/chromium';

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  const say = (what: string, told: unknown): void => {
    if (!values.json) console.log(`${what}: ${JSON.stringify(told)}`);
  };
  const site = await MockSite.start();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const ours: Scroll[] = [];
    const plain: Scroll[] = [];
    for (let turn = 0; turn < rounds; turn++) {
      ours.push(await scrollList(browser, site, seconds));
      say('the list', ours.at(-1));
      plain.push(await plainScroll(browser, Math.min(seconds, PLAIN_SECONDS)));
      say('plain text', plain.at(-1));
    }
    const driven = await drive(browser, site, rounds);
    say('until it is on the screen, ms', driven);
    const load = await loadApp(browser, rounds);
    say('the app from nothing', load);
    const violations = await countViolations(browser, site);
    say('axe', violations);
    const told = (samples: readonly Scroll[]) => {
      const rates = samples.map(({ fps }) => round(fps));
      return { median: median(rates), samples: rates };
    };
    const [fps, peer] = [told(ours), told(plain)];
    return {
      name: 'ui',
      unit: 'frames a second',
      ours: fps,
      peer: { name: 'a page of plain text', ...peer },
      ratio: round(fps.median / peer.median, 3),
      fps: fps.median,
      // Of the worst scroll: each is allowed its first.
      longTasks: Math.max(...ours.map(({ longTasks }) => longTasks)),
      longestTaskMs: Math.max(...ours.map(({ longestMs }) => longestMs)),
      ...driven,
      ...load,
      axeViolations: violations.length,
      violations,
    };
  } finally {
    await browser.close();
    await site.stop();
  }
}
