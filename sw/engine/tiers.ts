/** The trackers of a torrent in tiers (BEP 12), as a person edits them. */
import { fail } from './errors.ts';
import { trackerUrl } from './codec/urls.ts';

/** Of one torrent. */
export const MAX_TRACKERS = 100;

/** The addresses in their one spelling, each where it comes first. Throws `tracker` with words for people where one is none. */
export function readTiers(tiers: readonly (readonly string[])[]): string[][] {
  const seen = new Set<string>();
  const read = tiers.map(tier =>
    tier.flatMap(text => {
      const url = trackerUrl(text) ?? fail('tracker', whyNot(text));
      if (seen.has(url)) return [];
      seen.add(url);
      return [url];
    }),
  );
  if (seen.size > MAX_TRACKERS) fail('tracker', `A torrent can have ${MAX_TRACKERS} trackers. Remove some first.`);
  return read.filter(tier => tier.length > 0);
}

function whyNot(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return `“${shown}” is no address of a tracker. One begins with http://, https://, udp:// or wss:// and names a host.`;
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
