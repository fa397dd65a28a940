import { signal, useSignal } from '@preact/signals';
import { Ellipsis } from 'lucide';
import type { JSX } from 'preact';
import { isDefault } from '../columns.ts';
import { columns } from '../list-choices.ts';
import { NEWEST_FIRST } from '../list.ts';
import { deleteView, isShown, MAX_VIEW_NAME, renameView, saveView, showView, views, type SavedView } from '../saved-views.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { Menu } from '../ui/menu.tsx';

/** What the dialog is about: a view that is to be saved, or one that there is. */
type Matter = { readonly what: 'save' } | { readonly what: 'rename' | 'delete'; readonly view: SavedView };

const matter = signal<Matter | null>(null);

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
        Views
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
              aria-label={`More about the view ${view.name}`}
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
            <button type="button" class="side-item side-offer" onClick={() => (matter.value = { what: 'save' })}>
              Save this view…
            </button>
          </li>
        )}
      </ul>
      {menu.value !== null && <ViewMenu {...menu.value} onClose={() => (menu.value = null)} />}
      <ViewDialog />
    </li>
  );
}

/** In a narrow window: the same among the filters. */
export function ViewChips(): JSX.Element {
  const menu = useSignal<{ readonly view: SavedView; readonly x: number; readonly y: number } | null>(null);
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
      {isWorthSaving() && (
        <button type="button" class="chip" onClick={() => (matter.value = { what: 'save' })}>
          Save this view…
        </button>
      )}
      {menu.value !== null && <ViewMenu {...menu.value} onClose={() => (menu.value = null)} />}
      <ViewDialog />
    </>
  );
}

interface MenuProps {
  readonly view: SavedView;
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

function ViewMenu({ view, x, y, onClose }: MenuProps): JSX.Element {
  const items = [
    { label: 'Rename…', act: () => (matter.value = { what: 'rename', view }) },
    { label: 'Delete…', danger: true, act: () => (matter.value = { what: 'delete', view }) },
  ];
  return <Menu label={`The view ${view.name}`} items={items} x={x} y={y} onClose={onClose} />;
}

function ViewDialog(): JSX.Element | null {
  const about = matter.value;
  if (about === null) return null;
  const close = (): void => {
    matter.value = null;
  };
  return (
    <Dialog labelledBy="view-title" onCancel={close}>
      {about.what === 'delete' ? (
        <>
          <h2 id="view-title">
            Delete the view “<bdi>{about.view.name}</bdi>”?
          </h2>
          <p class="quiet">The torrents in it stay as they are.</p>
        </>
      ) : (
        <>
          <h2 id="view-title">{about.what === 'save' ? 'Save this view' : 'Rename the view'}</h2>
          {about.what === 'save' && <p class="quiet">It keeps the filter, the label, the search, the order and the columns.</p>}
          <LineForm
            label="Name of the view"
            initial={about.what === 'rename' ? about.view.name : ''}
            action={about.what === 'save' ? 'Save' : 'Rename'}
            maxLength={MAX_VIEW_NAME}
            isAsked
            save={name => Promise.resolve((about.what === 'save' ? saveView(name) : renameView(about.view, name)) || null)}
            onDone={close}
          />
        </>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        {about.what === 'delete' && (
          <button
            type="button"
            class="button button-danger"
            onClick={() => {
              deleteView(about.view);
              close();
            }}
          >
            Delete view
          </button>
        )}
      </div>
    </Dialog>
  );
}
