import type { LeftFiles } from '../sw/api.ts';
import type { RootRow } from '../sw/view-model.ts';
import { plural } from './format.ts';

const WHY: Readonly<Record<LeftFiles['why'], string>> = {
  'disk-full': 'the disk is full',
  'disk-quota': 'your quota on the disk is used up',
  'file-too-large': 'the trash holds no file so long',
  'read-only': 'the disk is read-only',
  denied: 'the trash or the folder does not let Starling',
  'folder-gone': 'the disk is not there',
  'file-gone': 'it was moved meanwhile',
  'file-busy': 'another torrent uses it',
  'file-unsafe': 'a link stands in the way',
  'file-conflict': 'it is longer than what was downloaded',
  io: 'the disk reported an error',
  limit: 'too much was under way',
  'daemon-away': 'the connection to the helper was lost meanwhile',
};

/** Which files of a removed torrent are still there, or may be, and why. */
export function describeLeft({ name, files, count, root, why }: LeftFiles, roots: readonly RootRow[]): string {
  const quoted = files.map(file => `“${file}”`);
  const rest = count - files.length;
  const list = rest > 0 ? [...quoted, plural(rest, 'other', 'others')] : quoted;
  const what = list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list.at(-1) ?? ''}` : (list[0] ?? '');
  const folder = roots.find(({ token }) => token === root)?.name;
  const where = folder === undefined ? 'there' : `in “${folder}”`;
  // The helper may have gone on deleting what it was asked for.
  const stays = why === 'daemon-away' ? 'may still be' : `could not be deleted and ${count === 1 ? 'is' : 'are'} still`;
  return `“${name}” was removed, but ${what} ${stays} ${where}: ${WHY[why]}.`;
}
