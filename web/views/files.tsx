import type { JSX } from 'preact';
import type { TorrentDetail } from '../../sw/api.ts';
import { run } from '../actions.ts';
import { FileList } from './file-list.tsx';

/** The files of a torrent in the list: what is wanted may change at any time. */
export function Files({ detail }: { detail: TorrentDetail }): JSX.Element {
  if (!detail.hasMetadata) return <p class="quiet">The file list has not arrived yet. A peer sends it once one is found.</p>;
  const want = (files: readonly number[], wanted: boolean): void => {
    const chosen = new Set(detail.files.flatMap((file, index) => (file.wanted ? [index] : [])));
    for (const file of files) {
      if (wanted) chosen.add(file);
      else chosen.delete(file);
    }
    run({ do: 'want', id: detail.id, wanted: [...chosen].sort((a, b) => a - b) });
  };
  return (
    <FileList key={detail.id} files={detail.files} wanted={file => detail.files[file]?.wanted ?? false} progress onWant={want} />
  );
}
