/**
 * Shares whose files have their places, or are about to, and that are not in the list yet: written down before, so that the next worker lists
 * what one has left that ended in between.
 */
import { EngineError, parseTorrent } from './engine/index.ts';
import type { StateStore } from './engine/ports.ts';
import type { Engine, StateRecord } from './perform.ts';
import { BROWSER_ROOT, type TorrentId } from './view-model.ts';

const PREFIX = 'share/';

export class ShareNotes {
  constructor(private readonly state: () => Pick<StateStore, 'write'>) {}

  /** Resolves once it is on the disk, or is known not to be kept: then a worker that ends now leaves files that nobody lists. */
  put(id: TorrentId, torrent: Uint8Array): Promise<void> {
    return this.write(id, torrent);
  }

  /** It is in the list, or its files are gone. */
  drop(id: TorrentId): Promise<void> {
    return this.write(id, null);
  }

  /** What `records` hold of an earlier worker's: those whose files are there, and nobody else's, come into the list. */
  settle(
    records: readonly StateRecord[],
    engine: Pick<Engine<never>, 'has' | 'add' | 'start' | 'roots'>,
    isStored: (top: string) => boolean,
  ): void {
    for (const { key, value } of records) {
      if (!key.startsWith(PREFIX)) continue;
      const id = key.slice(PREFIX.length);
      const top = topOf(value);
      if (!engine.has(id) && top !== null && isStored(top) && !engine.roots.owns(BROWSER_ROOT, top)) {
        engine.add({ kind: 'file', bytes: value });
        engine.start(id, null, BROWSER_ROOT);
      }
      void this.drop(id);
    }
  }

  private write(id: TorrentId, value: Uint8Array | null): Promise<void> {
    return new Promise(resolve => this.state().write([{ key: PREFIX + id, value }], () => resolve()));
  }
}

/** The name at the top of its files; null where it cannot be read. */
function topOf(torrent: Uint8Array): string | null {
  try {
    return parseTorrent(torrent).layout.files[0]?.path[0] ?? null;
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}
