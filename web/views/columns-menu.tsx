import type { JSX } from 'preact';
import { COLUMNS, columnOf, DEFAULT_COLUMNS, isDefault, moveColumn, toggleColumn, type ColumnId } from '../columns.ts';
import { columns } from '../list-choices.ts';
import { NEWEST_FIRST } from '../list.ts';
import { store } from '../store.ts';
import { chooseDensity, density } from '../theme.ts';
import { stepAlong } from '../ui/arrows.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';
import { words } from '../words/words.ts';
import { fit } from './table-head.tsx';

interface Props {
  readonly x: number;
  readonly y: number;
  /** The column that it was opened at; null: none. */
  readonly at: ColumnId | null;
  onClose(): void;
}

/** Which columns there are, and how high rows are. */
export function ColumnsMenu({ x, y, at, onClose }: Props): JSX.Element {
  const shown = columns.value;
  const items: MenuItem[] = at === null ? [] : itemsFor(at);
  for (const { id, label } of COLUMNS) {
    items.push({
      label,
      checked: shown.some(column => column.id === id),
      disabled: id === 'name',
      divided: id === 'name' && items.length > 0,
      act: () => (columns.value = toggleColumn(columns.peek(), id)),
    });
  }
  items.push(
    {
      label: words.menus.comfortable(),
      kind: 'radio',
      divided: true,
      checked: density.value === 'comfortable',
      act: () => chooseDensity('comfortable'),
    },
    { label: words.menus.compact(), kind: 'radio', checked: density.value === 'compact', act: () => chooseDensity('compact') },
    {
      label: words.menus.reset(),
      divided: true,
      disabled: isDefault(shown) && store.sort.value.by === NEWEST_FIRST.by,
      act: () => {
        columns.value = DEFAULT_COLUMNS;
        store.sort.value = NEWEST_FIRST;
        chooseDensity('comfortable');
      },
    },
  );
  return <Menu label={words.menus.columns()} items={items} x={x} y={y} onClose={onClose} />;
}

function itemsFor(id: ColumnId): MenuItem[] {
  const shown = columns.value;
  const place = shown.findIndex(column => column.id === id);
  const { label } = columnOf(id);
  const items: MenuItem[] = [{ label: words.menus.fit({ column: label }), act: () => fit(shown, id) }];
  const move = (to: number): void => {
    columns.value = moveColumn(columns.peek(), id, to);
  };
  const sides = [
    { label: words.menus.moveLeft({ column: label }), key: '←', to: place + stepAlong('ArrowLeft') },
    { label: words.menus.moveRight({ column: label }), key: '→', to: place + stepAlong('ArrowRight') },
  ];
  for (const { label: towards, key, to } of sides)
    if (to >= 0 && to < shown.length) items.push({ label: towards, shortcut: words.menus.altKey({ key }), act: () => move(to) });
  return items;
}
