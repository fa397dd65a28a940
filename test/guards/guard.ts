/** What a line of the table says: a guard as it stands in the source, and the tests that must notice when it is gone. */

export interface NamedTest {
  /** Below the top of the project. */
  readonly file: string;
  /** As it stands in the file, `%s` of a test that is run for each of several values included. */
  readonly title: string;
}

export interface Guarded {
  /** A row of docs/SECURITY.md. */
  readonly row: number | `${number}a`;
  /** A few words. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly text: string;
  /** What stands there without the guard. */
  readonly instead: string;
  /** Every one of them fails without it. */
  readonly tests: readonly NamedTest[];
}

/** How often a text stands in another. */
export function count(text: string, inside: string): number {
  return inside.split(text).length - 1;
}

/** What the names of the runs of a test look like, their parameters filled in. */
export function patternOf(title: string): string {
  return title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[sdifjo]|\\\$\w+|\\\$\\\{.*?\\\}/g, '.*');
}
