import { useSignal } from '@preact/signals';
import { Ellipsis } from 'lucide';
import type { JSX } from 'preact';
import { isDefault } from '../columns.ts';
import { columns } from '../list-choices.ts';
import { NEWEST_FIRST } from '../list.ts';
import { isShown, showView, viewMatter, views, type SavedView } from '../saved-views.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { lazy } from '../ui/lazy.tsx';
import { words } from '../words/words.ts';

const ViewMenu = lazy(
  async () => (await import('./view-changes.tsx')).ViewMenu,
  ({ onClose }) => onClose(),
  'views',
);
const ViewDialog = lazy(
  async () => (await import('./view-changes.tsx')).ViewDialog,
  () => (viewMatter.value = null),
  'views',
);

/** The list is narrowed, or looks other than it does where nobody chose, and no view has it so. */
function isWorthSaving(): boolean {
  const { filter, label, search, sort } = store;
  const isNarrowed = filter.value !== 'all' || label.value !== null || search.value.trim() !== '';
  const isArranged = !isDefault(columns.value) || sort.value.by !== NEWEST_FIRST.by || !sort.value.descending;
  // A filter alone is a press away as it is.
  const isMore = label.value !== null || search.value.trim() !== '' || isArranged;
  return store.page.value === 'torrents' && (isNarrowed || isArranged) && isMore && !views.value.some(isShown);
}

/** In the sidebar: the views by their names, and what saves one more. */
export function ViewList(): JSX.Element | null {
  const menu = useSignal<{ readonly view: SavedView; readonly x: number; readonly y: number } | null>(null);
  const offers = isWorthSaving();
  if (views.value.length === 0 && !offers) return null;
  return (
    <li class="side-gap">
      <p class="side-head" id="side-views">
        {words.table.views()}
      </p>
      <ul class="side-labels" aria-labelledby="side-views">
        {views.value.map(view => (
          <li key={view.name} class="side-view">
            <button
              type="button"
              class="side-item"
              aria-current={store.page.value === 'torrents' && isShown(view) ? 'true' : undefined}
              onClick={() => showView(view)}
              onContextMenu={event => {
                event.preventDefault();
                menu.value = { view, x: event.clientX, y: event.clientY };
              }}
            >
              <bdi class="side-label">{view.name}</bdi>
            </button>
            <button
              type="button"
              class="side-more"
              aria-label={words.table.viewActions({ name: view.name })}
              aria-haspopup="menu"
              onClick={event => {
                const { right, bottom } = event.currentTarget.getBoundingClientRect();
                menu.value = { view, x: right, y: bottom };
              }}
            >
              <Icon of={Ellipsis} size={14} />
            </button>
          </li>
        ))}
        {offers && (
          <li>
            <button type="button" class="side-item side-offer" onClick={() => (viewMatter.value = { what: 'save' })}>
              {words.table.saveView()}
            </button>
          </li>
        )}
      </ul>
      {menu.value !== null && <ViewMenu {...menu.value} onClose={() => (menu.value = null)} />}
      {viewMatter.value !== null && <ViewDialog />}
    </li>
  );
}

/** In a narrow window: the same among the filters. */
export function ViewChips(): JSX.Element {
  const menu = useSignal<{ readonly view: SavedView; readonly x: number; readonly y: number } | null>(null);
  const shown = views.value.find(isShown);
  return (
    <>
      {views.value.map(view => (
        <button
          key={`view ${view.name}`}
          type="button"
          class="chip"
          aria-current={isShown(view) ? 'true' : undefined}
          onClick={() => showView(view)}
          onContextMenu={event => {
            event.preventDefault();
            menu.value = { view, x: event.clientX, y: event.clientY };
          }}
        >
          <bdi>{view.name}</bdi>
        </button>
      ))}
      {shown !== undefined && (
        <button
          type="button"
          class="chip"
          aria-label={words.table.viewActions({ name: shown.name })}
          aria-haspopup="menu"
          onClick={event => {
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            menu.value = { view: shown, x: left, y: bottom };
          }}
        >
          <Icon of={Ellipsis} size={14} />
        </button>
      )}
      {isWorthSaving() && (
        <button type="button" class="chip" onClick={() => (viewMatter.value = { what: 'save' })}>
          {words.table.saveView()}
        </button>
      )}
      {menu.value !== null && <ViewMenu {...menu.value} onClose={() => (menu.value = null)} />}
      {viewMatter.value !== null && <ViewDialog />}
    </>
  );
}
