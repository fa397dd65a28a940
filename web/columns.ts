/** The columns of the list: which there are, and which of them a person sees, in what order and how wide. */
import { words } from './words/words.ts';

export type ColumnId =
  | 'name'
  | 'size'
  | 'progress'
  | 'status'
  | 'down'
  | 'up'
  | 'left'
  | 'peers'
  | 'seeds'
  | 'ratio'
  | 'uploaded'
  | 'downloaded'
  | 'labels'
  | 'added'
  | 'finished'
  | 'queue'
  | 'folder';

export interface Column {
  readonly id: ColumnId;
  readonly label: string;
  /** Stands at the end of its cell, and is sorted from the largest down at first. */
  readonly isNumber: boolean;
  /** Pixels that it has where nobody chose, or has at least where it `grows`: its share of the room that is left. */
  readonly width: number;
  readonly grows?: number;
}

export const COLUMNS: readonly Column[] = [
  column('name', false, 160, 1.3),
  column('size', true, 66),
  column('progress', false, 118),
  column('status', false, 150, 1),
  column('down', true, 84),
  column('up', true, 76),
  column('left', true, 86),
  column('peers', true, 54),
  column('seeds', true, 68),
  column('ratio', true, 56),
  column('uploaded', true, 78),
  column('downloaded', true, 90),
  column('labels', false, 120),
  column('added', true, 156),
  column('finished', true, 156),
  column('queue', true, 60),
  column('folder', false, 120),
];

function column(id: ColumnId, isNumber: boolean, width: number, grows?: number): Column {
  return {
    id,
    get label() {
      return words.columns[id]();
    },
    isNumber,
    width,
    ...(grows === undefined ? {} : { grows }),
  };
}

const BY_ID: ReadonlyMap<string, Column> = new Map(COLUMNS.map(column => [column.id, column]));

export function columnOf(id: ColumnId): Column {
  return BY_ID.get(id) ?? COLUMNS[0]!;
}

export function isColumn(id: unknown): id is ColumnId {
  return typeof id === 'string' && BY_ID.has(id);
}

/** A column that is seen. `width`: pixels, as a person set it; null: as it comes. */
export interface Shown {
  readonly id: ColumnId;
  readonly width: number | null;
}

export const DEFAULT_COLUMNS: readonly Shown[] = (
  ['name', 'size', 'progress', 'status', 'down', 'up', 'left', 'peers'] as const
).map(id => ({ id, width: null }));

export const MIN_WIDTH = 40;
export const MAX_WIDTH = 1200;
/** Pixels between two columns, and at both ends of a row together, as table.css has them. */
const GAP = 12;
const EDGES = 20 + 28;

export function isDefault(columns: readonly Shown[]): boolean {
  return (
    columns.length === DEFAULT_COLUMNS.length &&
    columns.every(({ id, width }, at) => id === DEFAULT_COLUMNS[at]?.id && width === null)
  );
}

/** What was kept, where it is columns; null where it is anything else. The name is always among them. */
export function readColumns(kept: unknown): readonly Shown[] | null {
  if (!Array.isArray(kept) || kept.length > COLUMNS.length) return null;
  const seen = new Set<ColumnId>();
  const columns: Shown[] = [];
  for (const each of kept as readonly unknown[]) {
    if (typeof each !== 'object' || each === null || !('id' in each) || !isColumn(each.id) || seen.has(each.id)) return null;
    const width = 'width' in each ? each.width : null;
    if (width !== null && (typeof width !== 'number' || !(width >= MIN_WIDTH && width <= MAX_WIDTH))) return null;
    seen.add(each.id);
    columns.push({ id: each.id, width });
  }
  return seen.has('name') ? columns : null;
}

/** Shows one that is hidden, at the end, or hides one that is shown; the name stays. */
export function toggleColumn(columns: readonly Shown[], id: ColumnId): readonly Shown[] {
  if (id === 'name') return columns;
  return columns.some(shown => shown.id === id) ? columns.filter(shown => shown.id !== id) : [...columns, { id, width: null }];
}

/** Puts one at a place among the others, within the ends. */
export function moveColumn(columns: readonly Shown[], id: ColumnId, to: number): readonly Shown[] {
  const moved = columns.find(shown => shown.id === id);
  if (moved === undefined) return columns;
  const rest = columns.filter(shown => shown !== moved);
  rest.splice(Math.min(Math.max(to, 0), rest.length), 0, moved);
  return rest;
}

export function resizeColumn(columns: readonly Shown[], id: ColumnId, width: number): readonly Shown[] {
  const within = Math.round(Math.min(Math.max(width, MIN_WIDTH), MAX_WIDTH));
  return columns.map(shown => (shown.id === id ? { id, width: within } : shown));
}

/** What goes first where there is no room, of columns that nobody chose. */
const YIELD: readonly ColumnId[] = ['peers', 'left', 'up', 'down', 'size'];

/** Those that fit: columns that were chosen stay and are scrolled to, the others give way. */
export function fittingColumns(columns: readonly Shown[], room: number): readonly Shown[] {
  if (!isDefault(columns)) return columns;
  let left = columns;
  for (const id of YIELD) {
    if (leastWidth(left) <= room) break;
    left = left.filter(shown => shown.id !== id);
  }
  return left;
}

/** Pixels that a row needs. */
export function leastWidth(columns: readonly Shown[]): number {
  const widths = columns.reduce((sum, { id, width }) => sum + (width ?? columnOf(id).width), 0);
  return widths + GAP * (columns.length - 1) + EDGES;
}

/** The columns for `grid-template-columns`. */
export function tracksOf(columns: readonly Shown[]): string {
  return columns
    .map(({ id, width }) => {
      const { grows, width: own } = columnOf(id);
      if (width !== null) return `${width}px`;
      return grows === undefined ? `${own}px` : `minmax(${own}px, ${grows}fr)`;
    })
    .join(' ');
}
