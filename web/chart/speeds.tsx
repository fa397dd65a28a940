import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { History, HistorySpan } from '../../sw/view-model.ts';
import { formatRate } from '../format.ts';
import { describeMark, SPANS, summarise, tabulate } from '../history.ts';
import { Chart } from './chart.tsx';
import { momentOf } from './times.ts';
import { RatesTable } from './rates-table.tsx';
import { words } from '../words/words.ts';

const ROWS = 20;

interface Props {
  readonly history: History;
  readonly span: HistorySpan;
  /** Bytes a second, 0: none. */
  readonly limits: { readonly down: number; readonly up: number };
}

/** Rates over time: a chart, which arrows read out slot by slot, the same in a sentence, and as a table. */
export function Speeds({ history, span, limits }: Props): JSX.Element {
  const at = useSignal<number | null>(null);
  const { down, up, from, step } = history;
  const long = SPANS.find(({ id }) => id === span)?.long ?? '';
  const last = down.length - 1;
  const move = (event: KeyboardEvent): void => {
    const target = { ArrowLeft: (at.value ?? last + 1) - 1, ArrowRight: (at.value ?? last) + 1, Home: 0, End: last }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    at.value = Math.min(last, Math.max(0, target));
  };
  const read = at.value ?? last;
  const rate = (rates: readonly number[]): string =>
    (rates[read] ?? -1) < 0 ? words.chart.notMeasured() : formatRate(rates[read] ?? 0);
  const summary = summarise(history, long);
  return (
    <div class="rates">
      <div
        class="rates-chart"
        role="slider"
        tabIndex={0}
        aria-label={words.chart.label()}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={read}
        aria-valuetext={words.chart.slot({ moment: momentOf(from + read * step, span), down: rate(down), up: rate(up) })}
        onKeyDown={move}
        onBlur={() => (at.value = null)}
      >
        <Chart history={history} span={span} limits={limits} pointing={{ at: at.value, onPoint: point => (at.value = point) }} />
      </div>
      <p class="rates-now number" aria-hidden="true">
        <span class="quiet">{momentOf(from + read * step, span)}</span>
        <span class="down">↓ {rate(down)}</span>
        <span class="up">↑ {rate(up)}</span>
      </p>
      <p class="quiet">{summary}</p>
      <details class="rates-table">
        <summary>{words.chart.asTable()}</summary>
        <RatesTable
          heads={[words.chart.from(), words.chart.download(), words.chart.upload()]}
          rows={tabulate(history, ROWS).map(part => ({
            name: momentOf(part.from, span),
            down: part.down < 0 ? words.chart.notMeasured() : formatRate(part.down),
            up: part.up < 0 ? words.chart.notMeasured() : formatRate(part.up),
          }))}
        />
      </details>
      {history.marks.length > 0 && <Marks history={history} span={span} />}
    </div>
  );
}

const SHOWN = 12;

function Marks({ history: { marks }, span }: Pick<Props, 'history' | 'span'>): JSX.Element {
  return (
    <div>
      <p class="rates-head" id="rates-marks">
        {words.chart.marks()}
      </p>
      <ul class="marks" aria-labelledby="rates-marks">
        {marks
          .slice(-SHOWN)
          .reverse()
          .map(mark => (
            <li key={`${mark.at} ${mark.kind}`}>
              <span class="quiet number">{momentOf(mark.at, span)}</span>
              <bdi>{describeMark(mark)}</bdi>
            </li>
          ))}
      </ul>
    </div>
  );
}
