/** Takes a backup in: what it would do is said first, and each torrent goes the way of one that a person adds. */
import { signal } from '@preact/signals';
import type { Added } from '../sw/api.ts';
import type { Settings, TorrentOptions } from '../sw/view-model.ts';
import { ask, command } from './actions.ts';
import { idsOf, type BackedUp, type Backup } from './backup.ts';
import { fromBase64 } from './base64.ts';
import { isolated, shownName } from './format.ts';
import { store } from './store.ts';
import { words } from './words/words.ts';

export interface Restoring {
  /** Torrents that were looked at, of so many; of these some are new in the list, and some were there already. */
  readonly done: number;
  readonly of: number;
  readonly added: number;
  readonly known: number;
  /** Why, for each torrent and setting that was refused. */
  readonly refused: readonly string[];
  readonly isOver: boolean;
}

/** Null while nothing is taken in. */
export const restoring = signal<Restoring | null>(null);

export interface Wish {
  readonly withSettings: boolean;
  readonly withTorrents: boolean;
}

/** Those of the file that are in the list already: trackers, web seeds and labels are added to them, and nothing else of them changes. */
export function knownOf({ torrents }: Backup): number {
  return torrents.filter(({ magnet }) => idsOf(magnet).some(id => store.row(id) !== undefined)).length;
}

export async function restore({ settings, torrents }: Backup, { withSettings, withTorrents }: Wish): Promise<void> {
  const wanted = withTorrents ? torrents : [];
  let state: Restoring = { done: 0, of: wanted.length, added: 0, known: 0, refused: [], isOver: false };
  const go = (change: Partial<Restoring>): void => void (restoring.value = state = { ...state, ...change });
  go({});
  try {
    for (const change of withSettings ? eachOf(settings) : []) {
      const why = await command({ do: 'configure', settings: change });
      if (why !== null) go({ refused: [...state.refused, why] });
    }
    for (const each of wanted) {
      const { added, why } = await take(each);
      go({
        done: state.done + 1,
        added: state.added + (added?.already === false ? 1 : 0),
        known: state.known + (added?.already === true ? 1 : 0),
        refused: why === null ? state.refused : [...state.refused, why],
      });
    }
  } finally {
    go({ isOver: true });
  }
}

/** One by one, so that one that is refused holds up no other. */
function eachOf(settings: Partial<Settings>): Partial<Settings>[] {
  return Object.entries(settings).map(([id, value]) => ({ [id]: value }));
}

async function take(backedUp: BackedUp): Promise<{ added: Added | null; why: string | null }> {
  const { magnet, isPaused, choices, folder } = backedUp;
  const torrent = backedUp.torrent === null ? null : fromBase64(backedUp.torrent);
  const root = store.folders.peek().find(({ name }) => name === folder) ?? store.defaultRoot.peek();
  // Past the limits of the queue goes what a person sends there, one by one.
  const options: TorrentOptions = { ...backedUp.options, forceStart: false };
  const isDamaged = torrent === null && backedUp.torrent !== null;
  const { added, refused } = isDamaged
    ? { added: null, refused: words.settings.importDamaged() }
    : await ask({ do: 'restore', torrent: { magnet, torrent, root: root?.token ?? '', isPaused, options, choices } });
  const why = refused && words.settings.importRefused({ name: isolated(shownName(backedUp.name)), why: refused });
  return { added, why };
}
