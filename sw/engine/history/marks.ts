/** What happened that bears on speed: the latest are kept. */
import type { HourKind } from '../limits.ts';

export type Mark = { /** Ms since 1970. */ readonly at: number } & (
  | { readonly kind: 'limits'; readonly down: number; readonly up: number; readonly mode: HourKind }
  /** The helper was joined, or lost. */
  | { readonly kind: 'helper'; readonly isThere: boolean }
  /** Nobody measured for so many ms before it: the computer slept, or its clock was set ahead. */
  | { readonly kind: 'asleep'; readonly ms: number }
  | { readonly kind: 'clock'; readonly ms: number }
  /** A tracker that had answered does not any more, or does again. */
  | { readonly kind: 'tracker'; readonly host: string; readonly isThere: boolean }
  /** The storage that this torrent goes to is full. */
  | { readonly kind: 'full'; readonly name: string }
);

export const MAX_MARKS = 200;
/** Characters of a host or a name. */
export const MAX_TEXT = 255;
/** Ms within which a second word on the same is none. */
const AGAIN = 60_000;
/** Ms for which the helper may be away without a word: it was started anew. */
const BLINK = 5_000;

export class Marks {
  private kept: Mark[] = [];

  get all(): readonly Mark[] {
    return this.kept;
  }

  restore(marks: readonly Mark[]): void {
    this.kept = marks.slice(-MAX_MARKS);
  }

  add(mark: Mark): void {
    this.kept.push(mark);
    if (this.kept.length > MAX_MARKS) this.kept.shift();
  }

  /** The storage is full; every torrent on it says so. */
  full(name: string, at: number): void {
    if (!this.kept.some(mark => mark.kind === 'full' && at - mark.at < AGAIN)) {
      this.add({ at, kind: 'full', name: name.slice(0, MAX_TEXT) });
    }
  }

  /** The helper is there, or is not; nothing is said where it was away for a blink. */
  helper(isThere: boolean, at: number): void {
    const last = this.kept.findLast(mark => mark.kind === 'helper');
    if (last?.isThere === isThere || (!last && !isThere)) return;
    if (last && isThere && at - last.at < BLINK) this.kept.splice(this.kept.lastIndexOf(last), 1);
    else this.add({ at, kind: 'helper', isThere });
  }
}
