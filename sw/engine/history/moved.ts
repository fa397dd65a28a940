/** Bytes that came and went. */
export interface Moved {
  readonly down: number;
  readonly up: number;
}

export const NOTHING: Moved = { down: 0, up: 0 };

export function plus(a: Moved, b: Moved): Moved {
  return { down: a.down + b.down, up: a.up + b.up };
}

/** A torrent, as far as it is counted here. */
export interface Counted {
  readonly id: string;
  readonly downloaded: number;
  readonly uploaded: number;
  /** Totals of earlier runs. */
  readonly before: { readonly downloaded: number; readonly uploaded: number };
}

/** What torrents at work moved since they were counted last. */
export class Counter {
  private readonly counted = new WeakMap<Counted, Moved>();
  /** Those that were at work a second ago, and those that are. */
  private before = new Set<Counted>();
  private now = new Set<Counted>();

  /** It is at work. Once a second. */
  at(torrent: Counted): void {
    this.now.add(torrent);
  }

  /** Of each that is at work, or was until just now; no two of the same. */
  take(): { readonly torrent: Counted; readonly moved: Moved }[] {
    const { before, now } = this;
    this.before = now;
    this.now = before;
    const all = [...now, ...[...before].filter(torrent => !now.has(torrent))];
    before.clear();
    return all.map(torrent => {
      const { downloaded: down, uploaded: up } = torrent;
      const last = this.counted.get(torrent) ?? { down: torrent.before.downloaded, up: torrent.before.uploaded };
      this.counted.set(torrent, { down, up });
      return { torrent, moved: { down: Math.max(0, down - last.down), up: Math.max(0, up - last.up) } };
    });
  }
}
