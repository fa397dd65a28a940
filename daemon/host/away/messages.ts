/** What the host gives to the thread of its engine, and hears from it. */
import type { News } from '../../../sw/view-model.ts';

export interface ThreadData {
  /** The host's. */
  readonly port: number;
  readonly origin: string;
  readonly version: string;
  /** Made for this thread; it stands nowhere else. */
  readonly token: string;
  readonly installId: string;
  /** Whether lines below errors, which name files and peers, are wanted. */
  readonly isVerbose: boolean;
}

/** The host stops: the thread is to record what it has, and to end. */
export const END = 'end';

export type FromThread =
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly type: 'happened'; readonly news: News }
  /** Whether it has anything to do: once it knows, and whenever that is another. */
  | { readonly type: 'work'; readonly has: boolean }
  /** Its last word: everything is recorded. */
  | { readonly type: 'ended' };
