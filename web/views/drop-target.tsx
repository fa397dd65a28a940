import { Download } from 'lucide';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { addFiles, addText } from '../adding.ts';
import { notify } from '../notices.ts';
import type * as Sharing from '../sharing.ts';
import { isTorrentFile, whyNothing } from '../sources.ts';
import { Icon } from '../ui/icon.tsx';
import { tellNotLoaded } from '../ui/lazy.tsx';
import { loadWords, words } from '../words/words.ts';

/** Takes what is dropped or pasted anywhere in the window, and shows that it does. */
export function DropTarget(): JSX.Element | null {
  const over = useSignal(false);
  useEffect(() => {
    // Entering a child leaves its parent: only the count says whether the pointer is still inside the window.
    let depth = 0;
    const takes = (event: DragEvent): boolean => {
      const types = event.dataTransfer?.types ?? [];
      return types.includes('Files') || types.includes('text/uri-list') || types.includes('text/plain');
    };
    const set = (value: number): void => {
      depth = Math.max(0, value);
      over.value = depth > 0;
    };
    const onEnter = (event: DragEvent): void => {
      if (takes(event)) set(depth + 1);
    };
    const onLeave = (event: DragEvent): void => {
      if (takes(event)) set(depth - 1);
    };
    const onOver = (event: DragEvent): void => {
      if (takes(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent): void => {
      set(0);
      if (event.dataTransfer === null || !takes(event)) return;
      event.preventDefault();
      takeIn(event.dataTransfer);
    };
    const onPaste = (event: ClipboardEvent): void => {
      if (event.clipboardData === null || isField(event.target)) return;
      const text = event.clipboardData.getData('text/plain');
      if (event.clipboardData.files.length > 0) takeFiles([...event.clipboardData.files]);
      else if (text.trim() === '') return;
      else takeText(text);
      event.preventDefault();
    };
    const abort = new AbortController();
    const { signal } = abort;
    addEventListener('dragenter', onEnter, { signal });
    addEventListener('dragleave', onLeave, { signal });
    addEventListener('dragover', onOver, { signal });
    addEventListener('drop', onDrop, { signal });
    addEventListener('paste', onPaste, { signal });
    return () => abort.abort();
  }, []);
  if (!over.value) return null;
  return (
    <div class="drop-target" aria-hidden="true">
      <div class="drop-inner">
        <Icon of={Download} size={28} />
        {words.window.drop()}
      </div>
    </div>
  );
}

function takeIn(data: DataTransfer): void {
  const entries = entriesOf(data);
  const [files, rest] = [[...data.files], entries.filter(entry => !entry.isFile || !isTorrentFile(entry))];
  if (entries.length > 0) {
    if (rest.length > 0) share(({ offerEntries }) => offerEntries(rest));
    if (rest.length < entries.length) void addFiles(files.filter(isTorrentFile));
  } else if (files.length > 0) takeFiles(files);
  else takeText(`${data.getData('text/uri-list')}\n${data.getData('text/plain')}`);
}

function takeText(text: string): void {
  if (!addText(text)) notify(whyNothing(text), 'bad');
}

/** Torrent files are added, others may be shared. */
function takeFiles(files: readonly File[]): void {
  const torrents = files.filter(isTorrentFile);
  const others = files.filter(file => !isTorrentFile(file));
  if (torrents.length > 0) void addFiles(torrents);
  if (others.length > 0) share(({ offerFiles }) => offerFiles(others));
}

/** What a drop consists of, to be asked at once: it is gone with the event. */
function entriesOf(data: DataTransfer): FileSystemEntry[] {
  return [...data.items].flatMap(item => item.webkitGetAsEntry() ?? []);
}

/** Fetches what shares files, where a person has any. */
function share(offer: (sharing: typeof Sharing) => void): void {
  Promise.all([import('../sharing.ts'), loadWords('sharing')])
    .then(([sharing]) => offer(sharing))
    .catch(tellNotLoaded);
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
}
