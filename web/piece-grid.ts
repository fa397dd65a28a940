/** A map of pieces as a grid of squares: how many fit, what each stands for, and how it is drawn. */
import type { PieceMap } from '../sw/view-model.ts';
import { formatCount, formatList, joinSentences } from './format.ts';
import { words } from './words/words.ts';

/** Pixels. */
const SMALLEST = 9;
const LARGEST = 18;
const GAP = 1;
const BYTES = 5;
const MANY = 255;

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a square, with the gap behind it. */
  readonly step: number;
  /** Cells of the map in each square. */
  readonly merged: number;
  readonly squares: number;
}

/** What a square stands for: pieces `first` to before `end`, and how many of them are where. */
export interface Square {
  readonly first: number;
  readonly end: number;
  readonly have: number;
  readonly active: number;
  readonly skipped: number;
  /** Sources of the rarest that is missing; 255: that many or more, or none is missing. */
  readonly rarest: number;
}

/** The largest squares that fit; where even small ones do not, neighbours share one. */
export function gridOf(map: PieceMap, width: number, height: number): Grid {
  const cells = map.cells.length / BYTES;
  for (let step = LARGEST; ; step--) {
    const columns = Math.max(1, Math.floor(width / step));
    const most = columns * Math.max(1, Math.floor(height / step));
    if (cells > most && step > SMALLEST) continue;
    const merged = Math.ceil(cells / most);
    const squares = Math.ceil(cells / merged);
    return { columns, rows: Math.ceil(squares / columns), step, merged, squares };
  }
}

export function squareOf(map: PieceMap, pieces: number, { merged }: Grid, square: number): Square {
  const [from, to] = [square * merged, (square + 1) * merged];
  let [have, active, skipped, rarest] = [0, 0, 0, MANY];
  for (let at = from * BYTES; at < Math.min(to * BYTES, map.cells.length); at += BYTES) {
    have += map.cells[at] ?? 0;
    active += map.cells[at + 1] ?? 0;
    skipped += map.cells[at + 2] ?? 0;
    rarest = Math.min(rarest, map.cells[at + 3] ?? MANY);
  }
  return { first: from * map.perCell, end: Math.min(to * map.perCell, pieces), have, active, skipped, rarest };
}

/** Sources of the rarest piece in each of so many stretches of the torrent, from its first piece to its last; 255: or more. */
export function sourcesOf({ cells }: PieceMap, stretches: number): number[] {
  const count = cells.length / BYTES;
  return Array.from({ length: Math.min(stretches, count) }, (_, at, all = Math.min(stretches, count)) => {
    let least = MANY;
    for (let cell = Math.floor((at * count) / all); cell < ((at + 1) * count) / all; cell++)
      least = Math.min(least, cells[cell * BYTES + 4] ?? MANY);
    return least;
  });
}

/** A square, in words. */
export function describeSquare({ first, end, have, active, skipped, rarest }: Square): string {
  const texts = words.pieceMap;
  const count = end - first;
  const missing = count - have - active - skipped;
  const isKnown = missing + active > 0 && rarest < MANY;
  if (count === 1) {
    const state = have === 1 ? 'here' : active === 1 ? 'active' : skipped === 1 ? 'skipped' : 'missing';
    const one = { piece: formatCount(first), state };
    if (!isKnown) return texts.one(one);
    return rarest === 0 ? texts.oneNobody(one) : texts.oneSources({ ...one, sources: rarest });
  }
  const parts = formatList(partsOf({ have, active, missing, skipped }));
  const many = { first: formatCount(first), last: formatCount(end - 1), parts };
  if (!isKnown) return texts.many(many);
  return rarest === 0 ? texts.manyNobody(many) : texts.manySources({ ...many, sources: rarest });
}

/** The whole map, in words. */
export function describeMap({ have, active, skipped, unavailable }: PieceMap, pieces: number): string {
  const missing = pieces - have - active - skipped;
  const parts = partsOf({ have, active, missing, skipped });
  const all = words.pieceMap.all({
    pieces,
    parts: formatList(have > 0 ? parts : [words.pieceMap.here({ count: formatCount(0) }), ...parts]),
  });
  return unavailable > 0 && missing > 0
    ? joinSentences(all, words.pieceMap.unavailable({ count: formatCount(unavailable) }))
    : all;
}

/** How many are where, without those places where none is. */
function partsOf(counts: Readonly<Record<'have' | 'active' | 'missing' | 'skipped', number>>): string[] {
  const texts = words.pieceMap;
  const { have, active, missing, skipped } = counts;
  return [
    have > 0 && texts.here({ count: formatCount(have) }),
    active > 0 && texts.active({ count: formatCount(active) }),
    missing > 0 && texts.missing({ count: formatCount(missing) }),
    skipped > 0 && texts.skipped({ count: formatCount(skipped) }),
  ].filter(part => part !== false);
}

export interface Ink {
  readonly have: string;
  readonly active: string;
  readonly missing: string;
  readonly none: string;
  readonly skipped: string;
  readonly edge: string;
}

type Pen = Pick<
  CanvasRenderingContext2D,
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'fillRect'
  | 'strokeRect'
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'stroke'
  | 'save'
  | 'restore'
  | 'rect'
  | 'clip'
>;

/**
 * Told apart without colour: what is here is filled from below, what is on its way is striped, what is missing is a frame with a
 * dot for each source up to three or a cross where there is none, what is left out is a line.
 */
export function drawSquare(
  pen: Pen,
  ink: Ink,
  { first, end, have, active, skipped, rarest }: Square,
  x: number,
  y: number,
  step: number,
): void {
  const size = step - GAP;
  const count = end - first;
  const missing = count - have - active - skipped;
  pen.lineWidth = 1;
  const filled = have === count ? size : Math.min(size - 1, Math.round((size * have) / count));
  if (skipped === count) return line(pen, ink.skipped, x + 1, y + size / 2, x + size - 1, y + size / 2);
  pen.strokeStyle = ink.edge;
  pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
  pen.fillStyle = ink.have;
  if (have > 0) pen.fillRect(x, y + size - Math.max(1, filled), size, Math.max(1, filled));
  if (active > 0) stripe(pen, ink.active, x, y, size, size - filled);
  else if (missing > 0 && rarest === 0) {
    line(pen, ink.none, x + 2, y + 2, x + size - 2, y + size - 2);
    line(pen, ink.none, x + size - 2, y + 2, x + 2, y + size - 2);
  } else if (missing > 0 && have === 0) {
    pen.fillStyle = ink.missing;
    const dot = Math.max(1, Math.floor(size / 6));
    for (let at = 0; at < Math.min(rarest, 3); at++) pen.fillRect(x + 2 + at * (dot + 1), y + 2, dot, dot);
  }
}

function stripe(pen: Pen, colour: string, x: number, y: number, width: number, height: number): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, Math.max(height, 3));
  pen.clip();
  for (let at = -width; at < width; at += 4) line(pen, colour, x + at, y + width, x + at + width, y, 1.5);
  pen.restore();
}

function line(pen: Pen, colour: string, x1: number, y1: number, x2: number, y2: number, width = 1): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
