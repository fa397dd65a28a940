import { useSignal } from '@preact/signals';
import { ArrowLeft, Folder } from 'lucide';
import type { JSX } from 'preact';
import type { FolderPage, HostAsk } from '../../sw/api.ts';
import { askHost } from '../actions.ts';
import { browsing, notAdded } from '../folders.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { LineForm } from '../ui/line-form.tsx';
import { words } from '../words/words.ts';

/** Goes through the folders of the helper's computer, where it has no dialog of its own. */
export function FolderDialog(): JSX.Element | null {
  const page = browsing.value;
  return page === null ? null : <Browser page={page} />;
}

function Browser({ page }: { page: FolderPage }): JSX.Element {
  const busy = useSignal(false);
  const making = useSignal(false);
  const refused = useSignal<string | null>(null);
  const close = (): void => {
    browsing.value = null;
  };
  /** Answers why it was refused; null when it was done. */
  const ask = async (what: HostAsk): Promise<string | null> => {
    busy.value = true;
    const answer = await askHost(what);
    busy.value = false;
    if (answer.folder !== null && browsing.value !== null) browsing.value = withMore(browsing.value, answer.folder, what);
    return answer.refused?.text ?? null;
  };
  const go = (folder: string, from = 0): void => {
    making.value = false;
    void ask({ do: 'list', folder, from }).then(why => (refused.value = why));
  };
  const add = async (): Promise<void> => {
    refused.value = await ask({ do: 'add', folder: page.folder });
    if (refused.value !== null) return;
    notAdded.value = '';
    close();
  };
  const { parent, folders } = page;
  return (
    <Dialog labelledBy="browser-title" class="browser" onCancel={close}>
      <div class="browser-head">
        {parent !== null && (
          <button
            type="button"
            class="icon-button"
            aria-label={words.folders.back()}
            disabled={busy.value}
            onClick={() => go(parent)}
          >
            <Icon of={ArrowLeft} size={18} isDirected />
          </button>
        )}
        <h2 id="browser-title">{page.name}</h2>
      </div>
      {parent === null && <p class="quiet">{words.folders.choose()}</p>}
      <ul class="browser-list" aria-labelledby="browser-title" aria-busy={busy.value}>
        {folders.map(({ token, name }) => (
          <li key={token}>
            <button type="button" class="browser-folder" disabled={busy.value} onClick={() => go(token)}>
              <Icon of={Folder} size={16} />
              <span>{name}</span>
            </button>
          </li>
        ))}
        {folders.length === 0 && <li class="quiet browser-empty">{words.folders.none()}</li>}
        {page.more && (
          <li>
            <button type="button" class="button" disabled={busy.value} onClick={() => go(page.folder, folders.length)}>
              {words.folders.showMore()}
            </button>
          </li>
        )}
      </ul>
      {refused.value !== null && (
        <p class="note note-bad" role="alert">
          {refused.value}
        </p>
      )}
      {making.value ? (
        <LineForm
          maxLength={255}
          isAsked
          label={words.folders.newFolderName()}
          initial=""
          action={words.folders.make()}
          save={name => ask({ do: 'make', folder: page.folder, name })}
          onDone={() => (making.value = false)}
        />
      ) : (
        <div class="dialog-actions">
          {parent !== null && (
            <button type="button" class="button browser-new" disabled={busy.value} onClick={() => (making.value = true)}>
              {words.folders.newFolder()}
            </button>
          )}
          <button type="button" class="button" onClick={close}>
            {words.common.cancel()}
          </button>
          <button type="button" class="button button-main" disabled={parent === null || busy.value} onClick={() => void add()}>
            {words.folders.addThis()}
          </button>
        </div>
      )}
    </Dialog>
  );
}

/** The next page of the same folder is put behind what is shown of it. */
function withMore(shown: FolderPage, next: FolderPage, what: HostAsk): FolderPage {
  if (what.do !== 'list' || what.from === 0 || next.folder !== shown.folder) return next;
  return { ...next, folders: [...shown.folders, ...next.folders] };
}
