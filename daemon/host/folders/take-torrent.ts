/** Has torrent files started by whichever engine is at work. */
import { EngineError, MAX_TORRENT_BYTES } from '../../../sw/engine/index.ts';
import { HandoffKind } from '../../wire/control.ts';
import type { Handoffs } from '../http/handoffs.ts';
import type { TorrentWatchOptions } from './torrent-watch.ts';

export function takeByHandoff(handoffs: Handoffs): Pick<TorrentWatchOptions, 'isOfTorrent' | 'hand' | 'maxBytes'> {
  return {
    maxBytes: MAX_TORRENT_BYTES,
    async isOfTorrent(name, root, wakes) {
      try {
        return await handoffs.isOfTorrent(name, root, wakes);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return null;
      }
    },
    async hand(torrent, root) {
      try {
        const { state, text } = await handoffs.offer(HandoffKind.TORRENT, torrent, { start: true, root, hasScreen: false });
        // One that waits is given to the next engine, and heard of when it is offered again.
        return state === 'refused' ? { refused: text } : state === 'waiting' ? 'later' : 'taken';
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        return error.code === 'full' ? 'later' : { refused: error.message };
      }
    },
  };
}
