/** Saves what is in this browser with its own download manager, while it comes as well. */
import { SAVE_ASK, saveFilePath, saveFolderPath, type SaveAnswer } from '../sw/api.ts';
import type { TorrentId } from '../sw/view-model.ts';
import { notify } from './notices.ts';

export function saveFile(id: TorrentId, file: number, name: string): void {
  void save(saveFilePath(id, file, name));
}

/** What is chosen in a folder; of the whole torrent where no names are given. */
export function saveFolder(id: TorrentId, names?: readonly string[]): void {
  void save(saveFolderPath(id, names));
}

/** Says why it cannot begin, else leads to the download, which leaves the page where it is. */
async function save(path: string): Promise<void> {
  const refused = await refusalOf(path);
  if (refused === null) location.assign(path);
  else notify(refused, 'bad');
}

/** Why what is at that address cannot be saved, a sentence; null where it can. */
export async function refusalOf(path: string): Promise<string | null> {
  try {
    const answer = await fetch(path + SAVE_ASK, { cache: 'no-store' });
    return ((await answer.json()) as SaveAnswer).refused;
  } catch {
    return 'The engine did not answer. Nothing was saved; try again in a moment.';
  }
}
