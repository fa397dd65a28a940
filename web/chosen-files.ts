/** Files and folders of a person's own, as they were picked or dropped. */
import type { ShareFile } from '../sw/share.ts';
import { words } from './words/words.ts';

/** Of one choice; more would be a mistake. */
export const MAX_CHOSEN = 50_000;

export class TooMany extends Error {}

/** Files that are to be shared together, and what to call them at first. */
export interface Chosen {
  readonly name: string;
  readonly files: readonly ShareFile[];
}

/** Files as an input gives them; those of a folder know their place in it. */
export function chosenFiles(files: readonly File[]): Chosen | null {
  if (files.length > MAX_CHOSEN) throw new TooMany();
  return together(
    files.map(file => ({ path: file.webkitRelativePath === '' ? [file.name] : file.webkitRelativePath.split('/'), file })),
  );
}

/** All files in what was dropped, those of its folders too. Rejects where one of them cannot be read. @throws {TooMany} */
export async function filesIn(entries: readonly FileSystemEntry[]): Promise<Chosen | null> {
  const files: ShareFile[] = [];
  const walk = async (entry: FileSystemEntry, path: readonly string[]): Promise<void> => {
    const here = [...path, entry.name];
    if (isFile(entry)) {
      if (files.length >= MAX_CHOSEN) throw new TooMany();
      files.push({ path: here, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) });
    } else if (isFolder(entry)) {
      for (const inner of await listOf(entry)) await walk(inner, here);
    }
  };
  for (const entry of entries) await walk(entry, []);
  return together(files);
}

async function listOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // It gives so many at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    if (all.length + some.length > MAX_CHOSEN) throw new TooMany();
    all.push(...some);
  }
}

/** One file is itself, one folder gives its name to all in it, and whatever else there is comes into a new one. */
function together(files: readonly ShareFile[]): Chosen | null {
  const [first] = files;
  if (first === undefined) return null;
  const [top = ''] = first.path;
  if (files.length === 1 && first.path.length === 1) return { name: top, files: [{ path: [], file: first.file }] };
  if (files.every(({ path }) => path.length > 1 && path[0] === top))
    return { name: top, files: files.map(({ path, file }) => ({ path: path.slice(1), file })) };
  return { name: words.sharing.andMore({ name: withoutExtension(top) }), files };
}

export function withoutExtension(name: string): string {
  return name.replace(/(?<=.)\.[A-Za-z0-9]{1,5}$/, '');
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
