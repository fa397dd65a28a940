import { useSignal } from '@preact/signals';
import { CircleAlert, Copy, Info, Search, TriangleAlert } from 'lucide';
import type { JSX } from 'preact';
import type { LogEntry, LogKind } from '../../sw/view-model.ts';
import { copy } from '../clipboard.ts';
import { describeEntry, entriesOf, formatStamp, KINDS } from '../log-words.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

const LEVELS = {
  info: { icon: Info, tone: 'quiet' },
  warn: { icon: TriangleAlert, tone: 'tone-warn' },
  error: { icon: CircleAlert, tone: 'tone-bad' },
} as const;

/** What happened to a torrent since the engine began, the latest first. */
export function Log({ log }: { readonly log: readonly LogEntry[] }): JSX.Element {
  const kind = useSignal<LogKind | null>(null);
  const search = useSignal('');
  const shown = entriesOf(log, kind.value, search.value);
  const text = (): string =>
    shown.map(entry => `${new Date(entry.at).toISOString()} ${entry.level} ${describeEntry(entry)}`).join('\n');
  return (
    <>
      <div class="log-head">
        <select
          class="select"
          aria-label={words.inspector.logKind()}
          value={kind.value ?? ''}
          onChange={event => (kind.value = KINDS.find(each => each.kind === event.currentTarget.value)?.kind ?? null)}
        >
          <option value="">{words.inspector.logAll()}</option>
          {KINDS.map(each => (
            <option key={each.kind} value={each.kind}>
              {each.label}
            </option>
          ))}
        </select>
        <label class="search log-search">
          <Icon of={Search} size={14} />
          <span class="sr-only">{words.inspector.logSearch()}</span>
          <input
            type="search"
            placeholder={words.inspector.logSearch()}
            value={search}
            onInput={event => (search.value = event.currentTarget.value)}
          />
        </label>
        <button type="button" class="button button-small" disabled={shown.length === 0} onClick={() => void copy(text(), 'log')}>
          <Icon of={Copy} size={14} />
          {words.inspector.logCopy()}
        </button>
      </div>
      {shown.length === 0 ? (
        <p class="quiet">{log.length === 0 ? words.inspector.logEmpty() : words.inspector.logNoMatch()}</p>
      ) : (
        <ol class="log" aria-label={words.inspector.logLabel()}>
          {shown.map(entry => (
            <li key={entry.n} class="log-line">
              <time class="quiet number" dateTime={new Date(entry.at).toISOString()}>
                {formatStamp(entry.at)}
              </time>
              <Level of={entry.level} />
              <span class="log-text">{describeEntry(entry)}</span>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function Level({ of }: { readonly of: LogEntry['level'] }): JSX.Element {
  const { icon, tone } = LEVELS[of];
  const label = words.inspector.logLevel({ level: of });
  return (
    <span class={tone} role="img" aria-label={label} title={label}>
      <Icon of={icon} size={14} />
    </span>
  );
}
