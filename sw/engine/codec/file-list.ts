/** The files that an info dictionary lists: the list of v1 (BEP 3, 47) and the tree of v2 (BEP 52). */
import { refuse } from '../errors.ts';
import { BLOCK } from '../model/layout.ts';
import { safeName } from './paths.ts';
import type { Scan } from './scan.ts';

/** Past it a torrent is refused; no known one comes near. */
const MAX_FILES = 500_000;
/** Components of a path as listed. */
const MAX_PATH_DEPTH = 100;
/** Components of all paths together: a tree writes a folder once, but each file in it has a path of its own. */
const MAX_COMPONENTS = 5_000_000;
/** Bytes; so that the blocks of any file can be counted in 30 bits. */
const MAX_FILE_LENGTH = (2 ** 30 - 1) * BLOCK - 1;

/** A file as listed, its path made safe but perhaps not distinct. */
export interface ListedFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly pad: boolean;
  /** The root of its hash tree, in a v2 list; null in v1, and for an empty file. */
  readonly root: Uint8Array | null;
}

/** Older makers of torrents name their pads instead of marking them. */
const PAD_NAME = '_____padding_file_';

const utf8 = new TextDecoder('utf-8');

/** The text under a key, its UTF-8 variant first; null where there is none. */
export function textAt(scan: Scan, dict: number, key: string): string | null {
  const bytes = scan.string(scan.find(dict, `${key}.utf-8`)) ?? scan.string(scan.find(dict, key));
  return bytes === null ? null : utf8.decode(bytes);
}

/** What a component of a path is called here. */
export type Spelling = (component: Uint8Array) => string;

const safely: Spelling = component => safeName(utf8.decode(component));

/** The v1 files below a folder `name`, or the one file of that name; null where the torrent has no v1 part. */
export function readFileList(scan: Scan, info: number, name: string, spell = safely): ListedFile[] | null {
  const list = scan.find(info, 'files');
  if (scan.isList(list)) {
    const files = new Files();
    const paths = new PathReader(scan, spell);
    for (const entry of scan.items(list)) files.add(readListed(scan, entry, name, paths));
    return files.all;
  }
  if (scan.find(info, 'length') < 0) return null;
  return [{ path: [name], length: lengthAt(scan, info), pad: false, root: null }];
}

/** The v2 files; null where the torrent has no v2 part. */
export function readFileTree(scan: Scan, info: number, name: string, spell = safely): ListedFile[] | null {
  const tree = scan.find(info, 'file tree');
  if (tree < 0) return null;
  const files = new Files();
  readTree(scan, tree, [name], files, spell);
  const only = files.all[0];
  const isSingle = files.all.length === 1 && only?.path.length === 2 && !scan.isList(scan.find(info, 'files'));
  return isSingle ? [{ ...only, path: only.path.slice(1) }] : files.all;
}

function readListed(scan: Scan, entry: number, name: string, paths: PathReader): ListedFile {
  if (!scan.isDict(entry)) damaged('one of its files is no entry of a list');
  const length = lengthAt(scan, entry);
  const pad = hasAttribute(scan, entry, 'p');
  let list = scan.find(entry, 'path.utf-8');
  if (!scan.isList(list)) list = scan.find(entry, 'path');
  const path = paths.read(name, list);
  if (path === null && !pad) damaged('one of its files has no name');
  if (path === null) return { path: [name, '.pad', String(length)], length, pad, root: null };
  return { path, length, pad: pad || path.at(-1)!.includes(PAD_NAME), root: null };
}

/** Reads the paths of a list. Files of one folder mostly follow one another, so what one shares with the last is kept. */
class PathReader {
  readonly #scan: Scan;
  readonly #spell: Spelling;
  /** The components of the last path as listed, and as spelled. */
  readonly #tokens: number[] = [];
  readonly #names: string[] = [];

  constructor(scan: Scan, spell: Spelling) {
    this.#scan = scan;
    this.#spell = spell;
  }

  /** A path below `folder`; null where the list has nothing in it. */
  read(folder: string, list: number): string[] | null {
    const path = [folder];
    let depth = 0;
    for (const token of this.#scan.items(list)) {
      if (depth >= MAX_PATH_DEPTH) damaged('its folders are nested too deep for any disk');
      const name = this.#nameOf(token, depth++);
      if (name !== '') path.push(name);
    }
    if (depth === 0) return null;
    if (path.length === 1) path.push('_');
    return path;
  }

  #nameOf(token: number, depth: number): string {
    if (!this.#scan.isString(token)) damaged('the name of one of its files is no text');
    const last = this.#tokens[depth];
    if (last === undefined || this.#scan.compare(last, token) !== 0) {
      this.#names[depth] = this.#spell(this.#scan.string(token)!);
    }
    this.#tokens[depth] = token;
    return this.#names[depth]!;
  }
}

/** Recursion is bounded by the depth that the scanner accepts. */
function readTree(scan: Scan, directory: number, above: readonly string[], files: Files, spell: Spelling): void {
  if (!scan.isDict(directory)) damaged('its tree of files has something in it that is neither a file nor a folder');
  for (const { key, value } of scan.entries(directory)) {
    if (key.length === 0) damaged('its tree of files has an entry without a name');
    const name = spell(key);
    const path = name === '' ? above : [...above, name];
    const [first, ...rest] = scan.entries(value);
    if (first?.key.length === 0) {
      if (rest.length > 0) damaged('its tree of files has an entry that is both file and folder');
      files.add(readLeaf(scan, first.value, path.length > 1 ? path : [...path, '_']));
    } else {
      readTree(scan, value, path, files, spell);
    }
  }
}

function readLeaf(scan: Scan, leaf: number, path: readonly string[]): ListedFile {
  if (!scan.isDict(leaf)) damaged('its tree of files has a file that is no entry');
  if (hasAttribute(scan, leaf, 'p')) damaged('its tree of files has a pad, which only the older list may have');
  const length = lengthAt(scan, leaf);
  const root = scan.string(scan.find(leaf, 'pieces root'));
  if (length === 0) return { path, length, pad: false, root: null };
  if (root?.length !== 32 || root.every(byte => byte === 0)) damaged('one of its files has no hash');
  return { path, length, pad: false, root };
}

/** Collects files, within limits. */
class Files {
  readonly all: ListedFile[] = [];
  #components = 0;

  add(file: ListedFile): void {
    this.#components += file.path.length;
    if (this.all.length >= MAX_FILES || this.#components > MAX_COMPONENTS) {
      refuse('torrent-too-wide');
    }
    this.all.push(file);
  }
}

/** A symbolic link takes up nothing of the torrent, whatever length it gives; here it becomes an empty file. */
function lengthAt(scan: Scan, dict: number): number {
  if (hasAttribute(scan, dict, 'l')) return 0;
  const length = scan.integer(scan.find(dict, 'length'));
  if (length === null || length < 0) damaged('one of its files has no length');
  if (length > MAX_FILE_LENGTH) damaged('one of its files is larger than any disk');
  return length;
}

function hasAttribute(scan: Scan, dict: number, attribute: string): boolean {
  return scan.string(scan.find(dict, 'attr'))?.includes(attribute.charCodeAt(0)) ?? false;
}

/** What a person can do about a torrent that is not as it should be. */
export function damaged(what: string): never {
  return refuse('torrent-unusable', { detail: what });
}
