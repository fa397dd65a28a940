import { useSignal, type Signal } from '@preact/signals';
import { ArrowLeft, Pause, Play, Trash2, X } from 'lucide';
import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { isRunning, pause, remove, resume } from '../actions.ts';
import { shownName } from '../format.ts';
import { selection } from '../selection.ts';
import { bind } from '../shortcuts.ts';
import { store, TABS, type Tab } from '../store.ts';
import { stepAlong } from '../ui/arrows.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { lazy } from '../ui/lazy.tsx';
import { Files } from './files.tsx';
import { General } from './general.tsx';
import { Log } from './log.tsx';
import { Peers } from './peers.tsx';
import { Pieces } from './pieces.tsx';
import { Trackers } from './trackers.tsx';
import { words } from '../words/words.ts';

const SpeedTab = lazy(
  async () => (await import('./speed.tsx')).SpeedTab,
  () => (store.tab.value = 'general'),
  'chart',
  'inspector',
  'history',
);

const MIN_HEIGHT = 160;
const HEIGHT = 318;

function labelOf(tab: Tab, detail: TorrentDetail | null): string {
  const texts = words.inspector;
  switch (tab) {
    case 'files':
      return detail?.hasMetadata === true ? texts.filesCount({ count: detail.files.length }) : texts.files();
    case 'peers':
      return detail === null ? texts.peers() : texts.peersCount({ count: detail.peers.length });
    case 'trackers':
      return detail === null ? texts.trackers() : texts.trackersCount({ count: detail.trackers.length });
    default:
      return texts[tab]();
  }
}

/** Everything about the torrent that the keyboard or the pointer stands on: a panel, a side sheet or a page. */
export function Inspector(): JSX.Element | null {
  const height = useSignal(HEIGHT);
  const id = selection.focused.value;
  const row = id === null ? undefined : store.row(id)?.value;
  if (!store.inspectorOpen.value) return null;
  const detail = store.detail.value?.id === id ? store.detail.value : null;
  const wide = layout.value === 'wide';
  return (
    <section
      class={`inspector inspector-${layout.value}`}
      aria-label={words.inspector.details()}
      style={wide ? { height: `${height.value}px` } : {}}
      onKeyDown={event => hear(event, null)}
    >
      {wide && <Separator height={height} />}
      {row === undefined ? (
        <div class="inspector-head">
          <p class="quiet">{words.inspector.selectOne()}</p>
          <CloseButton />
        </div>
      ) : (
        <>
          {layout.value !== 'wide' && <Title row={row} />}
          <div class="inspector-head">
            <Tabs detail={detail} />
            {layout.value === 'wide' && <CloseButton />}
          </div>
          <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${store.tab.value}`} tabIndex={0}>
            <TabContent row={row} detail={detail} />
          </div>
        </>
      )}
    </section>
  );
}

function close(): void {
  store.inspectorOpen.value = false;
}

const hear = bind('details', { closeDetails: close });

function CloseButton(): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label={words.inspector.close()} onClick={close}>
      <Icon of={X} size={18} />
    </button>
  );
}

function Title({ row }: { row: TorrentRow }): JSX.Element {
  const running = isRunning(row.id);
  const phone = layout.value === 'phone';
  return (
    <header class="inspector-title">
      {phone && (
        <button type="button" class="icon-button" aria-label={words.inspector.back()} onClick={close}>
          <Icon of={ArrowLeft} size={20} isDirected />
        </button>
      )}
      <h2>
        <bdi>{shownName(row.name)}</bdi>
      </h2>
      <button
        type="button"
        class="icon-button"
        aria-label={running ? words.inspector.pause() : words.inspector.resume()}
        onClick={() => (running ? pause([row.id]) : resume([row.id]))}
      >
        <Icon of={running ? Pause : Play} size={18} />
      </button>
      <button type="button" class="icon-button" aria-label={words.inspector.remove()} onClick={() => remove([row.id])}>
        <Icon of={Trash2} size={18} />
      </button>
      {!phone && <CloseButton />}
    </header>
  );
}

function Tabs({ detail }: { detail: TorrentDetail | null }): JSX.Element {
  const { value: tab } = store.tab;
  // There may be more tabs than fit beside each other.
  useLayoutEffect(
    () => document.getElementById(`tab-${tab}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
    [tab, layout.value],
  );
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = stepAlong(event.key);
    const next = TABS[(TABS.indexOf(store.tab.value) + step + TABS.length) % TABS.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    store.tab.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={words.inspector.details()} onKeyDown={onKeyDown}>
      {TABS.map(tab => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          class="tab"
          aria-selected={store.tab.value === tab}
          aria-controls="tab-panel"
          tabIndex={store.tab.value === tab ? 0 : -1}
          onClick={() => (store.tab.value = tab)}
        >
          {labelOf(tab, detail)}
        </button>
      ))}
    </div>
  );
}

function TabContent({ row, detail }: { row: TorrentRow; detail: TorrentDetail | null }): JSX.Element {
  const tab = store.tab.value;
  if (tab === 'general') return <General row={row} detail={detail} />;
  if (tab === 'speed') return <SpeedTab row={row} />;
  if (detail === null) return <Asking />;
  switch (tab) {
    case 'files':
      return <Files row={row} detail={detail} />;
    case 'peers':
      return <Peers row={row} detail={detail} />;
    case 'trackers':
      return <Trackers detail={detail} />;
    case 'pieces':
      if (detail.pieces === 0) return <p class="quiet">{words.inspector.piecesLater()}</p>;
      return detail.map === null ? <Asking /> : <Pieces map={detail.map} pieces={detail.pieces} />;
    case 'log':
      return detail.log === null ? <Asking /> : <Log key={detail.id} log={detail.log} />;
  }
}

function Asking(): JSX.Element {
  return <p class="quiet late">{words.common.asking()}</p>;
}

/** The panel's upper edge, dragged or moved by arrows to make it higher or lower. */
function Separator({ height }: { height: Signal<number> }): JSX.Element {
  const most = Math.round(innerHeight * 0.7);
  const resize = (pixels: number): void => {
    height.value = Math.min(Math.max(pixels, MIN_HEIGHT), most);
  };
  return (
    <div
      class="separator"
      role="separator"
      aria-orientation="horizontal"
      aria-label={words.inspector.height()}
      aria-valuenow={height.value}
      aria-valuemin={MIN_HEIGHT}
      aria-valuemax={most}
      tabIndex={0}
      onKeyDown={event => {
        const step = event.key === 'ArrowUp' ? 24 : event.key === 'ArrowDown' ? -24 : 0;
        if (step === 0) return;
        event.preventDefault();
        resize(height.value + step);
      }}
      onPointerDown={event => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={event => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) resize(innerHeight - event.clientY);
      }}
    />
  );
}
