/** How much the files of a torrent are wanted, and what that means for its pieces. */
import type { FileEntry, Layout } from './model/layout.ts';

/** 0 is not wanted. */
export type Priority = 0 | 1 | 2 | 3 | 4;
export const PRIORITY = { skip: 0, low: 1, normal: 2, high: 3, first: 4 } as const;

/** `skip` is not wanted; of the others, what stands higher is fetched before what stands lower. */
export type FilePriority = keyof typeof PRIORITY;

/** A {@link Priority} by index of the file; files beyond its end have the normal one. */
export type FilePriorities = Uint8Array;

const NAMES: readonly FilePriority[] = ['skip', 'low', 'normal', 'high', 'first'];

export function priorityOf(priorities: FilePriorities, file: number): FilePriority {
  return NAMES[levelOf(priorities, file)] ?? 'normal';
}

export function levelOf(priorities: FilePriorities, file: number): Priority {
  return (priorities[file] ?? PRIORITY.normal) as Priority;
}

/** All are as they should be but these. */
export function skipping(files: readonly number[]): FilePriorities {
  const priorities = new Uint8Array(files.reduce((end, file) => Math.max(end, file + 1), 0)).fill(PRIORITY.normal);
  for (const file of files) priorities[file] = PRIORITY.skip;
  return priorities;
}

/** As they were, but these files with that priority. */
export function changed(priorities: FilePriorities, files: readonly number[], to: FilePriority): FilePriorities {
  const end = files.reduce((most, file) => Math.max(most, file + 1), priorities.length);
  const next = new Uint8Array(end).fill(PRIORITY.normal);
  next.set(priorities);
  for (const file of files) next[file] = PRIORITY[to];
  return next;
}

/** Of a record: what is no priority counts as the normal one. */
export function readPriorities(bytes: Uint8Array | null): FilePriorities {
  return (bytes ?? new Uint8Array(0)).map(level => (level <= PRIORITY.first ? level : PRIORITY.normal));
}

/** From the outside files are numbered without the pads, which nobody sees: the inner index of each that is shown. */
export function shownFiles(files: readonly Pick<FileEntry, 'pad'>[]): number[] {
  return files.flatMap((file, index) => (file.pad ? [] : [index]));
}

/** Each file's own, in the order of those shown; what is not given is normal. */
export function allPriorities(files: readonly FileEntry[], given: readonly FilePriority[]): FilePriorities {
  const priorities = new Uint8Array(files.length).fill(PRIORITY.normal);
  shownFiles(files).forEach((file, at) => (priorities[file] = PRIORITY[given[at] ?? 'normal']));
  return priorities;
}

/**
 * For each piece the highest priority of the files that it touches, so that no wanted file waits for its end. `firstLast`: the
 * first and the last piece of each wanted file come before everything else.
 */
export function piecePriorities(layout: Layout, levels: FilePriorities, firstLast: boolean): Uint8Array {
  const pieces = new Uint8Array(layout.pieceCount);
  levels.forEach((level, file) => {
    const span = level > 0 ? layout.piecesOf(file) : null;
    if (!span) return;
    const atEnds = firstLast ? PRIORITY.first : level;
    pieces[span.first] = Math.max(atEnds, pieces[span.first] ?? 0);
    pieces[span.last] = Math.max(atEnds, pieces[span.last] ?? 0);
    // What lies between belongs to this file alone.
    pieces.fill(level, span.first + 1, span.last);
  });
  return pieces;
}
