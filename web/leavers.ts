import { signal } from '@preact/signals';
import type { TorrentId, TorrentRow } from '../sw/view-model.ts';

/** A torrent that was removed, and when and how. */
export type Leaver = TorrentRow & Required<Pick<TorrentRow, 'leaving'>>;

export function isLeaving(row: TorrentRow): row is Leaver {
  return row.leaving !== undefined;
}

/** The torrents that were removed and can be taken back, as the worker tells them. */
export class Leavers {
  /** Told anew once a message is taken in, however many are in it. */
  readonly all = signal<readonly Leaver[]>([]);
  readonly #byId = new Map<TorrentId, Leaver>();
  #isOld = false;

  ids(): Iterable<TorrentId> {
    return this.#byId.keys();
  }

  add(row: Leaver): void {
    this.#byId.set(row.id, row);
    this.#isOld = true;
  }

  delete(id: TorrentId): void {
    if (this.#byId.delete(id)) this.#isOld = true;
  }

  tell(): void {
    if (this.#isOld) this.all.value = [...this.#byId.values()];
    this.#isOld = false;
  }
}
