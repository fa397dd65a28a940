import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { UNDO_MS } from '../../sw/engine/departures.ts';

/** Removals that can be taken back, as the engine has them. */
export class MockDepartures {
  /** As they were before. */
  readonly #rows = new Map<TorrentId, TorrentRow>();

  constructor(
    private readonly put: (rows: readonly TorrentRow[]) => void,
    private readonly remove: (ids: readonly TorrentId[]) => void,
  ) {}

  dismiss(rows: readonly TorrentRow[], withData: boolean): void {
    const how = { withData, at: Date.now() };
    const leaving: TorrentRow[] = [];
    for (const row of rows) {
      if (row.state === 'adding') continue;
      this.#rows.set(row.id, this.#rows.get(row.id) ?? row);
      leaving.push({ ...row, state: 'leaving', leaving: how, down: 0, up: 0, peers: 0, active: 0 });
    }
    this.put(leaving);
    this.remove(rows.flatMap(({ id, state }) => (state === 'adding' ? id : [])));
    setTimeout(() => this.remove(leaving.flatMap(({ id }) => (this.#rows.delete(id) ? id : []))), UNDO_MS);
  }

  /** Whether there was one. */
  takeBack(ids: readonly TorrentId[]): boolean {
    const rows = ids.flatMap(id => this.#rows.get(id) ?? []);
    for (const { id } of rows) this.#rows.delete(id);
    this.put(rows);
    return rows.length > 0;
  }
}
