/** What the host and the thread of its engine say to each other. */

/** The thread is given this at its start; the token is made for it and stands nowhere else. */
export interface ThreadData {
  /** The host's. */
  readonly port: number;
  readonly origin: string;
  readonly version: string;
  readonly token: string;
  readonly installId: string;
  /** Whether lines below errors, which name files and peers, are wanted. */
  readonly isVerbose: boolean;
}

/** The host wants it to make durable what can be, and to end. */
export interface ToThread {
  readonly type: 'end';
}

export type FromThread =
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  /** Its last word: everything is recorded. `hasWork`: there is something that the next engine can do. */
  | { readonly type: 'ended'; readonly hasWork: boolean };
