/**
 * Saves a torrent of this browser into a folder that a person chooses, a file after the other, from this window. What is there already is
 * never written over. A file is empty until it is whole, and away again where that fails.
 */
import { saveFilePath, saveListPath, type SaveFile } from '../sw/api.ts';
import type { TorrentId, TorrentRow } from '../sw/view-model.ts';
import { folderSave } from './folder-save.ts';
import { formatNames, isolated, shownName } from './format.ts';
import { notify } from './notices.ts';
import { askToSave } from './saving.ts';
import { loadTold, translated } from './told.ts';
import { words } from './words/words.ts';

/** Ms between two figures that are shown. */
const PERIOD = 500;
/** Ms until a file is asked for again that cannot be read just now. */
const LATER = 1_000;

/** Asks for the folder first; what comes of it is said at the edge of the window. */
export async function saveToFolder(row: Pick<TorrentRow, 'id' | 'name' | 'size'>): Promise<void> {
  const { id } = row;
  if (folderSave.value !== null) return notify(words.folderSave.oneAtATime(), 'bad');
  const folder = await chosenFolder();
  if (folder === null) return;
  const into = { folder: isolated(shownName(folder.name)) };
  const stopped = new AbortController();
  const tell = (name: string, saved: number, size: number): void => {
    folderSave.value = { name, folder: folder.name, saved, size, waits: '', stop: () => stopped.abort() };
  };
  const wait = (waits: string): void => {
    if (folderSave.value !== null) folderSave.value = { ...folderSave.value, waits };
  };
  let { name: top, size } = row;
  tell(top, 0, size);
  try {
    const files = await filesOf(id, stopped.signal);
    if (typeof files === 'string') return notify(files, 'bad');
    top = files[0]?.path[0] ?? '';
    size = files.reduce((sum, file) => sum + file.size, 0);
    const name = await freeName(folder, top);
    const left = await writeAll(id, files, folder, name, stopped.signal, wait, saved => tell(name, saved, size));
    if (left.length === 0) notify(words.folderSave.saved({ ...into, name: isolated(shownName(name)) }), 'lasting');
    else
      notify(
        words.folderSave.savedBut({
          ...into,
          name: isolated(shownName(name)),
          count: left.length,
          files: formatNames(left.slice(0, 3).map(file => isolated(shownName(file)))),
        }),
        'bad',
      );
  } catch (error) {
    if (stopped.signal.aborted) notify(words.folderSave.stopped({ ...into, name: isolated(shownName(top)) }));
    else notify(words.folderSave.failed({ ...into, name: isolated(shownName(top)), why: reasonOf(error) }), 'bad');
  } finally {
    folderSave.value = null;
  }
}

/** Null where a person thinks better of it. */
async function chosenFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    return (await window.showDirectoryPicker?.({ id: 'starling', mode: 'readwrite' })) ?? null;
  } catch (error) {
    // Its dialog was closed.
    if (!(error instanceof DOMException && error.name === 'AbortError'))
      notify(words.folderSave.noAccess({ why: reasonOf(error) }), 'bad');
    return null;
  }
}

/** Or why there are none, in a sentence. */
async function filesOf(id: TorrentId, signal: AbortSignal): Promise<readonly SaveFile[] | string> {
  const path = saveListPath(id);
  const { refused } = await askToSave(path);
  if (refused !== null) return refused;
  return (await (await fetch(path, { signal })).json()) as readonly SaveFile[];
}

/** As it is, or with a number behind it where something has that name. */
async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const dot = name.lastIndexOf('.');
    const at = dot > 0 ? dot : name.length;
    const candidate = number === 1 ? name : `${name.slice(0, at)} (${number})${name.slice(at)}`;
    if (!(await isTaken(folder, candidate))) return candidate;
  }
}

async function isTaken(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    if (error instanceof TypeError) throw new Error(words.folderSave.badName(), { cause: error });
    const problem = error instanceof DOMException ? error.name : '';
    if (problem === 'NotFoundError') return false;
    // It is there, and a folder.
    if (problem === 'TypeMismatchError') return true;
    throw error;
  }
}

/** Gives the files that were left out, by their paths. */
async function writeAll(
  id: TorrentId,
  files: readonly SaveFile[],
  folder: FileSystemDirectoryHandle,
  top: string,
  signal: AbortSignal,
  wait: (why: string) => void,
  tell: (saved: number) => void,
): Promise<readonly string[]> {
  let saved = 0;
  let shownAt = -Infinity;
  const show = (): void => {
    if (performance.now() < shownAt + PERIOD) return;
    shownAt = performance.now();
    tell(saved);
  };
  show();
  const left: string[] = [];
  for (const {
    index,
    path: [, ...inside],
    size: length,
  } of files) {
    const path = [top, ...inside];
    const done = await writeFile(folder, path, saveFilePath(id, index, path.at(-1) ?? ''), signal, wait, bytes => {
      saved += bytes;
      show();
    });
    if (done) continue;
    left.push(path.join('/'));
    saved += length;
  }
  return left;
}

/** False where the browser allows no such name there. */
async function writeFile(
  folder: FileSystemDirectoryHandle,
  path: readonly string[],
  from: string,
  signal: AbortSignal,
  wait: (why: string) => void,
  wrote: (bytes: number) => void,
): Promise<boolean> {
  const name = path.at(-1) ?? '';
  let within = folder;
  let file: FileSystemFileHandle;
  try {
    for (const each of path.slice(0, -1)) within = await within.getDirectoryHandle(each, { create: true });
    file = await within.getFileHandle(name, { create: true });
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
  let out: FileSystemWritableFileStream | undefined;
  try {
    // It is put beside the file until it is closed.
    out = await file.createWritable();
    const reader = (await bodyOf(from, signal, wait)).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      await out.write(part.value);
      wrote(part.value.length);
    }
    await out.close();
    return true;
  } catch (error) {
    await out?.abort().catch(() => undefined);
    await within.removeEntry(name).catch(() => undefined);
    throw error;
  }
}

/** Waits where too much is being saved at once, or the file cannot be read for another reason that passes. */
async function bodyOf(
  from: string,
  signal: AbortSignal,
  wait: (why: string) => void,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  for (;;) {
    const answer = await fetch(from, { signal, cache: 'no-store' });
    if (answer.ok && answer.body !== null) {
      wait('');
      return answer.body;
    }
    await loadTold();
    const why = translated((await answer.text()).trim());
    if (answer.status !== 503) throw new Error(why);
    wait(why);
    await new Promise(resolve => setTimeout(resolve, LATER));
  }
}

/** In a sentence. */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return words.folderSave.noRoom();
  if (error instanceof DOMException && error.name === 'NotAllowedError') return words.folderSave.notAllowed();
  const text = error instanceof Error ? error.message : String(error);
  return /\p{Sentence_Terminal}$/u.test(text) ? text : words.folderSave.reason({ text });
}
