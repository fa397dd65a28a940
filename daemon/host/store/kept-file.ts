/**
 * A small file of the home that is kept beside the generation before. One that cannot be used, be it torn, of another kind or of another
 * form, is put aside, never deleted, and the generation before takes its place.
 */
import { constants, copyFile, lstat, readFile, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { hasCode, replaceFile } from './durable.ts';

/** Bytes. No file that is kept so comes near it. */
const MAX_BYTES = 16 << 20;
/** Of one file. One more takes the place of the last. */
const MAX_ASIDE = 9;

/** Hears, in words for people, of what was damaged and what is done about it. */
export type Complain = (text: string) => void;

/** What a text says; null where it says no such thing. */
export type Parse<T> = (text: string) => T | null;

interface KeptOptions<T> {
  readonly path: string;
  readonly parse: Parse<T>;
  /** Of what the file is, at the start of a sentence: `The list of folders`. */
  readonly what: string;
  readonly complain: Complain;
}

/**
 * `absent`: nothing was ever written. `whole`: all is well. `older`: the newest generation was damaged, and the one before is used.
 * `lost`: there was something, and none of it can be used.
 */
export type Condition = 'absent' | 'whole' | 'older' | 'lost';

interface Found {
  readonly remains?: string;
  readonly text?: string | null;
}

type Look<T> =
  | { readonly is: 'absent' }
  | { readonly is: 'whole'; readonly value: T; readonly text: string }
  | { readonly is: 'damaged'; readonly text: string };

export class KeptFile<T> {
  readonly path: string;
  /** What it said when it was opened; null where nothing can be used. */
  readonly value: T | null;
  readonly condition: Condition;
  /** The text of what was damaged, as far as it can be read. */
  readonly remains: string;
  /** The text that is in it, flushed; null where that is not known. */
  private text: string | null;
  private writing: Promise<void> = Promise.resolve();

  private constructor(path: string, condition: Condition, value: T | null, { remains = '', text = null }: Found) {
    this.path = path;
    this.condition = condition;
    this.value = value;
    this.remains = remains;
    this.text = text;
  }

  static async open<T>({ path, parse, what, complain }: KeptOptions<T>): Promise<KeptFile<T>> {
    const newest = await look(path, parse);
    if (newest.is === 'whole') return new KeptFile<T>(path, 'whole', newest.value, newest);
    const before = await look(previousOf(path), parse);
    const remains = [newest, before].map(one => (one.is === 'damaged' ? one.text : '')).join('\n');
    const names = [
      newest.is === 'damaged' ? await putAside(path) : '',
      before.is === 'damaged' ? await putAside(previousOf(path)) : '',
    ].filter(name => name !== '');
    const where = names.length > 0 ? ` What was damaged is kept as ${names.map(name => basename(name)).join(' and ')}.` : '';
    if (before.is === 'whole') {
      // Without a newest one the end came between two renames, and nobody was told of what is missing.
      if (newest.is === 'absent') return new KeptFile<T>(path, 'whole', before.value, {});
      // Two again; where the disk has no room for that it is as good as before.
      const text = await replaceFile(path, before.text).then(
        () => before.text,
        () => null,
      );
      complain(`${what} was damaged. The one before the last change is used.${where}`);
      return new KeptFile<T>(path, 'older', before.value, { remains, text });
    }
    if (newest.is === 'absent' && before.is === 'absent') return new KeptFile<T>(path, 'absent', null, {});
    complain(`${what} was damaged, and so was the one before it.${where}`);
    return new KeptFile<T>(path, 'lost', null, { remains });
  }

  /** Whether it says so by now, flushed. */
  holds(text: string): boolean {
    return this.text === text;
  }

  /**
   * One write after another: `say` is asked when its turn has come, so that of many who write at once the state that is last stays.
   * Resolves once that is flushed; what was there before stays as the generation before.
   */
  write(say: () => string): Promise<void> {
    return this.inTurn(say, async text => {
      const previous = previousOf(this.path);
      // From the start there are two, so that there is none whose loss loses all.
      if (!(await isThere(this.path)) && !(await isThere(previous))) await replaceFile(previous, text);
      await replaceFile(this.path, text, previous);
    });
  }

  /** Likewise, as both generations: what it does not say any more is in neither. Where it rejects, the newest is what it was. */
  writeBoth(say: () => string): Promise<void> {
    return this.inTurn(say, async text => {
      await replaceFile(previousOf(this.path), text);
      await replaceFile(this.path, text);
    });
  }

  private inTurn(say: () => string, put: (text: string) => Promise<void>): Promise<void> {
    const written = this.writing.then(async () => {
      const text = say();
      if (this.holds(text)) return;
      this.text = null;
      await put(text);
      this.text = text;
    });
    this.writing = written.catch(() => undefined);
    return written;
  }
}

/** A parse of JSON by the shape that it is to have. */
export function jsonOf<T>(shape: (value: unknown) => T | null): Parse<T> {
  return text => {
    try {
      return shape(JSON.parse(text));
    } catch {
      return null;
    }
  };
}

export function previousOf(path: string): string {
  return `${path}.previous`;
}

/** Renames what cannot be used, so that nothing is written over it; gives its new name, empty where that was not possible. */
export async function putAside(path: string): Promise<string> {
  for (const aside of asides(path)) {
    if (aside !== asides(path).at(-1) && (await isThere(aside))) continue;
    try {
      await rename(path, aside);
      return aside;
    } catch {
      return '';
    }
  }
  return '';
}

/** Keeps what a file says under such a name as well, once, before it is written over; false where that was not possible. */
export async function copyAside(path: string): Promise<boolean> {
  const text = await readSmall(path);
  for (const aside of asides(path)) {
    if ((await isThere(aside)) && (await readSmall(aside)) === text) return true;
    const isLast = aside === asides(path).at(-1);
    try {
      await copyFile(path, aside, isLast ? 0 : constants.COPYFILE_EXCL);
      return true;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) return false;
    }
  }
  return false;
}

function asides(path: string): readonly string[] {
  return Array.from({ length: MAX_ASIDE }, (_, index) => `${path}.damaged${index === 0 ? '' : `-${index + 1}`}`);
}

async function look<T>(path: string, parse: Parse<T>): Promise<Look<T>> {
  const text = await readSmall(path);
  if (text === undefined) return { is: 'absent' };
  const value = text === null ? null : parse(text);
  return value === null ? { is: 'damaged', text: text ?? '' } : { is: 'whole', value, text: text ?? '' };
}

/** The text of a file; undefined where there is none, null where it cannot be read or is no file that can have been meant. */
export async function readSmall(path: string): Promise<string | null | undefined> {
  try {
    const found = await lstat(path);
    // To open a pipe would wait for a writer.
    if (found.isDirectory() || found.isFIFO() || found.isSocket() || found.size > MAX_BYTES) return null;
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'ELOOP', 'ENXIO', 'EINVAL')) return null;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
