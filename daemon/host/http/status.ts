/** What becomes of the torrents, as the engine at work shows them to a window that comes. */
import { API_VERSION, type FromWorker } from '../../../sw/api.ts';
import type { TorrentRow } from '../../../sw/view-model.ts';
import type { HostChannel } from '../control/relays.ts';

const ANSWER_MS = 3_000;

/** Opens a channel to the engine at work; null where none is. */
export type OpenChannel = (hear: (message: unknown) => void, closed: () => void) => HostChannel | null;

/** The list; null where no engine is at work, or it does not answer. */
export function torrentsOf(open: OpenChannel): Promise<readonly TorrentRow[] | null> {
  return new Promise(resolve => {
    const end = (torrents: readonly TorrentRow[] | null): void => {
      clearTimeout(timer);
      resolve(torrents);
      channel?.close();
    };
    const timer = setTimeout(() => end(null), ANSWER_MS);
    const channel = open(
      message => {
        // Of the engine that this host has let in.
        const said = message as FromWorker;
        if (said.type === 'snapshot') end(said.torrents);
      },
      () => end(null),
    );
    if (channel === null) end(null);
    else channel.send({ type: 'connect', version: API_VERSION });
  });
}
