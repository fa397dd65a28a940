import { useSignal } from '@preact/signals';
import { Copy, Ellipsis, RotateCw } from 'lucide';
import type { JSX } from 'preact';
import type { DhtRow, LsdRow, TorrentDetail, TrackerRow, WebSeedRow } from '../../sw/view-model.ts';
import { announce, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { formatBytes, formatDuration, formatRate, isolated } from '../format.ts';
import { Icon } from '../ui/icon.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { setTiers, TrackerMenu } from './tracker-edit.tsx';
import { tiersOf } from '../tiers.ts';
import { translated } from '../told.ts';
import { whether, words } from '../words/words.ts';

const EXAMPLE = 'https://tracker.example/announce';

export function Trackers({ detail }: { detail: TorrentDetail }): JSX.Element {
  const editing = useSignal<string | null>(null);
  const menu = useSignal<{ readonly url: string; readonly x: number; readonly y: number } | null>(null);
  const several = new Set(detail.trackers.map(({ tier }) => tier)).size < detail.trackers.length;
  return (
    <>
      <ul class="trackers" aria-label={words.inspector.trackerLabel()}>
        {detail.trackers.map(tracker => (
          <li key={tracker.url} class="tracker">
            {editing.value === tracker.url ? (
              <LineForm
                label={words.inspector.trackerNewAddress({ url: tracker.url })}
                example={EXAMPLE}
                initial={tracker.url}
                action={words.common.save()}
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
                <span class="tracker-url">
                  <bdi>{tracker.url}</bdi>
                </span>
                {several && <span class="quiet">{words.inspector.trackerTier({ tier: tracker.tier + 1 })}</span>}
                <span class={tracker.state === 'error' ? 'tone-warn' : 'quiet'}>{stateOf(tracker)}</span>
                <button
                  type="button"
                  class="icon-button"
                  aria-label={words.inspector.trackerActionsFor({ url: tracker.url })}
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
          <span class="quiet">
            {detail.dht !== null && detail.outOfReach !== null ? words.inspector.trackerNeedsHelper() : dhtState(detail.dht)}
          </span>
        </li>
        <li class="tracker">
          <span class="tracker-url">{words.inspector.trackerLocalNetwork()}</span>
          <span class="quiet">
            {detail.lsd !== null && detail.outOfReach !== null ? words.inspector.trackerNeedsHelper() : lsdState(detail.lsd)}
          </span>
        </li>
        {detail.webSeeds.map(seed => (
          <li key={`web ${seed.url}`} class="tracker">
            <span class="tracker-url">
              <bdi>{seed.url}</bdi>
            </span>
            <span class={seed.text === '' ? 'quiet' : 'tone-warn'}>{webSeedState(seed)}</span>
            {isLeftAlone(seed) && (
              <button
                type="button"
                class="icon-button"
                aria-label={words.inspector.trackerAskOneAgain({ url: seed.url })}
                title={words.inspector.trackerAskAgain()}
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
            {words.inspector.trackerAskAllAgain()}
          </button>
          <button type="button" class="button button-small" onClick={() => void copy(urls(detail), 'trackers')}>
            <Icon of={Copy} size={14} />
            {words.inspector.trackerCopyAll()}
          </button>
        </div>
      )}
      <LineForm
        label={words.inspector.trackerNew()}
        example={EXAMPLE}
        action={words.inspector.trackerAdd()}
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
  const texts = words.inspector;
  if (dht === null) return texts.trackerPrivate();
  switch (dht.state) {
    case 'off':
      return texts.trackerOff();
    case 'joining':
      return texts.trackerDhtJoining();
    case 'waiting':
      return texts.trackerDhtWaiting({ nodes: dht.nodes });
    case 'searching':
      return texts.trackerDhtSearching({ nodes: dht.nodes });
    case 'ok':
      return texts.trackerDhtFound({
        peers: dht.peers,
        ...swarmOf(dht),
        ...againIn(dht.next),
        nodes: dht.nodes,
      });
  }
}

function lsdState(lsd: LsdRow | null): string {
  const texts = words.inspector;
  if (lsd === null) return texts.trackerPrivate();
  switch (lsd.state) {
    case 'off':
      return texts.trackerOff();
    case 'waiting':
      return texts.trackerLsdWaiting();
    case 'ok':
      return texts.trackerLsdFound({ peers: lsd.peers, ...againIn(lsd.next) });
  }
}

/** When it is next, in seconds, where it is at all. */
function againIn(seconds: number) {
  return { again: whether(seconds > 0), next: formatDuration(seconds) };
}

/** How many have all of it and how many do not, where both are told. */
function swarmOf({ seeds, leechers }: Pick<TrackerRow, 'seeds' | 'leechers'>) {
  return { swarm: whether(seeds >= 0 && leechers >= 0), complete: seeds, others: leechers };
}

function stateOf(tracker: TrackerRow): string {
  const texts = words.inspector;
  const asked = tracker.state === 'error' ? tracker.failed : tracker.ago;
  const times = {
    asked: whether(asked >= 0),
    ago: formatDuration(asked),
    again: whether(tracker.next >= 0),
    next: formatDuration(tracker.next),
  };
  switch (tracker.state) {
    case 'idle':
      if (tracker.ago >= 0) return texts.trackerIdleAnswered(times);
      if (tracker.next >= 0) return texts.trackerIdleNext(times);
      return tracker.failed >= 0 ? texts.trackerIdleFailed({ ago: formatDuration(tracker.failed) }) : texts.trackerIdle();
    case 'announcing':
      return texts.trackerAnnouncing();
    case 'ok':
      return tracker.peers < 0
        ? texts.trackerIntroduces({ ...swarmOf(tracker), ...times })
        : texts.trackerAnswered({ peers: tracker.peers, ...swarmOf(tracker), ...times });
    case 'counted':
      return texts.trackerCounted({ ...swarmOf(tracker), ...times });
    case 'error':
      return texts.trackerRefused({ text: isolated(translated(tracker.text)), ...times });
    case 'out-of-reach':
      return texts.trackerNeedsHelper();
    case 'unsupported':
      return tracker.text === '' ? texts.trackerUnsupported() : translated(tracker.text);
  }
}

function isLeftAlone({ state }: WebSeedRow): boolean {
  return state === 'waiting' || state === 'resting' || state === 'banned';
}

function webSeedState({ state, text, downloaded, down, next: seconds }: WebSeedRow): string {
  const texts = words.inspector;
  const brought = { useful: whether(downloaded > 0), brought: formatBytes(downloaded) };
  const why = { told: whether(text !== ''), why: isolated(translated(text)) };
  const again = againIn(seconds);
  switch (state) {
    case 'idle':
      return texts.trackerSeedIdle({ ...brought, ...why });
    case 'active':
      return texts.trackerSeedActive({ rate: formatRate(down), ...brought, ...why });
    case 'waiting':
      return texts.trackerSeedWaiting({ ...why, ...again });
    case 'resting':
      return texts.trackerSeedResting({ ...why, ...again });
    case 'banned':
      return texts.trackerSeedBanned(why);
  }
}
