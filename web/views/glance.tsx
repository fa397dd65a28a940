import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PieceMap, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { askHistory } from '../actions.ts';
import { Chart } from '../chart/chart.tsx';
import { summarise } from '../history.ts';
import { describeMap, gridOf } from '../piece-grid.ts';
import { store, type Tab } from '../store.ts';
import { theme } from '../theme.ts';
import { drawMap, useSchemes } from '../ui/piece-canvas.ts';
import { usePolled } from '../ui/polled.ts';
import { words } from '../words/words.ts';

/** Pixels that the squares may take from the top down. */
const HEIGHT = 54;

/** How a torrent has done of late and what it has, each a picture with its sentence and the way to all of it. */
export function Glance({ row, detail }: { readonly row: TorrentRow; readonly detail: TorrentDetail | null }): JSX.Element {
  const history = usePolled(() => askHistory('minutes', row.id), 1_000, row.id);
  const map = detail?.map ?? null;
  return (
    <div class="glance">
      <section aria-label={words.chart.lastMinutes()}>
        <Head tab="speed" text={words.chart.lastMinutes()}>
          <span class="glance-down">{words.chart.download()}</span>
          <span class="glance-up">{words.chart.upload()}</span>
        </Head>
        <div class="glance-chart">
          {history !== null && <Chart history={history} span="minutes" limits={row.limits} pointing={null} />}
        </div>
        {history !== null && <p class="sr-only">{summarise(history, words.history.minutesLong())}</p>}
      </section>
      {detail !== null && map !== null && detail.pieces > 0 && (
        <section aria-label={words.inspector.pieces()}>
          <Head tab="pieces" text={describeMap(map, detail.pieces)} />
          <Strip map={map} pieces={detail.pieces} />
        </section>
      )}
    </div>
  );
}

function Head({ tab, text, children }: { tab: Tab; text: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="glance-head">
      <button type="button" class="text-button" onClick={() => (store.tab.value = tab)}>
        {text}
      </button>
      {children}
    </div>
  );
}

/** All pieces in a few rows; what it shows is said above it. */
function Strip({ map, pieces }: { readonly map: PieceMap; readonly pieces: number }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const redrawn = useSchemes();
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    width.value = element.clientWidth;
    const observer = new ResizeObserver(() => (width.value = element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (canvas.current !== null) drawMap(canvas.current, map, pieces, gridOf(map, Math.max(1, width.value), HEIGHT), -1);
  }, [map, pieces, width.value, theme.value, redrawn]);
  return (
    <div ref={frame} class="glance-strip">
      <canvas ref={canvas} aria-hidden="true" />
    </div>
  );
}
