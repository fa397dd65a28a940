/** Pieces painted as squares, in the colours of the theme. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PieceMap } from '../../sw/view-model.ts';
import { drawSquare, squareOf, type Grid, type Ink } from '../piece-grid.ts';

/** The colours by the roles that they have. */
const INK: Readonly<Record<keyof Ink, string>> = {
  have: 'var(--accent)',
  active: 'var(--warn)',
  missing: 'var(--text-2)',
  none: 'var(--bad)',
  skipped: 'var(--text-3)',
  edge: 'var(--border)',
};
/** What the colours depend on beside the theme that was chosen. */
const SCHEMES = ['(prefers-color-scheme: dark)', '(forced-colors: active)', '(prefers-contrast: more)'];

/** Another number whenever the colours may be others. */
export function useSchemes(): number {
  const times = useSignal(0);
  useEffect(() => {
    const lists = SCHEMES.map(query => matchMedia(query));
    const changed = (): void => {
      times.value++;
    };
    for (const list of lists) list.addEventListener('change', changed);
    return () => {
      for (const list of lists) list.removeEventListener('change', changed);
    };
  }, []);
  return times.value;
}

/** The whole map; the square `chosen` has a frame, -1: none. */
export function drawMap(canvas: HTMLCanvasElement, map: PieceMap, pieces: number, grid: Grid, chosen: number): void {
  const { columns, rows, step, squares } = grid;
  const pen = penOf(canvas, columns * step, rows * step);
  if (pen === null) return;
  const ink = inkOf(canvas);
  const place = (square: number): [number, number] => [(square % columns) * step, Math.floor(square / columns) * step];
  for (let square = 0; square < squares; square++)
    drawSquare(pen, ink, squareOf(map, pieces, grid, square), ...place(square), step);
  if (chosen < 0) return;
  const [x, y] = place(chosen);
  pen.strokeStyle = ink.missing;
  pen.lineWidth = 2;
  pen.strokeRect(x, y, step - 1, step - 1);
}

/** Bars from the first piece to the last, as high as there are sources; a low one in the colour of what is missing where there is none. */
export function drawSources(canvas: HTMLCanvasElement, sources: readonly number[], width: number, height: number): void {
  const pen = penOf(canvas, width, height);
  if (pen === null) return;
  const ink = inkOf(canvas);
  const most = Math.max(1, ...sources);
  const wide = width / sources.length;
  sources.forEach((count, at) => {
    const high = Math.max(3, Math.round((height * count) / most));
    pen.fillStyle = count === 0 ? ink.none : ink.missing;
    pen.fillRect(at * wide, height - high, Math.max(1, wide - 1), high);
  });
}

/** A clean canvas of that size, in pixels of the page. */
export function penOf(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  pen?.scale(scale, scale);
  return pen;
}

/** The colours as they are for that element now, which a canvas does not look up by itself. */
export function inkOf(canvas: HTMLCanvasElement): Ink {
  const probe = document.createElement('i');
  canvas.after(probe);
  const read = (colour: string): string => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const ink = {
    have: read(INK.have),
    active: read(INK.active),
    missing: read(INK.missing),
    none: read(INK.none),
    skipped: read(INK.skipped),
    edge: read(INK.edge),
  };
  probe.remove();
  return ink;
}
