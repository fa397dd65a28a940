/** The trackers of a torrent in tiers (BEP 12), as a person edits them. */
import { refuse } from './errors.ts';
import { trackerUrl } from './codec/urls.ts';

/** Of one torrent. */
export const MAX_TRACKERS = 100;

/** The addresses in their one spelling, each where it comes first. @throws {Refusal} where one is none, or they are too many */
export function readTiers(tiers: readonly (readonly string[])[]): string[][] {
  const seen = new Set<string>();
  const read = tiers.map(tier =>
    tier.flatMap(text => {
      const url = trackerUrl(text) ?? refuse('tracker', { address: short(text) });
      if (seen.has(url)) return [];
      seen.add(url);
      return [url];
    }),
  );
  if (seen.size > MAX_TRACKERS) refuse('too-many-trackers', { most: MAX_TRACKERS });
  return read.filter(tier => tier.length > 0);
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** In an order by chance (Fisher and Yates); `random` is from 0 to below 1. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
