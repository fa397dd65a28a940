import { mediaTypeOf } from '../sw/media-types.ts';
import type { FileRow, TorrentDetail } from '../sw/view-model.ts';
import { playing, type Part } from './playing.ts';

/** Films and songs of kinds that no browser plays, by the endings of their names. */
const HOPELESS = /[.](avi|divx|wmv|asf|flv|m2ts|mts|mpe?g|vob|rmvb?|ogm|wma|ape|ac3|dts|mka)$/i;
const SOUNDS = /[.](wma|ape|ac3|dts|mka)$/i;
const SUBTITLES = /[.](srt|vtt)$/i;

/** Whether a file is one for the player, by its name: also one that it can only say about why it does not play. */
export function isFilm(name: string): boolean {
  return isPlayed(name) || HOPELESS.test(name);
}

function isPlayed(name: string): boolean {
  return /^(video|audio)[/]/.test(mediaTypeOf(name) ?? '');
}

/** Opens a file of a torrent in the player. */
export function play(detail: TorrentDetail, file: number): void {
  const row = detail.files[file];
  if (row === undefined) return;
  const name = nameOf(row);
  playing.value = {
    id: detail.id,
    file,
    name,
    size: row.size,
    isHopeless: !isPlayed(name),
    isSound: SOUNDS.test(name) || mediaTypeOf(name)?.startsWith('audio/') === true,
    subtitles: subtitlesOf(detail.files, name),
  };
}

/** Those that are chosen, and so come. */
function subtitlesOf(files: readonly FileRow[], film: string): Part[] {
  const stem = stemOf(film);
  const isNear = ({ name }: Part): number => (name.toLowerCase().startsWith(stem) ? 0 : 1);
  return files
    .flatMap((row, file) =>
      row.priority !== 'skip' && SUBTITLES.test(nameOf(row)) ? [{ file, name: nameOf(row), size: row.size }] : [],
    )
    .sort((a, b) => isNear(a) - isNear(b));
}

function nameOf({ path }: FileRow): string {
  return path.at(-1) ?? '';
}

/** A name without its ending, for comparisons. */
export function stemOf(name: string): string {
  return name.replace(/[.][^.]*$/, '').toLowerCase();
}
