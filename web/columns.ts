/** The columns of the list: which there are, and which of them a person sees, in what order and how wide. */

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
  { id: 'name', label: 'Name', isNumber: false, width: 160, grows: 1.3 },
  { id: 'size', label: 'Size', isNumber: true, width: 66 },
  { id: 'progress', label: 'Progress', isNumber: false, width: 118 },
  { id: 'status', label: 'Status', isNumber: false, width: 150, grows: 1 },
  { id: 'down', label: 'Down', isNumber: true, width: 84 },
  { id: 'up', label: 'Up', isNumber: true, width: 76 },
  { id: 'left', label: 'Left', isNumber: true, width: 86 },
  { id: 'peers', label: 'Peers', isNumber: true, width: 46 },
  { id: 'seeds', label: 'Seeds', isNumber: true, width: 52 },
  { id: 'ratio', label: 'Ratio', isNumber: true, width: 56 },
  { id: 'uploaded', label: 'Uploaded', isNumber: true, width: 78 },
  { id: 'downloaded', label: 'Downloaded', isNumber: true, width: 90 },
  { id: 'labels', label: 'Labels', isNumber: false, width: 120 },
  { id: 'added', label: 'Added', isNumber: true, width: 132 },
  { id: 'finished', label: 'Finished', isNumber: true, width: 132 },
  { id: 'queue', label: 'Queue', isNumber: true, width: 60 },
  { id: 'folder', label: 'Folder', isNumber: false, width: 120 },
];
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
