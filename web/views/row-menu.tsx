import { untracked } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MoveTo } from '../../sw/api.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentId } from '../../sw/view-model.ts';
import { force, isRunning, labelling, open, pause, recheck, relocating, remove, resume, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { shownLinks } from '../shared.ts';
import { selection } from '../selection.ts';
import { canSaveToFolder } from '../folder-save.ts';
import { saveToFolder } from '../save-to-folder.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { moveInLine } from '../turns.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { isComplete } from '../words.ts';
import { words } from '../words/words.ts';

const IS_APPLE = /mac|iphone|ipad/i.test(navigator.userAgent);

interface Props {
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with the selected torrents. */
export function RowMenu({ x, y, onClose }: Props): JSX.Element {
  // As things are while it opens, but for what is on or off: thousands may be selected, and none of them is followed.
  const [first, incomplete, second] = useMemo(() => untracked(() => partsOf([...selection.ids.value])), []);
  const items = [...first, ...group(orderItems(incomplete)), ...second];
  return <Menu label={words.menus.rows()} items={items} x={x} y={y} onClose={onClose} />;
}

/** What can be done with these torrents, as things are. */
export function itemsFor(ids: readonly TorrentId[]): readonly MenuItem[] {
  const [first, incomplete, second] = partsOf(ids);
  return [...first, ...orderItems(incomplete), ...second];
}

/** What stands before and after the choices of how pieces come, and which torrents those are for. */
function partsOf(ids: readonly TorrentId[]): readonly [readonly MenuItem[], readonly TorrentId[], readonly MenuItem[]] {
  const [first] = ids;
  const only = ids.length === 1 ? first : undefined;
  const running = ids.filter(isRunning);
  const stopped = ids.filter(id => !isRunning(id));
  const allKey = IS_APPLE ? words.menus.commandKey : words.menus.controlKey;
  const items: MenuItem[] = [];
  if (only !== undefined) items.push({ label: words.menus.details(), shortcut: words.menus.enterKey(), act: () => open(only) });
  if (only !== undefined) items.push({ label: words.menus.share(), act: () => (shownLinks.value = only) });
  items.push(
    ...group([
      ...(stopped.length > 0 ? [{ label: words.menus.resume(), act: () => resume(stopped) }] : []),
      ...(running.length > 0 ? [{ label: words.menus.pause(), act: () => pause(running) }] : []),
      ...queueItems(ids),
    ]),
  );
  const others = [
    ...group([
      ...(only === undefined ? [] : saveItems(only)),
      ...(!ids.some(isHere) || store.canMoveIn.value
        ? [{ label: ids.every(isHere) ? words.menus.moveHere() : words.menus.move(), act: () => (relocating.value = ids) }]
        : []),
      { label: words.menus.labels(), act: () => (labelling.value = ids) },
    ]),
    ...group([
      { label: words.menus.recheck(), act: () => recheck(ids) },
      { label: words.menus.announce(), act: () => run({ do: 'announce', ids, url: null }) },
    ]),
    ...group([
      ...(only === undefined ? [] : copyItems(only)),
      { label: words.menus.selectAll(), shortcut: allKey({ key: 'A' }), act: () => selection.all() },
    ]),
    ...group([
      { label: words.menus.remove(), shortcut: words.menus.deleteKey(), danger: true, act: () => remove(ids) },
      ...(ids.every(isHere)
        ? []
        : [
            {
              label: words.menus.removeWithFiles(),
              shortcut: words.menus.shiftDeleteKey(),
              danger: true,
              act: () => remove(ids, true),
            },
          ]),
    ]),
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
    { label: words.menus.copyName(), act: () => void copy(name, 'name') },
    { label: words.menus.copyHash(), act: () => void copy(id, 'hash') },
  ];
}

/** How pieces are chosen, of what is not complete. */
function orderItems(incomplete: readonly TorrentId[]): MenuItem[] {
  if (incomplete.length === 0) return [];
  const item = (label: string, option: 'sequential' | 'firstLast'): MenuItem => {
    const checked = incomplete.every(id => store.row(id)?.value.options[option] !== false);
    return { label, checked, act: () => run({ do: 'set', ids: incomplete, options: { [option]: !checked } }) };
  };
  return [item(words.menus.sequential(), 'sequential'), item(words.menus.firstLast(), 'firstLast')];
}

/** What is in this browser can be brought out of it once its files are known. */
function saveItems(id: TorrentId): MenuItem[] {
  const row = store.row(id)?.value;
  if (row === undefined || row.size === 0 || !isHere(id)) return [];
  const items: MenuItem[] = [{ label: words.common.save(), act: () => saveFolder(id) }];
  if (canSaveToFolder()) items.push({ label: words.menus.saveToFolder(), act: () => void saveToFolder(row) });
  return items;
}

/** Nobody but the helper could move its files. */
function isHere(id: TorrentId): boolean {
  return store.row(id)?.value.root === BROWSER_ROOT;
}

function queueItems(ids: readonly TorrentId[]): MenuItem[] {
  const isForced = (id: TorrentId): boolean => store.row(id)?.value.options.forceStart === true;
  const forced = ids.filter(isForced);
  const others = ids.filter(id => !isForced(id));
  const move = (to: MoveTo) => (): void => moveInLine(ids, to);
  const items: MenuItem[] = [
    { label: words.menus.first(), act: move('top') },
    { label: words.menus.up(), shortcut: words.menus.altKey({ key: '↑' }), act: move('up') },
    { label: words.menus.down(), shortcut: words.menus.altKey({ key: '↓' }), act: move('down') },
    { label: words.menus.last(), act: move('bottom') },
  ];
  if (others.length > 0) items.push({ label: words.menus.force(), act: () => force(others, true) });
  if (forced.length > 0) items.push({ label: words.menus.queue(), act: () => force(forced, false) });
  return items;
}
