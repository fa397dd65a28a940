/**
 * Names of files as strangers wrote them, made safe to write on any system and distinct there. The same torrent gives
 * the same names everywhere and always, for what is on disk is found again by them.
 */
import { refuse } from '../errors.ts';

/** UTF-8 bytes of a name; file systems take 255, and a suffix may have to follow. */
export const MAX_NAME_BYTES = 240;
/** How often, over a whole torrent, a new name may turn out to be taken too. */
const MAX_DUPLICATES = 500;

/** Separators, and what reorders or hides the characters beside it: removed. */
const REMOVED = /[/\\\p{Cf}]/gu;
/** Control characters, line separators, undecodable bytes, and what Windows does not allow: each becomes _. */
const REPLACED = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd<>:"|?*]/gu;
/** Devices on Windows, whatever extension follows. */
const RESERVED = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?= *(?:\.|$))/i;
/** Whatever matches this needs none of the above. */
const PLAIN = /^[A-Za-z0-9_(][A-Za-z0-9_ .,()[\]+&'!#@=~-]*[A-Za-z0-9_)\]]$/;

/** One component of a path. "" for "." and "..", in any disguise, and for an empty one: it is to be left out. */
export function safeName(raw: string): string {
  if (/^\.*$/.test(raw)) return '';
  let name = raw;
  if (!PLAIN.test(raw)) name = withoutTail(raw.replace(REMOVED, '').replace(REPLACED, '_'));
  if (RESERVED.test(name)) name = `_${name}`;
  return shorten(name, '') || '_';
}

/** A folder as the most forgiving disk sees it; names are folded. */
interface Folder {
  readonly files: Set<string>;
  readonly folders: Map<string, Folder>;
}

/**
 * Gives each file a path that no other file and no folder has, where case and the composition of characters do not
 * count, as on many disks they don't: a second `a.txt` becomes `a.1.txt`. Files come in the torrent's order and the
 * first keeps its name.
 */
export function distinctPaths(paths: readonly (readonly string[])[]): (readonly string[])[] {
  const root = newFolder();
  // Folders first, so that no file takes the name of one that comes later.
  const folders = paths.map(folderFinder(root));
  let duplicates = 0;
  return paths.map((path, index) => {
    const { files, folders: inside } = folders[index]!;
    const name = path.at(-1)!;
    let candidate = name;
    for (let attempt = 1; ; attempt++) {
      const key = fold(candidate);
      if (!files.has(key) && !inside.has(key)) {
        files.add(key);
        return candidate === name ? path : [...path.slice(0, -1), candidate];
      }
      if (attempt > 1 && ++duplicates > MAX_DUPLICATES) {
        refuse('torrent-same-names');
      }
      candidate = shorten(name, `.${attempt}`);
    }
  });
}

/** Whether these paths, each made of safe names, can all be on one disk that is as forgiving. */
export function areDistinct(paths: readonly (readonly string[])[]): boolean {
  const find = folderFinder(newFolder());
  const folders = paths.map(find);
  return paths.every((path, index) => {
    const { files, folders: inside } = folders[index]!;
    const key = fold(path.at(-1)!);
    if (files.has(key) || inside.has(key)) return false;
    files.add(key);
    return true;
  });
}

/** Whether two paths are one on such a disk. */
export function areOne(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index] || fold(name) === fold(b[index]!));
}

/** Finds, or makes, the folder of a path; quick where many paths of one folder follow one another. */
function folderFinder(root: Folder): (path: readonly string[]) => Folder {
  let previous: readonly string[] = [''];
  let folder = root;
  return path => {
    if (path.length === previous.length && path.every((name, index) => index === path.length - 1 || name === previous[index]))
      return folder;
    previous = path;
    folder = root;
    for (let index = 0; index < path.length - 1; index++) {
      const key = fold(path[index]!);
      let inside = folder.folders.get(key);
      if (inside === undefined) {
        inside = newFolder();
        folder.folders.set(key, inside);
      }
      folder = inside;
    }
    return folder;
  };
}

function newFolder(): Folder {
  return { files: new Set(), folders: new Map() };
}

/** Two names are one on some disk if they fold to the same. */
function fold(name: string): string {
  if (/^[\x00-\x7f]*$/.test(name)) return name.toUpperCase();
  return name.normalize('NFC').toUpperCase().normalize('NFC');
}

const utf8 = new TextEncoder();

/** Puts `suffix` before the extension and cuts what stands before them so that all fits {@link MAX_NAME_BYTES}. */
function shorten(name: string, suffix: string): string {
  // No UTF-16 unit takes more than three bytes.
  if (suffix === '' && name.length * 3 <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 10 ? name.slice(dot) : '';
  const stem = name.slice(0, name.length - extension.length);
  let room = MAX_NAME_BYTES - utf8.encode(suffix + extension).length;
  let kept = '';
  for (const character of stem) {
    room -= utf8.encode(character).length;
    if (room < 0) break;
    kept += character;
  }
  return `${kept === stem ? kept : withoutTail(kept)}${suffix}${extension}`;
}

/**
 * Without dots and spaces at the end: Windows drops them, so that two names could be one. A loop, for a regular
 * expression looks at every run of them in the middle as well, and at each from each of its characters.
 */
function withoutTail(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === '.' || name[end - 1] === ' ')) end--;
  return name.slice(0, end);
}
