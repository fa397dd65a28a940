import { Magnet } from 'lucide';
import type { JSX } from 'preact';
import { widen } from '../actions.ts';
import { addText, asking } from '../adding.ts';
import { isolated, shownText } from '../format.ts';
import { FREE_FILM } from '../free-film.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';
import { SetUp } from './connection.tsx';
import { cannotHost, QuickOffer } from './quick-offer.tsx';

/** Nothing was ever added, or all of it was removed: what stands there says how to add. */
export function isFirstOpen(): boolean {
  return store.loaded.value && store.counts.value.all === 0;
}

/** What stands in place of an empty list: why it is empty, and what to do next. */
export function EmptyList(): JSX.Element {
  if (store.isUnhosted.value) return <Unhosted />;
  if (!store.loaded.value) return <p class="empty late">{words.empty.starting()}</p>;
  if (isFirstOpen()) return <FirstOpen />;
  const filter = store.filter.value;
  const label = store.label.value;
  const search = store.search.value.trim();
  return (
    <div class="empty">
      <p>
        {search !== ''
          ? words.empty.noMatch({ search: isolated(search) })
          : label !== null
            ? words.empty.noneLabelled({ label: isolated(shownText(label)) })
            : words.empty[filter]()}
      </p>
      <button type="button" class="button" onClick={widen}>
        {search !== '' ? words.empty.clearSearch() : words.empty.showAll()}
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
      <h2>{words.empty.first()}</h2>
      <p>{words.empty.firstText()}</p>
      <button type="button" class="button button-main" onClick={() => (asking.value = true)}>
        {words.empty.add()}
      </button>
      {store.isAlone.value && (
        <p>
          {words.empty.freeFilm()}{' '}
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
