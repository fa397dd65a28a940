import { untracked } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MoveTo } from '../../sw/api.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId } from '../../sw/view-model.ts';
import { askToRemove, copy, force, isRunning, labelling, open, pause, recheck, relocating, resume, run } from '../actions.ts';
import { shownLinks } from '../sharing.ts';
import { selection } from '../selection.ts';
import { canSaveToFolder, saveToFolder } from '../save-to-folder.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { moveInLine } from '../turns.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { isComplete } from '../words.ts';

const MODIFIER = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘' : 'Ctrl ';

interface Props {
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with the selected torrents. */
export function RowMenu({ x, y, onClose }: Props): JSX.Element {
  // As things are while it opens, but for what is on or off: thousands may be selected, and none of them is followed.
  const [first, incomplete, second] = useMemo(() => untracked(itemsOfSelection), []);
  const items = [...first, ...group(orderItems(incomplete)), ...second];
  return <Menu label="Actions for the selected torrents" items={items} x={x} y={y} onClose={onClose} />;
}

/** What stands before and after the choices of how pieces come, and which torrents those are for. */
function itemsOfSelection(): readonly [readonly MenuItem[], readonly TorrentId[], readonly MenuItem[]] {
  const ids = [...selection.ids.value];
  const [first] = ids;
  const only = ids.length === 1 ? first : undefined;
  const running = ids.filter(isRunning);
  const stopped = ids.filter(id => !isRunning(id));
  const items: MenuItem[] = [];
  if (only !== undefined) items.push({ label: 'Details', shortcut: 'Enter', act: () => open(only) });
  if (only !== undefined) items.push({ label: 'Share…', act: () => (shownLinks.value = only) });
  items.push(
    ...group([
      ...(stopped.length > 0 ? [{ label: 'Resume', act: () => resume(stopped) }] : []),
      ...(running.length > 0 ? [{ label: 'Pause', act: () => pause(running) }] : []),
      ...queueItems(ids),
    ]),
  );
  const others = [
    ...group([
      ...(only === undefined ? [] : saveItems(only)),
      ...(!ids.some(isHere) || store.canMoveIn.value
        ? [{ label: ids.every(isHere) ? 'Move to this computer…' : 'Move to…', act: () => (relocating.value = ids) }]
        : []),
      { label: 'Labels…', act: () => (labelling.value = ids) },
    ]),
    ...group([
      { label: 'Check the files again', act: () => recheck(ids) },
      { label: 'Ask the trackers again', act: () => run({ do: 'announce', ids, url: null }) },
    ]),
    ...group([
      ...(only === undefined ? [] : copyItems(only)),
      { label: 'Select all', shortcut: `${MODIFIER}A`, act: () => selection.all() },
    ]),
    ...group([{ label: 'Remove…', shortcut: 'Delete', danger: true, act: () => askToRemove(ids) }]),
  ];
  const rows = ids.flatMap(id => store.row(id)?.value ?? []);
  return [items, rows.filter(row => !isComplete(row)).map(({ id }) => id), others];
}

/** They belong together: a line stands above the first. */
function group(items: readonly MenuItem[]): MenuItem[] {
  return items.map((item, at) => (at === 0 ? { ...item, divided: true } : item));
}

function copyItems(id: TorrentId): MenuItem[] {
  const name = store.row(id)?.value.name ?? '';
  return [
    { label: 'Copy name', act: () => void copy(name, 'Name') },
    { label: 'Copy info-hash', act: () => void copy(id, 'Info-hash') },
  ];
}

/** How pieces are chosen, of what is not complete. */
function orderItems(incomplete: readonly TorrentId[]): MenuItem[] {
  if (incomplete.length === 0) return [];
  const item = (label: string, option: 'sequential' | 'firstLast'): MenuItem => {
    const checked = incomplete.every(id => store.row(id)?.value.options[option] !== false);
    return { label, checked, act: () => run({ do: 'set', ids: incomplete, options: { [option]: !checked } }) };
  };
  return [item('Pieces in order', 'sequential'), item('Ends of files first', 'firstLast')];
}

/** What is in this browser can be brought out of it once its files are known. */
function saveItems(id: TorrentId): MenuItem[] {
  const row = store.row(id)?.value;
  if (row === undefined || row.size === 0 || !isHere(id)) return [];
  const items: MenuItem[] = [{ label: 'Save', act: () => saveFolder(id) }];
  if (canSaveToFolder()) items.push({ label: 'Save to a folder…', act: () => void saveToFolder(row) });
  return items;
}

/** Nobody but the helper could move its files. */
function isHere(id: TorrentId): boolean {
  return store.row(id)?.value.root === BROWSER_ROOT;
}

const MOVES: readonly { readonly to: MoveTo; readonly label: string; readonly shortcut?: string }[] = [
  { to: 'top', label: 'First in the queue' },
  { to: 'up', label: 'Up in the queue', shortcut: 'Alt ↑' },
  { to: 'down', label: 'Down in the queue', shortcut: 'Alt ↓' },
  { to: 'bottom', label: 'Last in the queue' },
];

function queueItems(ids: readonly TorrentId[]): MenuItem[] {
  const isForced = (id: TorrentId): boolean => store.row(id)?.value.options.forceStart === true;
  const forced = ids.filter(isForced);
  const others = ids.filter(id => !isForced(id));
  const items: MenuItem[] = MOVES.map(({ to, label, shortcut }) => ({ label, shortcut, act: () => moveInLine(ids, to) }));
  if (others.length > 0) items.push({ label: 'Start whatever the queue', act: () => force(others, true) });
  if (forced.length > 0) items.push({ label: 'Keep to the queue', act: () => force(forced, false) });
  return items;
}
