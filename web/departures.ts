/** What was removed a moment ago and can be taken back: in this window, another one, or before a reload. */
import { computed } from '@preact/signals';
import type { TorrentId } from '../sw/view-model.ts';
import { BROWSER_ROOT } from '../sw/view-model.ts';
import { command, mayHaveFiles } from './actions.ts';
import { isolated, shownName } from './format.ts';
import type { Leaver } from './leavers.ts';
import { notify } from './notices.ts';
import { selection } from './selection.ts';
import { store } from './store.ts';
import { words } from './words/words.ts';

/** Removals within so many ms of each other are taken back together: those of the helper and of the browser are each marked by its engine. */
const TOGETHER_MS = 1000;

/** Torrents that were removed together. */
export interface Departure {
  /** Ms since 1970, of the first. */
  readonly at: number;
  readonly ids: readonly TorrentId[];
  readonly text: string;
  /** Files of theirs stay on a disk. */
  readonly leavesFiles: boolean;
}

/** Those that can be taken back, the newest last. */
export const departures = computed<readonly Departure[]>(() => {
  const groups: Leaver[][] = [];
  let last = -Infinity;
  for (const leaver of store.leavers.all.value.toSorted((a, b) => a.leaving.at - b.leaving.at)) {
    const group = groups.at(-1);
    if (group !== undefined && leaver.leaving.at - last < TOGETHER_MS) group.push(leaver);
    else groups.push([leaver]);
    last = leaver.leaving.at;
  }
  return groups.flatMap(group => departureOf(group) ?? []);
});

function departureOf(group: readonly Leaver[]): Departure | null {
  const [first] = group;
  if (first === undefined) return null;
  const withFiles = group.filter(mayHaveFiles);
  const leavesFiles = withFiles.some(({ root, leaving }) => root !== BROWSER_ROOT && !leaving.withData);
  const takesFiles = withFiles.some(({ leaving }) => leaving.withData);
  const files = leavesFiles ? (takesFiles ? 'some' : 'stay') : takesFiles ? 'go' : 'none';
  const text =
    group.length === 1
      ? words.notices.one({ name: isolated(shownName(first.name)), files })
      : words.notices.many({ count: group.length, files });
  return { at: first.leaving.at, ids: group.map(({ id }) => id), text, leavesFiles };
}

/** Those that are being taken back. */
const coming = new Set<TorrentId>();

/** Has them in the list again as they were, where the keyboard stands on them then. */
export async function undo({ ids }: Departure): Promise<void> {
  for (const id of ids) coming.add(id);
  try {
    const refused = await command({ do: 'takeBack', ids });
    if (refused === null) selection.these(ids);
    else notify(refused, 'bad');
  } finally {
    for (const id of ids) coming.delete(id);
  }
}

/** Takes back the last removal that is not on its way back; false where there is none. */
export function undoLast(): boolean {
  const last = departures.value.findLast(({ ids }) => ids.some(id => !coming.has(id)));
  if (last !== undefined) void undo(last);
  return last !== undefined;
}
