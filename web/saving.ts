/** Saves what is in this browser with its own download manager, while it comes as well. */
import { SAVE_ASK, SAVE_KEY, saveFilePath, saveFolderPath, saveTorrentPath, type SaveAnswer } from '../sw/api.ts';
import type { TorrentId } from '../sw/view-model.ts';
import { notify } from './notices.ts';
import { words } from './words/words.ts';

export function saveFile(id: TorrentId, file: number, name: string): void {
  void save(saveFilePath(id, file, name));
}

/** What is chosen in a folder; of the whole torrent where no names are given. */
export function saveFolder(id: TorrentId, names?: readonly string[]): void {
  void save(saveFolderPath(id, names));
}

/** Its .torrent file. */
export function saveTorrent(id: TorrentId): void {
  void save(saveTorrentPath(id));
}

/** Says why it cannot begin, else leads to the download, which leaves the page where it is. */
async function save(path: string): Promise<void> {
  const { refused, key } = await askToSave(path);
  if (refused === null) location.assign(path + SAVE_KEY + key);
  else notify(refused, 'bad');
}

/** Whether what is at that address can be saved. */
export async function askToSave(path: string): Promise<SaveAnswer> {
  try {
    const answer = await fetch(path + SAVE_ASK, { cache: 'no-store' });
    return (await answer.json()) as SaveAnswer;
  } catch {
    return { refused: words.saves.noAnswer(), key: '' };
  }
}
