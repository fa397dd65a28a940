/** A page of docs/ that names files and, behind those of tests, titles in “quotes”. */
import { existsSync, readFileSync } from 'node:fs';

const top = new URL('../../', import.meta.url);

export interface Page {
  /** The lines of its tables, without their heads. */
  readonly rows: readonly string[];
  readonly files: readonly string[];
  /** A file and a title that is quoted after it. */
  readonly titles: readonly (readonly [file: string, title: string])[];
}

export function readPage(path: string): Page {
  const lines = sourceOf(path).split('\n');
  const rows = lines.filter((line, at) => /^\| [^-]/.test(line) && !/^\| -/.test(lines[at + 1] ?? ''));
  const named = [...lines.join('\n').matchAll(/`([\w./-]+\.ts)`([^`]*)/g)].map(([, file = '', after = '']) => ({
    file,
    titles: [...after.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title),
  }));
  return {
    rows,
    files: [...new Set(named.map(({ file }) => file))],
    titles: named.flatMap(({ file, titles }) => titles.map(title => [file, title] as const)),
  };
}

export function isThere(path: string): boolean {
  return existsSync(new URL(path, top));
}

export function sourceOf(path: string): string {
  return readFileSync(new URL(path, top), 'utf8');
}

/** The source of tests, with titles in it as they read: one with quotes of its own may have them escaped. */
export function titlesOf(path: string): string {
  return sourceOf(path).replaceAll("\\'", "'");
}
