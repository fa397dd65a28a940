/** A torrent's records as it stands. */
import type { Content } from './content.ts';
import { encodeProgressRecord, encodeTorrentRecord } from './resume.ts';

/** What of a torrent is recorded. */
export interface Recordable {
  readonly info: Uint8Array | null;
  readonly name: string;
  readonly announcer: { readonly urls: readonly (readonly string[])[] };
  readonly peerSet: { readonly named: readonly string[] };
  readonly comment: string;
  readonly addedAt: number;
  readonly root: string;
  readonly phase: string;
  readonly unwanted: readonly number[];
  readonly uploaded: number;
  readonly downloaded: number;
  readonly doneAt: number;
}

export function torrentRecord(torrent: Recordable): Uint8Array {
  return encodeTorrentRecord({
    info: torrent.info,
    name: torrent.name,
    trackers: torrent.announcer.urls,
    peers: torrent.peerSet.named,
    comment: torrent.comment,
    addedAt: torrent.addedAt,
    root: torrent.root,
    paused: torrent.phase === 'paused',
    unwanted: torrent.unwanted,
  });
}

export function progressRecord(torrent: Recordable, content: Content): Uint8Array {
  const maybe = new Set(content.maybe);
  for (const piece of content.downloader.active.all()) maybe.add(piece.index);
  for (const piece of content.storage.undurable()) maybe.add(piece);
  return encodeProgressRecord({
    have: content.storage.durable.toBytes(),
    maybe: [...maybe],
    stats: content.storage.stats,
    uploaded: torrent.uploaded,
    downloaded: torrent.downloaded,
    doneAt: torrent.doneAt,
  });
}
