import type { JSX } from 'preact';
import { streamPath } from '../../sw/api.ts';
import { mediaTypeOf } from '../../sw/media-types.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { run } from '../actions.ts';
import { canReveal, reveal } from '../reveal.ts';
import { isFilm, play } from '../films.ts';
import { saveFile, saveFolder } from '../saving.ts';
import { words } from '../words/words.ts';
import { FileList } from './file-list.tsx';

/** The files of a torrent in the list: how much they are wanted may change at any time. Those in this browser can be saved out of it. */
export function Files({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  if (!detail.hasMetadata) return <p class="quiet">{words.inspector.filesLater()}</p>;
  const { id } = detail;
  const isHere = row.root === BROWSER_ROOT;
  const save = (path: readonly string[], file: number): void =>
    file < 0 ? saveFolder(id, path) : saveFile(id, file, path.at(-1) ?? '');
  return (
    <FileList
      key={id}
      files={detail.files}
      names={detail.names}
      priority={file => detail.files[file]?.priority ?? 'skip'}
      progress
      address={(file, name) => (isHere && mediaTypeOf(name) === null && !isFilm(name) ? undefined : streamPath(id, file, name))}
      onPlay={file => play(detail, file)}
      {...(isHere ? { onSave: save } : {})}
      {...(canReveal(row) ? { onReveal: (path: readonly string[]) => reveal(row, path) } : {})}
      onRename={(path, to) => run({ do: 'rename', id, path, to })}
      onPrioritise={(files, priority) => run({ do: 'prioritise', id, files, priority })}
    />
  );
}
