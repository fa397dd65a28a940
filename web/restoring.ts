/** Takes a backup in: what it would do is said first, and each torrent goes the way of one that a person adds. */
import { signal } from '@preact/signals';
import type { Settings, TorrentOptions } from '../sw/view-model.ts';
import { ask, command } from './actions.ts';
import type { BackedUp, Backup } from './backup.ts';
import { store } from './store.ts';

export interface Restoring {
  /** Torrents that were taken in, of so many; of these some were there already, and some were refused. */
  readonly done: number;
  readonly of: number;
  readonly known: number;
  /** Why, for each that was. */
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
  return torrents.filter(({ id }) => store.row(id) !== undefined).length;
}

export async function restore({ settings, torrents }: Backup, { withSettings, withTorrents }: Wish): Promise<void> {
  const wanted = withTorrents ? torrents : [];
  let state: Restoring = { done: 0, of: wanted.length, known: 0, refused: [], isOver: false };
  restoring.value = state;
  if (withSettings) {
    for (const change of eachOf(settings)) {
      const why = await command({ do: 'configure', settings: change });
      if (why !== null) state = { ...state, refused: [...state.refused, why] };
    }
  }
  for (const each of wanted) {
    const { isKnown, why } = await take(each);
    state = {
      ...state,
      done: state.done + 1,
      known: state.known + (isKnown ? 1 : 0),
      refused: why === null ? state.refused : [...state.refused, why],
    };
    restoring.value = state;
  }
  restoring.value = { ...state, isOver: true };
}

/** One by one, so that one that is refused holds up no other. */
function eachOf(settings: Partial<Settings>): Partial<Settings>[] {
  return Object.entries(settings).map(([id, value]) => ({ [id]: value }));
}

async function take(torrent: BackedUp): Promise<{ isKnown: boolean; why: string | null }> {
  const { added, refused } = await ask({ do: 'add', source: { kind: 'magnet', uri: torrent.magnet } });
  if (added === null) return { isKnown: false, why: refused };
  const { id, already } = added;
  const { labels } = torrent.options;
  if (already) {
    return {
      isKnown: true,
      why: labels.length === 0 ? null : await command({ do: 'label', ids: [id], add: labels, remove: [] }),
    };
  }
  const root = store.folders.peek().find(({ name }) => name === torrent.folder) ?? store.defaultRoot.peek();
  const started = await command({ do: 'start', id, priorities: null, root: root?.token ?? '' });
  if (started !== null) {
    await command({ do: 'remove', ids: [id], withData: false });
    return { isKnown: false, why: started };
  }
  if (torrent.isPaused) await command({ do: 'pause', ids: [id] });
  // Past the limits of the queue goes what a person sends there, one by one.
  const options: TorrentOptions = { ...torrent.options, forceStart: false };
  return { isKnown: false, why: await command({ do: 'set', ids: [id], options }) };
}
