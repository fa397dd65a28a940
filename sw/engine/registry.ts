import { refusal } from './errors.ts';
import { shortHashes } from './model/ids.ts';
import type { InfoHash, TorrentHashes } from './model/ids.ts';

interface Entry {
  readonly id: InfoHash;
  readonly hashes: TorrentHashes;
}

/** The torrents of a session, found by id and by either hash of theirs. */
export class Registry<T extends Entry> {
  private readonly byId = new Map<InfoHash, T>();
  private readonly byHash = new Map<InfoHash, T>();

  get size(): number {
    return this.byId.size;
  }

  values(): IterableIterator<T> {
    return this.byId.values();
  }

  get(hash: InfoHash): T | undefined {
    return this.byId.get(hash) ?? this.byHash.get(hash);
  }

  /** @throws {Refusal} where there is none */
  named(hash: InfoHash): T {
    const torrent = this.get(hash);
    if (!torrent) throw refusal('no-such-torrent');
    return torrent;
  }

  /** Whichever goes by one of the hashes. */
  find(hashes: TorrentHashes): T | undefined {
    return shortHashes(hashes)
      .map(hash => this.get(hash))
      .find(torrent => torrent !== undefined);
  }

  add(torrent: T): void {
    this.byId.set(torrent.id, torrent);
    this.identify(torrent);
  }

  /** To be called when more of its hashes are known. What another torrent goes by already stays with that one. */
  identify(torrent: T): void {
    for (const hash of shortHashes(torrent.hashes)) if (!this.byHash.has(hash)) this.byHash.set(hash, torrent);
  }

  /** Likewise, of one that may be gone. */
  identified(id: InfoHash): void {
    const torrent = this.get(id);
    if (torrent) this.identify(torrent);
  }

  remove(torrent: T): void {
    this.byId.delete(torrent.id);
    for (const hash of shortHashes(torrent.hashes)) if (this.byHash.get(hash) === torrent) this.byHash.delete(hash);
  }
}
