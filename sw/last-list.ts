/** The list as it was last known, at rest: shown while there is no engine, and kept for the next life of the worker. */
import { same } from './same.ts';
import type { TorrentRow } from './view-model.ts';

/** It is kept at most this often, in ms. */
const PERIOD = 10_000;

export interface ListMemory {
  keepRows(rows: readonly TorrentRow[]): void;
}

export class LastList {
  rows: readonly TorrentRow[] = [];
  private readonly now: () => readonly TorrentRow[] | null;
  private readonly memory: ListMemory;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** `now`: the list of the engine; null while there is none. */
  constructor(now: () => readonly TorrentRow[] | null, memory: ListMemory) {
    this.now = now;
    this.memory = memory;
  }

  /** Keeps it, and goes on to do so while there is an engine. */
  keep(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.settle();
      if (this.now() !== null) this.keep();
    }, PERIOD);
  }

  /** The list as it is now is the last, until the next. */
  settle(): void {
    const rows = this.now()
      ?.filter(({ state }) => state !== 'adding' && state !== 'leaving')
      .map(atRest);
    if (rows === undefined || same(rows, this.rows)) return;
    this.rows = rows;
    this.memory.keepRows(rows);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** As it looks while nothing moves. */
function atRest(row: TorrentRow): TorrentRow {
  const still = { ...row, down: 0, up: 0, eta: -1, peers: 0, seeds: 0, active: 0, webSeeds: 0 };
  const isAtRest = row.state === 'paused' || row.state === 'done' || row.state === 'error';
  return isAtRest ? still : { ...still, state: 'waiting', problem: { code: 'daemon-away' } };
}
