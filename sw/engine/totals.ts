import type { Totals } from './announce.ts';
import type { Content } from './content.ts';

/** What is said to be left while nobody knows how much there is: anything but nothing. */
const UNKNOWN = 16_384;

/** What trackers are told of a torrent since it was started. */
export function totalsOf(torrent: {
  readonly content: Content | null;
  readonly meta: { readonly layout: { readonly length: number } } | null;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Totals of earlier runs. */
  readonly before: { readonly uploaded: number; readonly downloaded: number };
  readonly listenPort: number;
}): Totals {
  const { content, meta, before, listenPort } = torrent;
  return {
    uploaded: torrent.uploaded - before.uploaded,
    downloaded: torrent.downloaded - before.downloaded,
    left: content ? content.wantedSize - content.wantedDone : (meta?.layout.length ?? UNKNOWN),
    isPartialSeed: content?.isComplete === true && !content.downloader.have.isFull,
    port: listenPort,
  };
}
