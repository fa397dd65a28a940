import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { formatAbout, formatPercent, fraction, plural } from '../format.ts';
import { begin, cancel, draft, obstacle, type Draft } from '../sharing.ts';
import { store } from '../store.ts';
import { Bar } from '../ui/bar.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { WEB_TRACKERS } from '../web-trackers.ts';

/** Files that are named one by one; of more than these a person learns how many there are. */
const NAMED = 100;

/** What is about to be shared, and how far it is. */
export function ShareSheet(): JSX.Element | null {
  const { value } = draft;
  return value === null ? null : <Sheet draft={value} />;
}

function Sheet({ draft: { files, size, done, refused, name: first } }: { draft: Draft }): JSX.Element {
  const name = useSignal(first);
  const trackers = useSignal(WEB_TRACKERS.join('\n'));
  const isPrivate = useSignal(false);
  const isUnderWay = done !== null;
  const problem = obstacle({ size });
  useStay(isUnderWay);
  const submit = (event: Event): void => {
    event.preventDefault();
    const urls = trackers.value.split(/\s+/).filter(url => url !== '');
    void begin({ name: name.value.trim(), trackers: urls, isPrivate: isPrivate.value });
  };
  return (
    <Dialog labelledBy="share-title" class="sheet" onCancel={cancel}>
      <form onSubmit={submit}>
        <div class="sheet-head">
          <h2 id="share-title">{isUnderWay ? `Sharing “${name.value}”` : 'Share files'}</h2>
          <span class="quiet">
            {plural(files.length, 'file', 'files')}, {formatAbout(size)}
          </span>
        </div>
        {isUnderWay ? <Progress done={done} size={size} /> : <Fields name={name} trackers={trackers} isPrivate={isPrivate} />}
        {!isUnderWay && files.length > 1 && <Names files={files} />}
        {!isUnderWay && (refused !== '' || problem !== '') && (
          <p class="note note-bad" role="alert">
            {problem === '' ? refused : problem}
          </p>
        )}
        <p class="quiet">{where()}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={cancel}>
            Cancel
          </button>
          {!isUnderWay && (
            <button type="submit" class="button button-main" disabled={problem !== '' || name.value.trim() === ''}>
              Share
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** What becomes of the files, in sentences. */
function where(): string {
  const copied = 'They are copied into this browser, and others fetch them from here as long as Starling is open in a window.';
  const { state } = store.connection.value;
  return state === 'unpaired'
    ? copied
    : `${copied} A window may not tell the helper where your files are: who fetches them has to reach a browser, over WebRTC.`;
}

interface FieldsProps {
  readonly name: Signal<string>;
  readonly trackers: Signal<string>;
  readonly isPrivate: Signal<boolean>;
}

function Fields({ name, trackers, isPrivate }: FieldsProps): JSX.Element {
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input
          class="text-input"
          autofocus
          spellcheck={false}
          maxLength={200}
          value={name}
          onInput={event => (name.value = event.currentTarget.value)}
        />
      </label>
      <details class="diagnostics">
        <summary>Trackers and privacy</summary>
        <div class="share-options">
          <label class="field">
            <span>Trackers, one a line. They introduce whoever has the link; browsers need those that begin with wss://</span>
            <textarea
              rows={4}
              spellcheck={false}
              value={trackers}
              onInput={event => (trackers.value = event.currentTarget.value)}
            />
          </label>
          <label class="choice">
            <input
              type="checkbox"
              class="check"
              checked={isPrivate}
              onChange={event => (isPrivate.value = event.currentTarget.checked)}
            />
            <span>Private: peers come from these trackers alone</span>
          </label>
        </div>
      </details>
    </>
  );
}

function Names({ files }: Pick<Draft, 'files'>): JSX.Element {
  const named = files.slice(0, NAMED).map(({ path, file }) => ({ name: path.join('/'), size: file.size }));
  return (
    <ul class="share-files" aria-label="Files" tabIndex={0}>
      {named.map(({ name, size }) => (
        <li key={name}>
          <span>{name}</span>
          <span class="quiet">{formatAbout(size)}</span>
        </li>
      ))}
      {files.length > NAMED && <li class="quiet">and {plural(files.length - NAMED, 'more file', 'more files')}</li>}
    </ul>
  );
}

function Progress({ done, size }: { done: number; size: number }): JSX.Element {
  const part = fraction(done, size);
  return (
    <div class="share-progress">
      <Bar value={part} tone="accent" />
      <p role="status">
        {formatPercent(part)}: {formatAbout(done)} of {formatAbout(size)} copied and checked
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
