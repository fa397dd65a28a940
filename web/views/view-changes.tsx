import type { JSX } from 'preact';
import { deleteView, MAX_VIEW_NAME, renameView, saveView, viewMatter, type SavedView } from '../saved-views.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Filled } from '../ui/filled.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { Menu } from '../ui/menu.tsx';
import { words } from '../words/words.ts';

interface MenuProps {
  readonly view: SavedView;
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with a view. */
export function ViewMenu({ view, x, y, onClose }: MenuProps): JSX.Element {
  const items = [
    { label: words.views.renameIt(), act: () => (viewMatter.value = { what: 'rename', view }) },
    { label: words.views.deleteIt(), danger: true, act: () => (viewMatter.value = { what: 'delete', view }) },
  ];
  return <Menu label={words.views.menu({ name: view.name })} items={items} x={x} y={y} onClose={onClose} />;
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
            <Filled text={words.views.deleteTitle} parts={{ name: <bdi>{about.view.name}</bdi> }} />
          </h2>
          <p class="quiet">{words.views.deleteMeans()}</p>
        </>
      ) : (
        <>
          <h2 id="view-title">{about.what === 'save' ? words.views.saveTitle() : words.views.renameTitle()}</h2>
          {about.what === 'save' && <p class="quiet">{words.views.saveMeans()}</p>}
          <LineForm
            label={words.views.name()}
            initial={about.what === 'rename' ? about.view.name : ''}
            action={about.what === 'save' ? words.views.save() : words.views.rename()}
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
            {words.common.cancel()}
          </button>
          <button
            type="button"
            class="button button-danger"
            onClick={() => {
              deleteView(about.view);
              close();
            }}
          >
            {words.views.delete()}
          </button>
        </div>
      )}
    </Dialog>
  );
}
