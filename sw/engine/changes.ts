import type { Rates } from './rates.ts';
import type { Torrent } from './torrent.ts';
import { viewTorrent } from './view.ts';
import type { TorrentView } from './view.ts';

/** What changed of the list since someone last looked. */
export class Changes {
  private readonly changed = new Set<Torrent>();
  private removed: string[] = [];
  /** To whose rates web seeds contributed a second ago: those fall without anything happening. */
  private readonly fetching = new Set<Torrent>();

  constructor(
    private readonly rates: Rates,
    private readonly clock: { now(): number },
  ) {}

  add(torrent: Torrent): void {
    this.changed.add(torrent);
  }

  /** Once a second of each at work: its rates are others, as long as there are any. */
  second(torrent: Torrent, now: number): void {
    const isFetching = torrent.webSeeds.rate(now) > 0;
    if (isFetching || this.fetching.has(torrent) || torrent.peers.size > 0) this.changed.add(torrent);
    if (isFetching) this.fetching.add(torrent);
    else this.fetching.delete(torrent);
  }

  remove(torrent: Torrent): void {
    this.fetching.delete(torrent);
    this.changed.delete(torrent);
    this.removed.push(torrent.id);
  }

  rows(torrents: Iterable<Torrent>): TorrentView[] {
    const now = this.clock.now();
    return [...torrents].map(torrent => viewTorrent(torrent, this.rates.of(torrent), now));
  }

  /** Since the last call. */
  take(): { rows: TorrentView[]; removed: string[] } {
    const rows = this.rows(this.changed);
    const { removed } = this;
    this.changed.clear();
    this.removed = [];
    return { rows, removed };
  }
}
