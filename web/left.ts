import type { LeftFiles } from '../sw/api.ts';
import type { RootRow } from '../sw/view-model.ts';
import { DISK_TEXTS } from './disk-texts.ts';
import { formatNames, isolated, shownName } from './format.ts';
import { words } from './words/words.ts';

const WHY = {
  ...DISK_TEXTS,
  'daemon-away': 'daemonAway',
} as const satisfies Readonly<Record<LeftFiles['why'], string>>;

/** Which files of a removed torrent are still there, or may be, and why. */
export function describeLeft({ name, files, count, root, why }: LeftFiles, roots: readonly RootRow[]): string {
  const texts = words.left;
  const rest = count - files.length;
  const named = files.map(file => texts.file({ file: isolated(shownName(file)) }));
  const folder = roots.find(({ token }) => token === root)?.name;
  const values = {
    name: isolated(shownName(name)),
    files: formatNames(rest > 0 ? [...named, texts.others({ count: rest })] : named),
    where: folder === undefined ? 'there' : 'folder',
    folder: isolated(shownName(folder ?? '')),
    why: texts[WHY[why]](),
  };
  // The helper may have gone on deleting what it was asked for.
  return why === 'daemon-away' ? texts.maybe(values) : texts.still({ ...values, count });
}
