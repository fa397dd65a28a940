/** The apps that are paired with the helper: asked for while somebody looks at them. */
import { PAIRED_PATH, type PairedApp } from '../sw/api.ts';
import { formatMoment, isolated } from './format.ts';
import { words } from './words/words.ts';

/** Null where the worker does not answer. */
export async function readPairedApps(): Promise<readonly PairedApp[] | null> {
  try {
    const response = await fetch(PAIRED_PATH, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as readonly PairedApp[]) : null;
  } catch {
    return null;
  }
}

/** Where from, since when, and when it came last. */
export function describeApp({ origin, pairedAt, usedAt, isThis }: PairedApp, now: number): string {
  return words.pairedApps.about({
    use: isThis ? 'here' : usedAt === 0 ? 'never' : 'before',
    origin: isolated(origin),
    since: formatMoment(pairedAt, now),
    // When it came is told to the hour, rounded down; to be paired is to come as well.
    last: formatMoment(Math.max(usedAt, pairedAt), now),
  });
}
