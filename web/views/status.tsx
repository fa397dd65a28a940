import type { JSX } from 'preact';
import type { TorrentRow } from '../../sw/view-model.ts';
import { fraction, shownText } from '../format.ts';
import { store } from '../store.ts';
import { Bar } from '../ui/bar.tsx';
import { isComplete, needsAttention, statusOf } from '../words.ts';

/** What a torrent is doing, in words and their colour. */
export function StatusText({ row }: { row: TorrentRow }): JSX.Element {
  const status = statusOf(row, store.roots.value);
  const text = shownText(status.text);
  return (
    <span class={`tone-${status.tone}`} title={text}>
      {text}
    </span>
  );
}

/** How far it is; the colour repeats the status. */
export function ProgressBar({ row }: { row: TorrentRow }): JSX.Element {
  return <Bar value={fraction(row.done, row.size)} tone={toneOf(row)} />;
}

function toneOf(row: TorrentRow): 'plain' | 'accent' | 'good' | 'warn' | 'bad' {
  if (needsAttention(row)) return row.state === 'error' ? 'bad' : 'warn';
  if (isComplete(row)) return 'good';
  return row.state === 'paused' || row.state === 'queued' || row.state === 'waiting' ? 'plain' : 'accent';
}
