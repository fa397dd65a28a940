import type { JSX } from 'preact';
import { COLUMNS } from '../columns.ts';
import { sortBy } from '../list-choices.ts';
import { store } from '../store.ts';
import { Menu } from '../ui/menu.tsx';
import { words } from '../words/words.ts';

interface Props {
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** The order of the list, where it has no head to press. What it is sorted by already is turned around. */
export function SortMenu({ x, y, onClose }: Props): JSX.Element {
  const { by, descending } = store.sort.value;
  const items = COLUMNS.map(({ id, label }) => ({
    label: by === id ? `${label} ${descending ? '↓' : '↑'}` : label,
    kind: 'radio' as const,
    checked: by === id,
    act: () => sortBy(id),
  }));
  return <Menu label={words.menus.sortBy()} items={items} x={x} y={y} onClose={onClose} />;
}
