import type { JSX } from 'preact';
import type { TorrentDetail, TrackerRow } from '../../sw/api.ts';
import { formatDuration, plural } from '../format.ts';

export function Trackers({ detail }: { detail: TorrentDetail }): JSX.Element {
  if (detail.trackers.length === 0) return <p class="quiet">This torrent names no tracker. Peers come from the link itself.</p>;
  return (
    <ul class="trackers" aria-label="Trackers">
      {detail.trackers.map(tracker => (
        <li key={tracker.url} class="tracker">
          <span class="tracker-url">{tracker.url}</span>
          <span class={tracker.state === 'error' ? 'tone-warn' : 'quiet'}>{stateOf(tracker)}</span>
        </li>
      ))}
    </ul>
  );
}

function stateOf(tracker: TrackerRow): string {
  const again = tracker.next >= 0 ? `, again in ${formatDuration(tracker.next)}` : '';
  switch (tracker.state) {
    case 'idle':
      return tracker.next >= 0 ? `Asked in ${formatDuration(tracker.next)}` : 'Not asked yet';
    case 'announcing':
      return 'Asking now';
    case 'ok': {
      const swarm =
        tracker.seeds >= 0 && tracker.leechers >= 0 ? ` of ${tracker.seeds} complete and ${tracker.leechers} others` : '';
      return `Answered with ${plural(tracker.peers, 'peer', 'peers')}${swarm}${again}`;
    }
    case 'error':
      return `Refused: “${tracker.text}”${again}`;
    case 'unsupported':
      return tracker.text === '' ? 'This kind of tracker is not supported yet' : tracker.text;
  }
}
