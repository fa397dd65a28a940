/**
 * The worker's side of sw/api.ts in the page itself, where a browser runs no service worker or gives no storage: stock webtorrent, which
 * is loaded with the first torrent, and keeps what it fetches in memory.
 */
import type WebTorrent from 'webtorrent/dist/webtorrent.min.js';
import type { Torrent } from 'webtorrent/dist/webtorrent.min.js';
import { API_VERSION, type Added, type Command, type FromWorker, type Source, type ToWorker } from '../../sw/api.ts';
import type { RootRow, TorrentId } from '../../sw/view-model.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { Door } from '../client.ts';
import { formatAbout } from '../format.ts';
import { words } from '../words/words.ts';
import { heldBytes } from './held.ts';
import { MemoryStore } from './memory-store.ts';
import { detailOf, NO_HELPER, rowOf, type Entry } from './views.ts';

/** Bytes that all torrents together may hold: what a page of a phone can have without being ended. */
export const MEMORY_LIMIT = 500_000_000;
/** Ms between two deltas, as the worker sends them. */
const PERIOD = 500;
/** Ms within which a link or a torrent file has to be understood. */
const PATIENCE = 20_000;
const STUN_SERVERS = ['stun:stun.l.google.com:19302', 'stun:stun.cloudflare.com:3478'];

class Refused extends Error {}

export class QuickEngine {
  readonly #entries = new Map<TorrentId, Entry>();
  #client: Promise<WebTorrent> | null = null;
  #port: MessagePort | null = null;
  #watched: TorrentId | null = null;
  #room = MEMORY_LIMIT;

