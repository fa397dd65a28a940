/**
 * Files that a browser which follows this one reads. The bytes go from the io-daemon to it; over the channel it is told where, and
 * given a secret that is good for that file alone, as long as the channel stands.
 */
import { apiError } from './api-error.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import { parseReadRequest, type ReadAnswer } from './far-reading.ts';
import type { TorrentId } from './view-model.ts';
import { said } from './said.ts';

export interface Grants {
  /** Hears the secret, null where there is none to be had; what it gives takes the grant back. */
  give(file: number, origin: string, done: (secret: string | null) => void): () => void;
}

export interface Lender {
  /** Opens a file of a torrent; what it throws has a `code` and a `message` for people. */
  readonly open: (id: TorrentId, file: number) => Promise<{ readonly file: number; readonly path: readonly string[] }>;
  /** The io-daemon's; null while it is away. */
  readonly port: () => number | null;
  readonly grants: Grants;
}

/** `message`: the first that came over the channel. */
export function lendRead(lender: Lender, channel: FarChannel, message: unknown): FarEvents {
  let isOpen = true;
  let takeBack = (): void => undefined;
  const answer = (said: ReadAnswer): void => {
    if (!isOpen) return;
    channel.send(said);
    if (said.type === 'unreadable') channel.close();
  };
  const lend = async (): Promise<void> => {
    const request = parseReadRequest(message);
    if (request === null) return answer({ type: 'unreadable', why: said('far-read-other') });
    const { file, path } = await lender.open(request.id, request.file);
    const port = lender.port();
    if (!isOpen || port === null) return answer({ type: 'unreadable', why: said('read-away') });
    takeBack = lender.grants.give(file, request.origin, secret => {
      if (lender.port() === null) answer({ type: 'unreadable', why: said('read-away') });
      else if (secret === null) answer({ type: 'unreadable', why: said('too-many-reads') });
      else answer({ type: 'readable', port, file, secret, name: path.at(-1) ?? '' });
    });
  };
  lend().catch((error: unknown) => answer({ type: 'unreadable', why: apiError(error) }));
  return {
    message: () => undefined,
    closed() {
      isOpen = false;
      takeBack();
    },
  };
}
