import { useSignal } from '@preact/signals';
import type { JSX, TargetedPointerEvent } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PieceMap } from '../../sw/view-model.ts';
import { describeMap, describeSquare, drawSquare, gridOf, sourcesOf, squareOf, type Grid, type Square } from '../piece-grid.ts';
import { theme } from '../theme.ts';
import { stepAlong } from '../ui/arrows.ts';
import { layout } from '../ui/layout.ts';
import { drawMap, drawSources, inkOf, penOf, useSchemes } from '../ui/piece-canvas.ts';
import { direction, words } from '../words/words.ts';

/** Pixels that the squares may take from the top down. */
const HEIGHT = 220;
const TALL = 420;
const SWATCH = 16;
/** Pixels: of a bar that says how many sources there are, with the gap behind it, and of all of them from the top down. */
const BAR = 4;
const BARS = 32;
const ONE = { first: 0, end: 1, have: 0, active: 0, skipped: 0, rarest: 255 };
const LEGEND: readonly { readonly label: () => string; readonly square: Square }[] = [
  { label: () => words.inspector.pieceHave(), square: { ...ONE, have: 1 } },
  { label: () => words.inspector.pieceActive(), square: { ...ONE, active: 1 } },
  { label: () => words.inspector.pieceMissing(), square: { ...ONE, rarest: 2 } },
  { label: () => words.inspector.pieceNone(), square: { ...ONE, rarest: 0 } },
  { label: () => words.inspector.pieceSkipped(), square: { ...ONE, skipped: 1 } },
];

/** Where the pieces are: a canvas to look at, and the same in words. */
export function Pieces({ map, pieces }: { readonly map: PieceMap; readonly pieces: number }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  /** The square that is pointed at; -1 for none. */
  const at = useSignal(-1);
  const redrawn = useSchemes();

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    width.value = element.clientWidth;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const isPhone = layout.value === 'phone';
  const grid = gridOf(map, Math.max(1, width.value), isPhone ? TALL : HEIGHT);
  const chosen = Math.min(at.value, grid.squares - 1);
  useLayoutEffect(() => {
    if (canvas.current !== null) drawMap(canvas.current, map, pieces, grid, chosen);
  }, [map, pieces, width.value, chosen, theme.value, redrawn]);

  const told =
    chosen >= 0
      ? describeSquare(squareOf(map, pieces, grid, chosen))
      : isPhone
        ? words.inspector.pieceTouch()
        : words.inspector.piecePoint();
  const pointed = (event: TargetedPointerEvent<HTMLCanvasElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const along = direction === 'rtl' ? box.right - event.clientX : event.clientX - box.left;
    const column = Math.floor(along / grid.step);
    const square = Math.floor((event.clientY - box.top) / grid.step) * grid.columns + column;
    at.value = column < grid.columns && square < grid.squares ? square : -1;
  };
  return (
    <div class="pieces">
      <p>{describeMap(map, pieces)}</p>
      <div ref={frame}>
        <canvas
          ref={canvas}
          class="pieces-grid"
          role="slider"
          tabIndex={0}
          aria-label={words.inspector.pieceLabel()}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={grid.squares - 1}
          aria-valuenow={Math.max(0, chosen)}
          aria-valuetext={told}
          onPointerMove={pointed}
          onPointerDown={pointed}
          onPointerLeave={() => (at.value = -1)}
          onKeyDown={event => {
            const to = moved(event.key, chosen, grid);
            if (to === null) return;
            event.preventDefault();
            at.value = Math.min(Math.max(to, 0), grid.squares - 1);
          }}
        />
      </div>
      <p class="quiet number pieces-told">{told}</p>
      <ul class="pieces-legend" aria-label={words.inspector.pieceLegend()}>
        {LEGEND.map(({ label, square }, index) => (
          <li key={index}>
            <Swatch square={square} redrawn={redrawn} />
            {label()}
          </li>
        ))}
      </ul>
      <Sources map={map} width={width.value} redrawn={redrawn} />
    </div>
  );
}

interface SourcesProps {
  readonly map: PieceMap;
  readonly width: number;
  readonly redrawn: number;
}

/** How many have each part of the torrent: a picture and its sentence. Nothing where nobody has any. */
function Sources({ map, width, redrawn }: SourcesProps): JSX.Element | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const sources = sourcesOf(map, Math.max(1, Math.floor(width / BAR)));
  const most = Math.max(0, ...sources);
  useLayoutEffect(() => {
    if (canvas.current !== null) drawSources(canvas.current, sources, width, BARS);
  }, [map, width, theme.value, redrawn]);
  if (most === 0) return null;
  return (
    <div>
      <p>{words.pieceMap.sources({ least: Math.min(...sources), most })}</p>
      <canvas ref={canvas} class="pieces-sources" aria-hidden="true" />
    </div>
  );
}

function Swatch({ square, redrawn }: { readonly square: Square; readonly redrawn: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const pen = canvas.current && penOf(canvas.current, SWATCH, SWATCH);
    if (canvas.current && pen) drawSquare(pen, inkOf(canvas.current), square, 0, 0, SWATCH);
  }, [theme.value, redrawn]);
  return <canvas ref={canvas} aria-hidden="true" />;
}

function moved(key: string, at: number, { columns, squares }: Grid): number | null {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowLeft':
      return at + stepAlong(key);
    case 'ArrowDown':
      return at < 0 ? 0 : at + columns;
    case 'ArrowUp':
      return at - columns;
    case 'Home':
      return 0;
    case 'End':
      return squares - 1;
    default:
      return null;
  }
}
