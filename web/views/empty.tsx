import { Magnet } from 'lucide';
import type { JSX } from 'preact';
import { widen } from '../actions.ts';
import { addText, asking } from '../adding.ts';
import { shownText } from '../format.ts';
import { FREE_FILM } from '../free-film.ts';
import type { Filter } from '../list.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { SetUp } from './connection.tsx';
import { cannotHost, QuickOffer } from './quick-offer.tsx';

const NOTHING: Readonly<Record<Exclude<Filter, 'all'>, string>> = {
  downloading: 'Nothing is downloading.',
  seeding: 'Nothing is being seeded.',
  done: 'Nothing is done yet.',
  paused: 'Nothing is paused.',
  attention: 'Nothing is stuck. Nice.',
};

/** What stands in place of an empty list: why it is empty, and what to do next. */
export function EmptyList(): JSX.Element {
  if (store.unhosted.value !== '') return <Unhosted />;
  if (!store.loaded.value) return <p class="empty late">Starting the engine…</p>;
  if (store.counts.value.all === 0) return <FirstOpen />;
  const filter = store.filter.value;
  const label = store.label.value;
  const search = store.search.value.trim();
  return (
    <div class="empty">
      <p>
        {search !== ''
          ? `No name contains “${search}”.`
          : label !== null
            ? `Nothing here is labelled “${shownText(label)}”.`
            : filter === 'all'
              ? 'No torrents.'
              : NOTHING[filter]}
      </p>
      <button type="button" class="button" onClick={widen}>
        {search !== '' ? 'Clear search' : 'Show all torrents'}
      </button>
    </div>
  );
}

function Unhosted(): JSX.Element {
  return (
    <div class="empty empty-first">
      <span class="empty-mark">
        <Icon of={Magnet} size={28} />
      </span>
      <QuickOffer why={cannotHost()} />
    </div>
  );
}

function FirstOpen(): JSX.Element {
  return (
    <div class="empty empty-first">
      <span class="empty-mark">
        <Icon of={Magnet} size={28} />
      </span>
      <h2>Drop a .torrent, paste a magnet</h2>
      <p>Anywhere in this window. You choose the files before anything is downloaded.</p>
      <button type="button" class="button button-main" onClick={() => (asking.value = true)}>
        Add a torrent
      </button>
      {store.isAlone.value && (
        <p>
          Or try a free film:{' '}
          <button type="button" class="button button-small" onClick={() => addText(FREE_FILM.magnet)}>
            {FREE_FILM.name}
          </button>
        </p>
      )}
      {store.connection.value.state === 'unpaired' && <SetUp />}
      {cannotHost() !== '' && <QuickOffer why="" />}
    </div>
  );
}