  /** The window's way in: there is one window. */
  open(): Door {
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    port2.onmessage = ({ data }: MessageEvent<ToWorker>) => this.#hear(data);
    const roots = [this.#place()];
    this.#say({ type: 'snapshot', version: API_VERSION, torrents: [], connection: NO_HELPER, roots, settings: null });
    setInterval(() => this.#tick([]), PERIOD);
    return { port: port1, ended: new Promise(() => undefined), close: () => undefined };
  }

  /** A file of a torrent, to be saved; null where it has not come whole. */
  fileOf(id: TorrentId, index: number): { readonly name: string; readonly blob: Blob } | null {
    const entry = this.#entries.get(id);
    const file = entry?.torrent.files[index];
    if (entry?.store == null || file?.done !== true) return null;
    return { name: file.path.split('/').at(-1) ?? '', blob: entry.store.blob(file.offset, file.length) };
  }

  /** What a started torrent consists of. */
  filesOf(
    id: TorrentId,
  ): readonly { readonly index: number; readonly path: string; readonly size: number; readonly isDone: boolean }[] {
    const entry = this.#entries.get(id);
    if (entry === undefined) return [];
    return entry.torrent.files.flatMap(({ path, length, done }, index) =>
      entry.wanted.has(index) ? [{ index, path, size: length, isDone: done }] : [],
    );
  }

  #hear(message: ToWorker): void {
    if (message.type === 'watch') {
      this.#watched = message.detail;
      this.#tick([]);
    } else if (message.type === 'command') {
      const { id, command } = message;
      this.#run(command).then(
        added => {
          this.#tick([]);
          this.#say({ type: 'reply', id, error: null, added });
        },
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          this.#say({ type: 'reply', id, error: { code: 'told', values: { text } }, added: null });
        },
      );
    }
  }

  async #run(command: Command): Promise<Added | null> {
    switch (command.do) {
      case 'add':
        return this.#add(command.source);
      case 'start':
        this.#start(command.id, command.priorities?.map(priority => priority !== 'skip') ?? null);
        return null;
      case 'remove':
      case 'dismiss':
        for (const id of command.ids) this.#remove(id);
        this.#tick(command.ids);
        return null;
      default:
        throw new Refused(words.quick.onlyTheApp());
    }
  }

  async #add(source: Source): Promise<Added> {
    const client = await this.#load();
    const stores: MemoryStore[] = [];
    class Store extends MemoryStore {
      constructor(...args: ConstructorParameters<typeof MemoryStore>) {
        super(...args);
        stores.push(this);
      }
    }
    const torrent = client.add(source.kind === 'magnet' ? source.uri : source.bytes, {
      deselect: true,
      store: Store,
      storeCacheSlots: 0,
    });
    const id = await hashOf(torrent);
    if (this.#entries.has(id)) {
      torrent.destroy();
      return { id, already: this.#entries.get(id)?.isStarted === true, brought: false, isBack: false };
    }
    const entry: Entry = {
      torrent,
      store: null,
      wanted: new Set(),
      isStarted: false,
      held: 0,
      addedAt: Date.now(),
      doneAt: 0,
      problem: '',
    };
    this.#entries.set(id, entry);
    torrent.on('ready', () => (entry.store = stores[0] ?? null));
    torrent.on('error', error => (entry.problem = String(error)));
    return { id, already: false, brought: false, isBack: false };
  }

  /** `wanted`: by index of the file; null for all. */
  #start(id: TorrentId, wanted: readonly boolean[] | null): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Refused(words.quick.gone());
    if (entry.isStarted) return;
    const { files } = entry.torrent;
    if (entry.store === null) throw new Refused(words.quick.noFilesYet());
    const chosen = files.flatMap((_, index) => (wanted?.[index] === false ? [] : [index]));
    const sizes = files.map(({ length }) => length);
    const held = heldBytes(sizes, entry.torrent.pieceLength, file => wanted?.[file] !== false);
    if (held > this.#room) throw new Refused(tooLarge(held, this.#room));
    for (const index of chosen) {
      entry.wanted.add(index);
      files[index]?.select();
    }
    entry.isStarted = true;
    entry.held = held;
    this.#room -= held;
  }

  #remove(id: TorrentId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#room += entry.held;
    entry.torrent.destroy({ destroyStore: true });
  }

  #load(): Promise<WebTorrent> {
    this.#client ??= import('webtorrent/dist/webtorrent.min.js').then(({ default: Client }) => {
      const client = new Client({ tracker: { rtcConfig: { iceServers: STUN_SERVERS.map(urls => ({ urls })) } } });
      // What goes wrong with one torrent is told by that torrent.
      client.on('error', () => undefined);
      return client;
    });
    // Another torrent tries again.
    this.#client.catch(() => (this.#client = null));
    return this.#client;
  }

  #tick(removed: readonly TorrentId[]): void {
    const torrents = [...this.#entries].map(([id, entry]) => rowOf(id, entry));
    const watched = this.#watched === null ? undefined : this.#entries.get(this.#watched);
    const detail = this.#watched === null || watched === undefined ? null : detailOf(this.#watched, watched);
    this.#say({ type: 'delta', torrents, removed, connection: null, roots: [this.#place()], settings: null, detail });
  }

  #place(): RootRow {
    return { token: BROWSER_ROOT, name: words.quick.place(), free: this.#room, isDefault: true, trash: false, problem: '' };
  }

  #say(message: FromWorker): void {
    this.#port?.postMessage(message);
  }
}

/** What to do where files do not fit into the memory of a page. */
export function tooLarge(needed: number, room: number): string {
  return words.quick.tooLarge({ limit: formatAbout(MEMORY_LIMIT), room: formatAbout(room), needed: formatAbout(needed) });
}

/** Its info-hash, once what was added is understood. */
function hashOf(torrent: Torrent): Promise<TorrentId> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // Else adding it again would be refused as adding it twice.
      torrent.destroy();
      reject(new Refused(words.quick.unreadable()));
    }, PATIENCE);
    torrent.on('infoHash', () => {
      clearTimeout(timer);
      resolve(torrent.infoHash);
    });
    torrent.on('error', error => {
      clearTimeout(timer);
      torrent.destroy();
      const [, twice] = /duplicate torrent ([0-9a-f]{40})/.exec(String(error)) ?? [];
      if (twice !== undefined) resolve(twice);
      else reject(new Refused(words.quick.unreadableWhy({ why: String(error) })));
    });
  });
}
