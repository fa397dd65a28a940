/** What a torrent is doing, as a sentence with its numbers: the first line of its details. */
import type { RootRow, TorrentRow } from '../sw/view-model.ts';
import { formatAboutRate, formatCount, formatDuration, told } from './format.ts';
import { isFetching, ratioOf, statusOf } from './words.ts';
import { whether, words } from './words/words.ts';

export function nowOf(row: TorrentRow, roots: readonly RootRow[]): string {
  const peers = told(row.peers);
  if (row.state === 'downloading' && isFetching(row)) return fetching(row);
  if (row.state === 'downloading' && peers > 0) return words.now.connected({ peers });
  if (row.state === 'seeding') {
    const ratio = ratioOf(row);
    return peers > 0 ? words.now.seedingTo({ peers, ratio, ...limitOf(row.limits.up) }) : words.now.seedingToNobody({ ratio });
  }
  return statusOf(row, roots).text;
}

/** From peers, web seeds, or both. */
function fetching({ active, peers, eta, limits, ...row }: TorrentRow): string {
  const webSeeds = told(row.webSeeds);
  const left = formatDuration(eta);
  const rest = { ...limitOf(limits.down), timed: whether(left !== ''), left };
  const some = { active: formatCount(active), peers: told(peers) };
  if (webSeeds === 0) return words.now.fromPeers({ ...some, ...rest });
  return active === 0 ? words.now.fromWebSeeds({ webSeeds, ...rest }) : words.now.fromBoth({ ...some, webSeeds, ...rest });
}

/** A limit in force. */
function limitOf(limit: number): { readonly limited: 'yes' | 'no'; readonly limit: string } {
  return { limited: whether(limit !== 0), limit: limit === 0 ? '' : formatAboutRate(limit) };
}
