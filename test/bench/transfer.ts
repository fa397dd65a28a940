/** What the benches of whole downloads and uploads have in common: rounds in turns, and what is told of them. */
import { resolve } from 'node:path';
import type { Starling } from '../e2e/starling.ts';
import type { Engine } from './engines.ts';
import { median, round, type Report } from './report.ts';
import { cpuSeconds } from './usage.ts';

/** A transfer that takes longer has failed. */
export const MAX_SECONDS = 600;
/** ms. */
export const SETTLE = 2000;
const profiler = new URL('profile.mjs', import.meta.url).href;

export interface Sample {
  readonly megabytesPerSecond: number;
  /** CPU seconds a GB, by part. */
  readonly cpu: Readonly<Record<string, number>>;
}

export interface OurSample extends Sample {
  /** Bytes over `/io`, both ways, as a part of the payload. */
  readonly ioShare: number;
  /** TCP segments with data over `/io`, both ways, a GB: each wakes someone. */
  readonly ioSegmentsPerGB: number;
}

/** What a Starling is started with to put its CPU profiles into that folder. */
export function profiledInto(folder: string | undefined): { readonly env?: Readonly<Record<string, string>> } {
  if (folder === undefined) return {};
  return { env: { NODE_OPTIONS: `--import ${profiler}`, STARLING_PROFILE: resolve(folder) } };
}

/** CPU seconds so far, by part. */
export function spentBy({ ioPid, hostPid }: Starling, engine: Engine): Record<string, number> {
  return { daemon: cpuSeconds([ioPid]), host: cpuSeconds([hostPid]), [engine.name]: engine.cpuSeconds() };
}

/** Between two of these, a GB. */
export function costBetween(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  gigabytes: number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([part, now]) => [part, (now - (before[part] ?? 0)) / gigabytes]));
}

/** Ours and the other side, one after the other, so often; `say` hears of each. */
export async function inTurns<Ours extends OurSample>(
  rounds: number,
  [ours, other]: readonly [(round: number) => Promise<Ours>, (round: number) => Promise<Sample>],
  against: string,
  say: (line: string) => void,
): Promise<{ readonly ours: readonly Ours[]; readonly theirs: readonly Sample[] }> {
  const samples = { ours: [] as Ours[], theirs: [] as Sample[] };
  for (let i = 1; i <= rounds; i++) {
    const mine = await ours(i);
    samples.ours.push(mine);
    say(`round ${i}: ours       ${describe(mine)}, ${(mine.ioShare * 100).toFixed(2)} % over /io`);
    const theirs = await other(i);
    samples.theirs.push(theirs);
    say(`round ${i}: ${against} ${describe(theirs)}`);
  }
  return samples;
}

/** What is told of any of them. */
export function compared(name: string, against: string, ours: readonly OurSample[], theirs: readonly Sample[]): Report {
  const rates = (samples: readonly Sample[]): number[] => samples.map(sample => round(sample.megabytesPerSecond));
  const [mine, other] = [rates(ours), rates(theirs)];
  return {
    name,
    unit: 'MB/s',
    ours: { median: median(mine), samples: mine },
    peer: { name: against, median: median(other), samples: other },
    ratio: round(median(mine) / median(other), 3),
    ioPercentOfPayload: round(100 * Math.max(...ours.map(({ ioShare }) => ioShare)), 3),
    ioSegmentsPerGB: round(median(ours.map(({ ioSegmentsPerGB }) => ioSegmentsPerGB)), 0),
  };
}

/** CPU seconds a GB, by part: the medians. */
export function costsOf(samples: readonly Sample[]): Readonly<Record<string, number>> {
  const parts = Object.keys(samples[0]?.cpu ?? {});
  return Object.fromEntries(parts.map(part => [part, round(median(samples.map(({ cpu }) => cpu[part] ?? NaN)), 2)]));
}

function describe({ megabytesPerSecond, cpu }: Sample): string {
  const costs = Object.entries(cpu).map(([name, seconds]) => `${name} ${seconds.toFixed(2)}`);
  return `${megabytesPerSecond.toFixed(0).padStart(4)} MB/s, CPU s/GB: ${costs.join(', ')}`;
}
