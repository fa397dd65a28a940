/** A request that was let in, and what its handler may use. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientFiles } from '../client-files.ts';
import type { Services } from '../services.ts';
import type { Streams } from '../streams.ts';

/** What the one connection has, while there is one. */
export interface Readable {
  readonly files: ClientFiles;
  readonly streams: Streams;
}

/** How long somebody may be waited for, ms: to take what is sent, and to send as much as the least pace asks. */
export interface Patience {
  readonly stall: number;
  readonly pace: number;
}

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands in the path behind the route: a root's token, a file's number; else empty. */
  readonly tail: string;
  readonly services: Services;
  readonly patience: Patience;
  readonly connection: () => Readable | null;
  /** Whether the ticket that was shown is still the one that counts. */
  readonly isAdmitted: () => boolean;
}

export interface Route {
  /** Ends in a slash where a last part follows it. */
  readonly path: string;
  readonly methods: readonly ('GET' | 'HEAD' | 'POST')[];
  /** Those that a page of another origin may send beside the ticket. */
  readonly headers: readonly string[];
  /** Whether a grant lets in as well, and not the ticket alone. */
  readonly isGranted?: true;
  /** Whether anything but a head is expected. */
  readonly takesBody: boolean;
  /** Rejects with a Refusal or a FileProblem, before it has begun to answer or after. */
  readonly run: (call: Call) => Promise<void>;
}
