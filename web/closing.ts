/** What becomes of the downloads in this browser once its last window is closed, and whether something can be done about it. */
import { BROWSER_ROOT, type SaveRow, type TorrentId, type TorrentRow } from '../sw/view-model.ts';
import { shownName } from './format.ts';
import { words } from './words/words.ts';

/**
 * `goes-on`: from web seeds, until it is saved. `part`: from web seeds, as long as a part of it is being saved; `along`: as long as another one
 * is. `waits`: it is being saved, and nobody has it but peers who need a window. `stops`: until a window is open.
 */
export type Fate = 'goes-on' | 'part' | 'along' | 'waits' | 'stops';

export interface Closing {
  readonly id: TorrentId;
  readonly name: string;
  readonly fate: Fate;
  readonly hasWebSeeds: boolean;
  /** Saving it would have it go on. */
  readonly canFinish: boolean;
}

/** What has to be known of a torrent. */
export type Unfinished = Pick<TorrentRow, 'id' | 'name' | 'state' | 'hasWebSeeds'>;

const UNFINISHED: ReadonlySet<TorrentRow['state']> = new Set(['downloading', 'metadata', 'checking', 'queued']);

/** Whether it is on its way into this browser; what is complete, paused, or the helper's, is nobody's worry. */
export function isUnfinishedHere({ root, state }: TorrentRow): boolean {
  return root === BROWSER_ROOT && UNFINISHED.has(state);
}

/**
 * Of the torrents that are on their way into this browser; `outlives`: saves keep this browser's engine at work without a window.
 */
export function describeClosing(rows: readonly Unfinished[], saving: readonly SaveRow[], outlives: boolean): readonly Closing[] {
  return rows.map(row => {
    const fate = fateOf(row, saving, outlives);
    const canFinish = outlives && fate !== 'goes-on' && fate !== 'waits' && row.hasWebSeeds && row.state === 'downloading';
    return { id: row.id, name: shownName(row.name), fate, hasWebSeeds: row.hasWebSeeds, canFinish };
  });
}

function fateOf({ id, hasWebSeeds }: Unfinished, saving: readonly SaveRow[], outlives: boolean): Fate {
  if (!outlives || saving.length === 0) return 'stops';
  const save = saving.find(each => each.id === id);
  if (save === undefined) return hasWebSeeds ? 'along' : 'stops';
  if (!hasWebSeeds) return 'waits';
  return save.isWhole ? 'goes-on' : 'part';
}

/** In a line; null where there is nothing to say. */
export function summarise(all: readonly Closing[]): string | null {
  if (all.length === 0) return null;
  const waiting = all.filter(({ fate }) => fate !== 'goes-on').length;
  if (waiting === 0) return words.closing.allGoOn({ count: all.length });
  return words.closing.someWait({ count: waiting });
}

/** Whether saves keep the engine of this browser at work without a window: in Chromium they do. */
export function savesOutliveWindows(): boolean {
  const { userAgentData } = navigator as { readonly userAgentData?: { readonly brands: readonly { readonly brand: string }[] } };
  return userAgentData?.brands.some(({ brand }) => brand === 'Chromium') ?? false;
}
