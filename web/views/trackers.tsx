import { useSignal } from '@preact/signals';
import { Copy, Ellipsis, RotateCw } from 'lucide';
import type { JSX } from 'preact';
import type { DhtRow, LsdRow, TorrentDetail, TrackerRow, WebSeedRow } from '../../sw/view-model.ts';
import { announce, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { formatBytes, formatDuration, formatRate, plural } from '../format.ts';
import { Icon } from '../ui/icon.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { setTiers, TrackerMenu } from './tracker-edit.tsx';
import { tiersOf } from '../tiers.ts';

/** A browser has no way to it. */
const NEEDS_HELPER = 'Needs the helper';
const EXAMPLE = 'https://tracker.example/announce';

export function Trackers({ detail }: { detail: TorrentDetail }): JSX.Element {
  const editing = useSignal<string | null>(null);
  const menu = useSignal<{ readonly url: string; readonly x: number; readonly y: number } | null>(null);
  const several = new Set(detail.trackers.map(({ tier }) => tier)).size < detail.trackers.length;
  return (
    <>
      <ul class="trackers" aria-label="Trackers">
        {detail.trackers.map(tracker => (
          <li key={tracker.url} class="tracker">
            {editing.value === tracker.url ? (
              <LineForm
                label={`New address of ${tracker.url}`}
                example={EXAMPLE}
                initial={tracker.url}
                action="Save"
                save={url =>
                  setTiers(
                    detail.id,
                    tiersOf(detail, other => (other === tracker.url ? url : other)),
                  )
                }
                onDone={() => (editing.value = null)}
              />
            ) : (
              <>
                <span class="tracker-url">{tracker.url}</span>
                {several && <span class="quiet">Tier {tracker.tier + 1}</span>}
                <span class={tracker.state === 'error' ? 'tone-warn' : 'quiet'}>{stateOf(tracker)}</span>
                <button
                  type="button"
                  class="icon-button"
                  aria-label={`Actions for ${tracker.url}`}
                  aria-haspopup="menu"
                  onClick={event => {
                    const box = event.currentTarget.getBoundingClientRect();
                    menu.value = { url: tracker.url, x: box.left, y: box.bottom };
                  }}
                >
                  <Icon of={Ellipsis} size={16} />
                </button>
              </>
            )}
          </li>
        ))}
        <li class="tracker">
          <span class="tracker-url">DHT</span>
          <span class="quiet">{detail.dht !== null && detail.outOfReach !== null ? NEEDS_HELPER : dhtState(detail.dht)}</span>
        </li>
        <li class="tracker">
          <span class="tracker-url">Local network</span>
          <span class="quiet">{detail.lsd !== null && detail.outOfReach !== null ? NEEDS_HELPER : lsdState(detail.lsd)}</span>
        </li>
        {detail.webSeeds.map(seed => (
          <li key={`web ${seed.url}`} class="tracker">
            <span class="tracker-url">{seed.url}</span>
            <span class={seed.text === '' ? 'quiet' : 'tone-warn'}>{webSeedState(seed)}</span>
            {isLeftAlone(seed) && (
              <button
                type="button"
                class="icon-button"
                aria-label={`Ask ${seed.url} again`}
                title="Ask again"
                onClick={() => run({ do: 'askWebSeed', id: detail.id, url: seed.url })}
              >
                <Icon of={RotateCw} size={16} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {detail.trackers.length > 0 && (
        <div class="tracker-actions">
          <button type="button" class="button button-small" onClick={() => announce([detail.id])}>
            <Icon of={RotateCw} size={14} />
            Ask all again
          </button>
          <button type="button" class="button button-small" onClick={() => void copy(urls(detail), 'trackers')}>
            <Icon of={Copy} size={14} />
            Copy all
          </button>
        </div>
      )}
      <LineForm
        label="New tracker"
        example={EXAMPLE}
        action="Add tracker"
        save={url => setTiers(detail.id, [...tiersOf(detail), [url]])}
      />
      {menu.value !== null && (
        <TrackerMenu detail={detail} {...menu.value} onEdit={url => (editing.value = url)} onClose={() => (menu.value = null)} />
      )}
    </>
  );
}

/** In tiers, with an empty line between, as other clients read them. */
function urls(detail: TorrentDetail): string {
  return tiersOf(detail)
    .map(tier => tier.join('\n'))
    .join('\n\n');
}

function dhtState(dht: DhtRow | null): string {
  if (dht === null) return 'Not used: this torrent is private';
  const again = dht.next > 0 ? `, again in ${formatDuration(dht.next)}` : '';
  const known = `${plural(dht.nodes, 'node', 'nodes')} known`;
  switch (dht.state) {
    case 'off':
      return 'Not in use now';
    case 'joining':
      return 'Looking for nodes';
    case 'waiting':
      return `To be searched, ${known}`;
    case 'searching':
      return `Searching now, ${known}`;
    case 'ok': {
      const swarm = dht.seeds >= 0 && dht.leechers >= 0 ? ` of about ${dht.seeds} complete and ${dht.leechers} others` : '';
      return `Found ${plural(dht.peers, 'peer', 'peers')}${swarm}${again}, ${known}`;
    }
  }
}

function lsdState(lsd: LsdRow | null): string {
  if (lsd === null) return 'Not used: this torrent is private';
  switch (lsd.state) {
    case 'off':
      return 'Not in use now';
    case 'waiting':
      return 'To be announced';
    case 'ok':
      return `Found ${plural(lsd.peers, 'peer', 'peers')}${lsd.next > 0 ? `, announced again in ${formatDuration(lsd.next)}` : ''}`;
  }
}

function swarmOf({ seeds, leechers }: TrackerRow): string {
  return seeds >= 0 && leechers >= 0 ? `${seeds} complete and ${leechers} others` : '';
}

function stateOf(tracker: TrackerRow): string {
  const ago = tracker.state === 'error' ? tracker.failed : tracker.ago;
  const again = `${ago >= 0 ? `, ${formatDuration(ago)} ago` : ''}${tracker.next >= 0 ? `, again in ${formatDuration(tracker.next)}` : ''}`;
  switch (tracker.state) {
    case 'idle':
      if (tracker.ago >= 0) return `Not asked now, answered ${formatDuration(tracker.ago)} ago`;
      if (tracker.next >= 0) return `Asked in ${formatDuration(tracker.next)}`;
      return tracker.failed >= 0 ? `Not asked now, asked in vain ${formatDuration(tracker.failed)} ago` : 'Not asked yet';
    case 'announcing':
      return 'Asking now';
    case 'ok': {
      const swarm = swarmOf(tracker);
      if (tracker.peers < 0) return `Introduces peers over WebRTC${swarm && `, ${swarm}`}${again}`;
      return `Answered with ${plural(tracker.peers, 'peer', 'peers')}${swarm && ` of ${swarm}`}${again}`;
    }
    case 'counted':
      return `${swarmOf(tracker) || 'Peers'}, to be reached over WebRTC alone${again}`;
    case 'error':
      return `Refused: “${tracker.text}”${again}`;
    case 'out-of-reach':
      return NEEDS_HELPER;
    case 'unsupported':
      return tracker.text === '' ? 'This kind of tracker is not supported yet' : tracker.text;
  }
}

function isLeftAlone({ state }: WebSeedRow): boolean {
  return state === 'waiting' || state === 'resting' || state === 'banned';
}

function webSeedState(seed: WebSeedRow): string {
  const brought = seed.downloaded > 0 ? `, ${formatBytes(seed.downloaded)} brought` : '';
  const why = seed.text === '' ? '' : `: “${seed.text}”`;
  const again = seed.next > 0 ? `, again in ${formatDuration(seed.next)}` : '';
  switch (seed.state) {
    case 'idle':
      return `Web seed, not asked now${brought}${why}`;
    case 'active':
      return `Web seed, sends ${formatRate(seed.down)}${brought}${why}`;
    case 'waiting':
      return `Web seed, failed${why}${again}`;
    case 'resting':
      return `Web seed, failed several times${why}${again}`;
    case 'banned':
      return `Web seed, not asked again${why}`;
  }
}
