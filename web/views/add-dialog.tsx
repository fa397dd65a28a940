import { useSignal } from '@preact/signals';
import { FilePlus, FolderUp, Upload } from 'lucide';
import type { JSX } from 'preact';
import { addFiles, addText, asking } from '../adding.ts';
import { offerFiles } from '../sharing.ts';
import { isAddress } from '../sources.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

/** Asks for a magnet link or .torrent files. */
export function AddDialog(): JSX.Element | null {
  return asking.value ? <Asking /> : null;
}

function Asking(): JSX.Element {
  const text = useSignal('');
  const wrong = useSignal(false);
  const close = (): void => {
    asking.value = false;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (addText(text.value)) close();
    else wrong.value = true;
  };
  return (
    <Dialog labelledBy="add-title" onCancel={close}>
      <form onSubmit={submit}>
        <h2 id="add-title">{words.add.title()}</h2>
        <label class="field">
          <span>{words.add.link()}</span>
          <textarea
            rows={3}
            autofocus
            spellcheck={false}
            placeholder="magnet:?xt=urn:btih:…"
            value={text}
            aria-invalid={wrong.value}
            aria-describedby={wrong.value ? 'add-wrong' : undefined}
            onInput={event => {
              text.value = event.currentTarget.value;
              wrong.value = false;
            }}
            onKeyDown={event => {
              if (event.key === 'Enter' && !event.shiftKey) submit(event);
            }}
          />
        </label>
        {wrong.value && (
          <p id="add-wrong" class="tone-bad" role="alert">
            {isAddress(text.value) ? words.window.webAddress() : words.add.notALink()}
          </p>
        )}
        <label class="button file-button">
          <Icon of={FilePlus} size={16} />
          {words.add.chooseFiles()}
          <input
            type="file"
            multiple
            accept=".torrent,application/x-bittorrent"
            onChange={event => {
              const files = [...(event.currentTarget.files ?? [])];
              if (files.length === 0) return;
              close();
              void addFiles(files);
            }}
          />
        </label>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {words.common.cancel()}
          </button>
          <button type="submit" class="button button-main" disabled={text.value.trim() === ''}>
            {words.add.add()}
          </button>
        </div>
      </form>
      {store.memory.value === null && (
        <div class="share-own">
          <p class="quiet">{words.add.shareInstead()}</p>
          <OwnFiles label={words.add.shareFiles()} icon={Upload} onChoose={close} />
          <OwnFiles label={words.add.shareFolder()} icon={FolderUp} isFolder onChoose={close} />
        </div>
      )}
    </Dialog>
  );
}

interface OwnProps {
  readonly label: string;
  readonly icon: typeof Upload;
  readonly isFolder?: boolean;
  onChoose(): void;
}

/** Chooses files of this computer that are to be shared, or a folder with all in it. */
export function OwnFiles({ label, icon, isFolder = false, onChoose }: OwnProps): JSX.Element {
  return (
    <label class="button file-button">
      <Icon of={icon} size={16} />
      {label}
      <input
        type="file"
        multiple
        ref={element => {
          if (element !== null) element.webkitdirectory = isFolder;
        }}
        onChange={event => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same choice may be made again.
          event.currentTarget.value = '';
          if (files.length === 0) return;
          onChoose();
          offerFiles(files);
        }}
      />
    </label>
  );
}
