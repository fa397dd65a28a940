import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { History, HistoryMark, HistorySpan } from '../../sw/view-model.ts';
import { formatAboutRate } from '../format.ts';
import { describeMark } from '../history.ts';
import { theme } from '../theme.ts';
import { clockOf } from './times.ts';
import './chart.css';

const HEIGHT = 220;
/** Of one that is looked at in passing, without axes. */
const LOW = 96;
/** Bytes a second at the top where nothing moves: an example, which the words beside it call so. */
const EXAMPLE = 1_000_000;

export interface ChartProps {
  readonly history: Pick<History, 'from' | 'step' | 'down' | 'up' | 'marks'>;
  readonly span: HistorySpan;
  /** Bytes a second, 0: none. */
  readonly limits: { readonly down: number; readonly up: number };
  /** What is pointed at; null: only a glance, low and without axes, in which nothing is. */
  readonly pointing: {
    /** The slot, by its place; null: none. */
    readonly at: number | null;
    readonly onPoint: (at: number | null) => void;
  } | null;
}

/** Rates over time as lines. What it shows is said beside it in words: it is a picture, and hidden from who cannot see it. */
export function Chart(props: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const shown = useRef(props);
  shown.current = props;
  const { history, span, limits, pointing } = props;
  const at = pointing?.at ?? null;
  const height = pointing === null ? LOW : HEIGHT;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new UPlot(
      options(element, height, () => shown.current),
      [[0], [null], [null]],
      element,
    );
    plot.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    fit.observe(element);
    const recolour = (): void => made.redraw(false, true);
    const schemes = [matchMedia('(prefers-color-scheme: dark)'), matchMedia('(forced-colors: active)')];
    for (const scheme of schemes) scheme.addEventListener('change', recolour);
    const forget = theme.subscribe(recolour);
    return () => {
      forget();
      for (const scheme of schemes) scheme.removeEventListener('change', recolour);
      fit.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    plot.current?.setData(dataOf(history));
  }, [history, span, limits.down, limits.up]);

  useEffect(() => {
    const made = plot.current;
    const time = made?.data[0][at ?? -1];
    if (made === null || made.cursor.idx === at) return;
    made.setCursor(time === undefined ? { left: -10, top: -10 } : { left: made.valToPos(time, 'x'), top: 0 }, false);
  }, [at]);

  return <div class="chart" style={{ height: `${height}px` }} ref={place} aria-hidden="true" />;
}

function dataOf({ from, step, down, up }: ChartProps['history']): UPlot.AlignedData {
  const times = down.map((_, at) => (from + at * step) / 1000);
  const gaps = (rates: readonly number[]): (number | null)[] => rates.map(rate => (rate < 0 ? null : rate));
  return [times, gaps(down), gaps(up)];
}

function options(element: HTMLElement, height: number, props: () => ChartProps): UPlot.Options {
  const isGlance = props().pointing === null;
  const styles = getComputedStyle(element);
  const colour = (name: string) => (): string => styles.getPropertyValue(name).trim();
  const axis = { show: !isGlance, stroke: colour('--chart-text'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  const series = (name: string, dash: number[]): UPlot.Series => ({
    stroke: colour(name),
    width: 1.5,
    dash,
    points: { show: false },
    spanGaps: false,
  });
  return {
    width: element.clientWidth,
    height,
    padding: isGlance ? [14, 0, 2, 0] : [14, 28, 0, 0],
    legend: { show: false },
    cursor: { show: !isGlance, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: (_, min, max) => [min, Math.max(min + 1, max)] },
      y: { range: (_, _min, max) => [0, top(max, props().limits)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        size: 26,
        values: (_, splits) => splits.map(split => clockOf(split * 1000, props().span)),
      },
      {
        ...axis,
        grid: { stroke: colour('--chart-line'), width: 1 },
        space: 38,
        size: 72,
        splits: (_, _axis, _min, max) => steps(max),
        values: (_, splits) => splits.map(formatAboutRate),
      },
    ],
    series: [{}, { ...series('--chart-down', []), fill: colour('--chart-fill') }, series('--chart-up', [6, 3])],
    hooks: {
      draw: [made => annotate(made, props(), colour)],
      setCursor: [
        ({ cursor: { idx }, cursor }) => props().pointing?.onPoint(idx == null || (cursor.left ?? -1) < 0 ? null : idx),
      ],
    },
  };
}

/** A limit is shown where it is not far above what moves. */
function top(max: number, { down, up }: ChartProps['limits']): number {
  const most = Math.max(max, 0);
  const near = [down, up].filter(limit => limit > 0 && limit < 4 * most);
  return most === 0 ? Math.max(EXAMPLE, down * 1.2, up * 1.2) : Math.max(most, ...near) * 1.15;
}

/** Round numbers, some four of them. */
function steps(max: number): number[] {
  const rough = max / 4;
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map(each => each * unit).find(each => each >= rough) ?? unit;
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, at) => at * step);
}

/** Limits as lines across, what happened as lines from top to bottom; the helper's coming in words as well. */
function annotate(made: UPlot, { history, limits }: ChartProps, colour: (name: string) => () => string): void {
  const { ctx, bbox } = made;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  for (const [name, limit] of [
    ['--chart-down', limits.down],
    ['--chart-up', limits.up],
  ] as const) {
    const y = made.valToPos(limit, 'y', true);
    if (limit === 0 || y < bbox.top) continue;
    ctx.strokeStyle = colour(name)();
    ctx.setLineDash([2 * ratio, 4 * ratio]);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  ctx.strokeStyle = ctx.fillStyle = colour('--chart-text')();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  for (const mark of history.marks) {
    const x = made.valToPos(mark.at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    if (isWorded(mark)) label(ctx, describeMark(mark), x, bbox, ratio);
  }
  ctx.restore();
}

function isWorded(mark: HistoryMark): boolean {
  return mark.kind === 'helper';
}

function label(ctx: CanvasRenderingContext2D, text: string, x: number, bbox: UPlot.BBox, ratio: number): void {
  const isLeft = x + ctx.measureText(text).width + 6 * ratio > bbox.left + bbox.width;
  ctx.textAlign = isLeft ? 'right' : 'left';
  ctx.fillText(text, x + (isLeft ? -5 : 5) * ratio, bbox.top + 9 * ratio);
}

function line(ctx: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  ctx.beginPath();
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
