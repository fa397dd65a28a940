/** Ways to the same end, each in browsers of its own, measured in turns: how fast, and what it costs. */
import { parseArgs } from 'node:util';
import type { PlainSite } from '../e2e/alone.ts';
import { App } from '../e2e/app.ts';
import { Browser } from '../e2e/browser.ts';
import { median, round } from './report.ts';
import { treeCpuSeconds } from './usage.ts';

/** What all of them take from the command line. */
export interface Plan {
  /** Bytes of what is moved, and of a piece of it. */
  readonly size: number;
  readonly piece: number;
  readonly rounds: number;
  readonly isQuiet: boolean;
}

export interface Sample {
  /** MB a second. */
  readonly rate: number;
  /** CPU seconds a GB of all browsers with their processes. */
  readonly cpu: number;
}

export interface Side {
  readonly name: string;
  /** How many browsers, and their flags. */
  readonly browsers: number;
  readonly flags: readonly string[];
  /** Prepares, and gives what is to be measured: that gives the MB a second. */
  run(browsers: readonly Browser[]): Promise<() => Promise<number>>;
}

/** Medians, and every sample. */
export interface Told {
  readonly median: number;
  readonly samples: readonly number[];
  readonly cpuSecondsPerGB: number;
}

/** `--size MiB`, `--piece KiB`, `--rounds N`, `--json`. */
export function planOf(args: readonly string[], mebibytes: number): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: String(mebibytes) },
      piece: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    size: Number(values.size) << 20,
    piece: Number(values.piece) << 10,
    rounds: Number(values.rounds),
    isQuiet: values.json,
  };
}

/** A B A B: what is told of each side, in their order. */
export async function inTurns(plan: Plan, sides: readonly Side[]): Promise<Told[]> {
  const samples: Sample[][] = sides.map(() => []);
  for (let turn = 0; turn < plan.rounds; turn++) {
    for (const [at, side] of sides.entries()) {
      const sample = await once(plan, side);
      samples[at]?.push(sample);
      if (!plan.isQuiet) console.log(`${side.name}: ${round(sample.rate)} MB/s, ${round(sample.cpu)} CPU seconds a GB`);
    }
  }
  return samples.map(each => {
    const rates = each.map(({ rate }) => round(rate));
    return { median: round(median(rates)), samples: rates, cpuSecondsPerGB: round(median(each.map(({ cpu }) => cpu))) };
  });
}

async function once({ size }: Plan, side: Side): Promise<Sample> {
  const browsers = await Promise.all(Array.from({ length: side.browsers }, () => Browser.start({ flags: side.flags })));
  const spent = (): number => browsers.reduce((sum, { pid }) => sum + treeCpuSeconds(pid), 0);
  try {
    const go = await side.run(browsers);
    const before = spent();
    const rate = await go();
    return { rate, cpu: ((spent() - before) * 1e9) / size };
  } finally {
    for (const browser of browsers) await browser.stop();
  }
}

/** The app in the window that is looked at. */
export async function aloneIn(browser: Browser, site: PlainSite): Promise<App> {
  const app = await App.alone(browser, site.origin);
  await app.page.send('Page.bringToFront');
  return app;
}
