import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatAbout, formatPercent, fraction, isolated } from '../format.ts';
import { draft, type Draft } from '../shared.ts';
import { begin, cancel, obstacle } from '../sharing.ts';
import { store } from '../store.ts';
import { Bar } from '../ui/bar.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { words } from '../words/words.ts';
import { optionsOf, ShareFields, useShareFields } from './share-fields.tsx';

/** Files that are named one by one; of more than these a person learns how many there are. */
const NAMED = 100;

/** What is about to be shared, and how far it is. */
export function ShareSheet(): JSX.Element | null {
  const { value } = draft;
  return value === null ? null : <Sheet draft={value} />;
}

function Sheet({ draft: { files, size, done, refused, name: first } }: { draft: Draft }): JSX.Element {
  const fields = useShareFields(first);
  const { name } = fields;
  const isUnderWay = done !== null;
  const problem = obstacle({ size });
  useStay(isUnderWay);
  const submit = (event: Event): void => {
    event.preventDefault();
    void begin(optionsOf(fields));
  };
  return (
    <Dialog labelledBy="share-title" class="sheet" onCancel={cancel}>
      <form onSubmit={submit}>
        <div class="sheet-head">
          <h2 id="share-title">{isUnderWay ? words.share.underWay({ name: isolated(name.value) }) : words.share.title()}</h2>
          <span class="quiet">{words.share.what({ count: files.length, size: formatAbout(size) })}</span>
        </div>
        {isUnderWay ? <Progress done={done} size={size} /> : <ShareFields fields={fields} size={size} />}
        {!isUnderWay && files.length > 1 && <Names files={files} />}
        {!isUnderWay && (refused !== '' || problem !== '') && (
          <p class="note note-bad" role="alert">
            {problem === '' ? refused : problem}
          </p>
        )}
        <p class="quiet">{where()}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={cancel}>
            {words.common.cancel()}
          </button>
          {!isUnderWay && (
            <button type="submit" class="button button-main" disabled={problem !== '' || name.value.trim() === ''}>
              {words.share.share()}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** What becomes of the files, in sentences. */
function where(): string {
  return store.connection.value.state === 'unpaired' ? words.share.copied() : words.share.copiedBesideHelper();
}

function Names({ files }: Pick<Draft, 'files'>): JSX.Element {
  const named = files.slice(0, NAMED).map(({ path, file }) => ({ name: path.join('/'), size: file.size }));
  return (
    <ul class="share-files" aria-label={words.share.files()} tabIndex={0}>
      {named.map(({ name, size }) => (
        <li key={name}>
          <span>{name}</span>
          <span class="quiet">{formatAbout(size)}</span>
        </li>
      ))}
      {files.length > NAMED && <li class="quiet">{words.share.moreFiles({ count: files.length - NAMED })}</li>}
    </ul>
  );
}

function Progress({ done, size }: { done: number; size: number }): JSX.Element {
  const part = fraction(done, size);
  return (
    <div class="share-progress">
      <Bar value={part} tone="accent" />
      <p role="status">
        {words.share.progress({ share: formatPercent(part), done: formatAbout(done), size: formatAbout(size) })}
      </p>
    </div>
  );
}

/** Has the browser ask before the window is closed, which would call it off. */
function useStay(isUnderWay: boolean): void {
  useEffect(() => {
    if (!isUnderWay) return;
    const stay = (event: Event): void => event.preventDefault();
    addEventListener('beforeunload', stay);
    return () => removeEventListener('beforeunload', stay);
  }, [isUnderWay]);
}
