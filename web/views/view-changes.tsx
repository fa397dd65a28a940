import type { JSX } from 'preact';
import { deleteView, MAX_VIEW_NAME, renameView, saveView, viewMatter, type SavedView } from '../saved-views.ts';
import { Dialog } from '../ui/dialog.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { Menu } from '../ui/menu.tsx';

interface MenuProps {
  readonly view: SavedView;
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with a view. */
export function ViewMenu({ view, x, y, onClose }: MenuProps): JSX.Element {
  const items = [
    { label: 'Rename…', act: () => (viewMatter.value = { what: 'rename', view }) },
    { label: 'Delete…', danger: true, act: () => (viewMatter.value = { what: 'delete', view }) },
  ];
  return <Menu label={`The view ${view.name}`} items={items} x={x} y={y} onClose={onClose} />;
}

/** Asks for the name of a view, or whether it is to go. */
export function ViewDialog(): JSX.Element | null {
  const about = viewMatter.value;
  if (about === null) return null;
  const close = (): void => {
    viewMatter.value = null;
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
      {about.what === 'delete' && (
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
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
        </div>
      )}
    </Dialog>
  );
}
