import type { JSX } from 'preact';
import { streamPath } from '../../sw/api.ts';
import type { TorrentDetail } from '../../sw/view-model.ts';
import { run } from '../actions.ts';
import { play } from '../playing.ts';
import { FileList } from './file-list.tsx';

/** The files of a torrent in the list: how much they are wanted may change at any time. */
export function Files({ detail }: { detail: TorrentDetail }): JSX.Element {
  if (!detail.hasMetadata) return <p class="quiet">The file list has not arrived yet. A peer sends it once one is found.</p>;
  return (
    <FileList
      key={detail.id}
      files={detail.files}
      names={detail.names}
      priority={file => detail.files[file]?.priority ?? 'skip'}
      progress
      address={(file, name) => streamPath(detail.id, file, name)}
      onPlay={file => play(detail, file)}
      onRename={(path, to) => run({ do: 'rename', id: detail.id, path, to })}
      onPrioritise={(files, priority) => run({ do: 'prioritise', id: detail.id, files, priority })}
    />
  );
}
