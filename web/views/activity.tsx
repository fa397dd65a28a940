import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { History, HistorySpan, RootRow } from '../../sw/view-model.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import { askHistory } from '../actions.ts';
import { formatAbout, formatAboutRate, formatCount, formatMoment, formatRate, formatRatio, formatTimes } from '../format.ts';
import { describeMoved, limitsNow, SPANS, speedUp } from '../history.ts';
import { store } from '../store.ts';
import { RatesTable } from '../chart/rates-table.tsx';
import { usePolled } from '../ui/polled.ts';
import { Speeds } from '../chart/speeds.tsx';
import { dayOf } from '../chart/times.ts';
import { layout } from '../ui/layout.ts';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';
import { VitalsSections } from './vitals.tsx';
import '../styles/activity.css';

const NO_LIMITS = { down: 0, up: 0 };

/** What all torrents do together, and how the ways to the network are. */
export function Activity(): JSX.Element {
  const span = useSignal<HistorySpan>('minutes');
  const period = SPANS.find(({ id }) => id === span.value)?.period ?? 1_000;
  const history = usePolled(() => askHistory(span.value, null), period, span.value);
  const settings = store.settings.value;
  const hasMoved = history !== null && (history.totals.ever.down > 0 || history.totals.ever.up > 0);
  return (
    <div class="activity">
      {layout.value !== 'phone' && <h1>{words.activity.title()}</h1>}
      <section class="activity-wide" aria-labelledby="activity-speed">
        <div class="activity-head">
          <h2 id="activity-speed">{words.activity.speed()}</h2>
          <span class="space" />
          <Spans span={span} />
        </div>
        {history === null ? (
          <p class="quiet late">{words.common.asking()}</p>
        ) : (
          <>
            {!hasMoved && <p>{words.activity.nothingYet()}</p>}
            <Faster history={history} />
            <Speeds
              history={history}
              span={span.value}
              limits={settings === null ? NO_LIMITS : limitsNow(settings, new Date())}
            />
          </>
        )}
      </section>
      <Now />
      {history !== null && <Totals totals={history.totals} />}
      {hasMoved && history.totals.days.length > 0 && <Days days={history.totals.days} />}
      <Space />
      <VitalsSections />
    </div>
  );
}

function Spans({ span }: { readonly span: Signal<HistorySpan> }): JSX.Element {
  return (
    <div class="segments" role="radiogroup" aria-label={words.activity.span()}>
      {SPANS.map(({ id, label }) => (
        <label key={id} class="segment">
          <input type="radio" name="span" value={id} checked={span.value === id} onChange={() => (span.value = id)} />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}

/** Only where both times were measured. */
function Faster({ history }: { readonly history: History }): JSX.Element | null {
  const found = speedUp(history);
  if (found === null) return null;
  const times = formatTimes(found.times);
  const [before, after] = [formatAboutRate(found.before), formatAboutRate(found.after)];
  return <p class="tone-good">{words.activity.faster({ times, before, after })}</p>;
}

function Now(): JSX.Element {
  const { downloading, seeding } = store.counts.value;
  return (
    <section aria-labelledby="activity-now">
      <h2 id="activity-now">{words.activity.now()}</h2>
      <dl class="facts">
        <Fact name={words.activity.download()} text={formatRate(store.down.value)} />
        <Fact name={words.activity.upload()} text={formatRate(store.up.value)} />
        <Fact name={words.activity.downloading()} text={formatCount(downloading)} />
        <Fact name={words.activity.seeding()} text={formatCount(seeding)} />
      </dl>
    </section>
  );
}

function Totals({ totals: { session, ever } }: { readonly totals: History['totals'] }): JSX.Element {
  const describe = (total: History['totals']['ever']): string =>
    words.activity.since({ moved: describeMoved(total), moment: formatMoment(total.since, Date.now()) });
  return (
    <section aria-labelledby="activity-totals">
      <h2 id="activity-totals">{words.activity.totals()}</h2>
      <dl class="facts">
        <Fact name={words.activity.session()} text={describe(session)} />
        <Fact name={words.activity.ever()} text={describe(ever)} />
        <Fact name={words.activity.ratio()} text={ever.down > 0 ? formatRatio(ever.up, ever.down) : words.activity.noRatio()} />
      </dl>
    </section>
  );
}

function Days({ days }: { readonly days: History['totals']['days'] }): JSX.Element {
  return (
    <section aria-labelledby="activity-days">
      <h2 id="activity-days">{words.activity.byDay()}</h2>
      <div class="rates-table activity-days" tabIndex={0} role="group" aria-label={words.activity.days()}>
        <RatesTable
          heads={[words.activity.day(), words.activity.downloaded(), words.activity.uploaded()]}
          rows={[...days]
            .reverse()
            .map(({ day, down, up }) => ({ name: dayOf(day), down: formatAbout(down), up: formatAbout(up) }))}
        />
      </div>
    </section>
  );
}

function Space(): JSX.Element {
  return (
    <section aria-labelledby="activity-space">
      <h2 id="activity-space">{words.activity.space()}</h2>
      <dl class="facts">
        {store.roots.value.map(root => (
          <Fact key={root.token} name={root.name} {...spaceOf(root)} />
        ))}
      </dl>
    </section>
  );
}

function spaceOf({ problem, free, token }: RootRow): { readonly text: string; readonly tone?: string } {
  if (problem !== '') return { text: translated(problem), tone: 'tone-warn' };
  if (free < 0) return { text: words.activity.spaceUnknown() };
  const { spaceHere, spaceFree } = words.activity;
  return { text: (token === BROWSER_ROOT ? spaceHere : spaceFree)({ free: formatAbout(free) }) };
}

function Fact({ name, text, tone = '' }: { readonly name: string; readonly text: string; readonly tone?: string }): JSX.Element {
  return (
    <div class="fact">
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd class={`number ${tone}`}>{text}</dd>
    </div>
  );
}
