import type { JSX } from 'preact';
import type { MoveTo } from '../../sw/api.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId } from '../../sw/view-model.ts';
import { askToRemove, copy, force, isRunning, labelling, move, open, pause, recheck, relocating, resume } from '../actions.ts';
import { shownLinks } from '../sharing.ts';
import { selection } from '../selection.ts';
import { canSaveToFolder, saveToFolder } from '../save-to-folder.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';

interface Props {
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with the selected torrents. */
export function RowMenu({ x, y, onClose }: Props): JSX.Element {
  const ids = [...selection.ids.value];
  const [first] = ids;
  const running = ids.filter(isRunning);
  const stopped = ids.filter(id => !isRunning(id));
  const items: MenuItem[] = [];
  if (first !== undefined && ids.length === 1) items.push({ label: 'Details', shortcut: 'Enter', act: () => open(first) });
  if (first !== undefined && ids.length === 1) items.push({ label: 'Share…', act: () => (shownLinks.value = first) });
  if (stopped.length > 0) items.push({ label: 'Resume', act: () => resume(stopped) });
  if (running.length > 0) items.push({ label: 'Pause', act: () => pause(running) });
  if (first !== undefined && ids.length === 1) items.push(...saveItems(first));
  if (ids.length > 0) items.push({ label: 'Check the files again', act: () => recheck(ids) });
  if (ids.length > 0 && (!ids.some(isHere) || store.canMoveIn.value)) {
    items.push({ label: ids.every(isHere) ? 'Move to this computer…' : 'Move to…', act: () => (relocating.value = ids) });
  }
  items.push({ label: 'Labels…', act: () => (labelling.value = ids) });
  items.push(...queueItems(ids));
  if (first !== undefined && ids.length === 1) items.push({ label: 'Copy info-hash', act: () => void copy(first, 'Info-hash') });
  items.push({ label: 'Remove…', shortcut: 'Delete', danger: true, act: () => askToRemove(ids) });
  return <Menu label="Actions for the selected torrents" items={items} x={x} y={y} onClose={onClose} />;
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

const MOVES: readonly { readonly to: MoveTo; readonly label: string }[] = [
  { to: 'top', label: 'First in the queue' },
  { to: 'up', label: 'Up in the queue' },
  { to: 'down', label: 'Down in the queue' },
  { to: 'bottom', label: 'Last in the queue' },
];

function queueItems(ids: readonly TorrentId[]): MenuItem[] {
  const isForced = (id: TorrentId): boolean => store.row(id)?.value.options.forceStart === true;
  const forced = ids.filter(isForced);
  const others = ids.filter(id => !isForced(id));
  const items: MenuItem[] = MOVES.map(({ to, label }) => ({ label, act: () => move(ids, to) }));
  if (others.length > 0) items.push({ label: 'Start whatever the queue', act: () => force(others, true) });
  if (forced.length > 0) items.push({ label: 'Keep to the queue', act: () => force(forced, false) });
  return items;
}
