/** What is told unasked of torrents: each thing that happens, once. */
import type { TorrentDetail, TorrentId, TorrentRow } from '../../../sw/view-model.ts';
import { sentenceOf } from './problems.ts';

interface Seen {
  hasMetadata: boolean;
  doneAt: number;
  /** What stopped it, and how much of it was there; null where nothing did since. */
  failed: { readonly code: string; readonly done: number } | null;
}

export interface Telling {
  notify(method: string, params: Readonly<Record<string, unknown>>): void;
  detail(id: TorrentId): TorrentDetail | null;
}

export class Notices {
  private readonly seen = new Map<TorrentId, Seen>();
  private readonly to: Telling;

  constructor(to: Telling) {
    this.to = to;
  }

  /** What is in the list already is no news. */
  begin(rows: readonly TorrentRow[]): void {
    for (const row of rows) {
      if (row.state === 'adding' || row.state === 'leaving') continue;
      this.seen.set(row.id, { hasMetadata: this.hasMetadata(row), doneAt: row.doneAt, failed: null });
    }
  }

  /** Rows that are new, or others than before. */
  look(rows: readonly TorrentRow[]): void {
    for (const row of rows) if (row.state !== 'adding' && row.state !== 'leaving') this.lookAt(row);
  }

  removed(ids: readonly TorrentId[]): void {
    for (const id of ids) this.seen.delete(id);
  }

  /** It is tried again: to fail as before is news. */
  triedAgain(id: TorrentId): void {
    const seen = this.seen.get(id);
    if (seen) seen.failed = null;
  }

  private lookAt(row: TorrentRow): void {
    const seen = this.seen.get(row.id) ?? this.added(row);
    if (!seen.hasMetadata && this.hasMetadata(row)) {
      seen.hasMetadata = true;
      const files = this.to.detail(row.id)?.files.map(({ path, size }) => ({ path, size })) ?? [];
      this.to.notify('metadata', { info_hash: row.id, name: row.name, size: row.size, files });
    }
    if (row.doneAt > 0 && row.doneAt !== seen.doneAt) this.to.notify('torrent_done', { info_hash: row.id, name: row.name });
    seen.doneAt = row.doneAt;
    this.lookForFailure(row, seen);
  }

  private added(row: TorrentRow): Seen {
    const seen: Seen = { hasMetadata: false, doneAt: 0, failed: null };
    this.seen.set(row.id, seen);
    this.to.notify('torrent_added', { info_hash: row.id, name: row.name });
    return seen;
  }

  /** It is tried again now and then, and stops for the same reason; that is told once, until it got any further. */
  private lookForFailure({ id, name, state, problem, done }: TorrentRow, seen: Seen): void {
    if (state === 'error' && problem !== null) {
      if (seen.failed?.code === problem.code) return;
      seen.failed = { code: problem.code, done };
      this.to.notify('torrent_error', { info_hash: id, name, reason: problem.code, error: sentenceOf(problem) });
    } else if (state === 'seeding' || state === 'done' || state === 'paused' || (seen.failed && done > seen.failed.done)) {
      seen.failed = null;
    }
  }

  /** Files of no length at all are none: there is a size once they are known, but where none is wanted. */
  private hasMetadata({ id, size, state }: TorrentRow): boolean {
    return size > 0 || (state !== 'metadata' && this.to.detail(id)?.hasMetadata === true);
  }
}
