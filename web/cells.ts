import { BROWSER_ROOT } from '../sw/view-model.ts';
import type { RootRow, TorrentRow } from '../sw/view-model.ts';
import type { ColumnId } from './columns.ts';
import { formatBytes, formatCount, formatDuration, formatMoment, formatPercent, formatRate, fraction } from './format.ts';
import { ratioOf, statusOf } from './words.ts';
import { words } from './words/words.ts';

/** What else a cell speaks of than its torrent. */
export interface Around {
  readonly roots: readonly RootRow[];
  /** Where each torrent stands in the line that it waits in, from 1. */
  readonly turns: ReadonlyMap<string, number>;
  /** ms since 1970. */
  readonly now: number;
}

/** What a cell of the list says; empty where there is nothing to say. */
export function cellText(id: ColumnId, row: TorrentRow, { roots, turns, now }: Around): string {
  switch (id) {
    case 'name':
      return row.name;
    case 'size':
      return row.size > 0 ? formatBytes(row.size) : '';
    case 'progress':
      return row.size > 0 ? formatPercent(fraction(row.done, row.size)) : '';
    case 'status':
      return statusOf(row, roots).text;
    case 'down':
      return row.down > 0 ? formatRate(row.down) : '';
    case 'up':
      return row.up > 0 ? formatRate(row.up) : '';
    case 'left':
      return row.state === 'downloading' ? formatDuration(row.eta) : '';
    case 'peers':
      return row.peers > 0 || row.state === 'downloading' ? formatCount(row.peers) : '';
    case 'seeds':
      return row.seeds > 0 ? formatCount(row.seeds) : '';
    case 'ratio':
      return row.size > 0 ? ratioOf(row) : '';
    case 'uploaded':
      return row.uploaded > 0 ? formatBytes(row.uploaded) : '';
    case 'downloaded':
      return row.downloaded > 0 ? formatBytes(row.downloaded) : '';
    case 'labels':
      return row.options.labels.join(', ');
    case 'added':
      return row.addedAt > 0 ? formatMoment(row.addedAt, now) : '';
    case 'finished':
      return row.doneAt > 0 ? formatMoment(row.doneAt, now) : '';
    case 'queue': {
      const turn = turns.get(row.id);
      return turn === undefined ? '' : formatCount(turn);
    }
    case 'folder':
      return row.root === BROWSER_ROOT ? words.state.thisBrowser() : (roots.find(({ token }) => token === row.root)?.name ?? '');
  }
}
