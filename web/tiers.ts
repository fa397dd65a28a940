import type { TorrentDetail } from '../sw/view-model.ts';

/** The trackers of a torrent by tiers; `change` gives another address for one, or null to leave it out. */
export function tiersOf(
  { trackers }: Pick<TorrentDetail, 'trackers'>,
  change: (url: string) => string | null = url => url,
): string[][] {
  const tiers = new Map<number, string[]>();
  for (const { url, tier } of trackers) {
    const changed = change(url);
    if (changed !== null) tiers.set(tier, [...(tiers.get(tier) ?? []), changed]);
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, urls]) => urls);
}

/** One tracker moved to the tier before or after its own: past the ends, and out of a tier with others, into one of its own. */
export function moveTier(detail: Pick<TorrentDetail, 'trackers'>, url: string, by: -1 | 1): string[][] {
  const tiers = tiersOf(detail);
  const from = tiers.findIndex(tier => tier.includes(url));
  if (from < 0) return tiers;
  const isAlone = tiers[from]?.length === 1;
  const rest = tiers.map(tier => tier.filter(other => other !== url));
  const to = rest[from + by];
  if (isAlone && to) to.push(url);
  else rest.splice(by < 0 ? from : from + 1, 0, [url]);
  return rest.filter(tier => tier.length > 0);
}
