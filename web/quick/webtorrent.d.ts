/** What is used here of the browser bundle of webtorrent 3.0.21. */
declare module 'webtorrent/dist/webtorrent.min.js' {
  export interface StoreOptions {
    /** Of the torrent, bytes. */
    readonly length: number;
  }
  type Done = (error?: Error | null) => void;
  /** As abstract-chunk-store has it. */
  export interface ChunkStore {
    readonly chunkLength: number;
    put(index: number, bytes: Uint8Array, done?: Done): void;
    get(
      index: number,
      options: { offset?: number; length?: number } | null | ((error: Error | null, bytes?: Uint8Array) => void),
      done?: (error: Error | null, bytes?: Uint8Array) => void,
    ): void;
    close(done?: Done): void;
    destroy(done?: Done): void;
  }
  export interface TorrentFile {
    /** Components joined by slashes, below the torrent's folder and with it. */
    readonly path: string;
    readonly length: number;
    readonly offset: number;
    readonly downloaded: number;
    readonly done: boolean;
    select(): void;
  }
  export interface Wire {
    readonly type: string;
    readonly isSeeder: boolean;
  }
  export interface Torrent {
    readonly infoHash: string;
    readonly name: string;
    readonly length: number;
    readonly files: readonly TorrentFile[];
    readonly downloadSpeed: number;
    readonly uploadSpeed: number;
    readonly uploaded: number;
    readonly downloaded: number;
    readonly wires: readonly Wire[];
    readonly magnetURI: string;
    readonly announce: readonly string[];
    readonly private: boolean;
    readonly comment?: string;
    readonly pieceLength: number;
    on(event: 'infoHash' | 'ready' | 'done', listener: () => void): this;
    on(event: 'error' | 'warning', listener: (error: Error | string) => void): this;
    destroy(options?: object, done?: Done): void;
  }
  export interface TorrentOptions {
    readonly deselect: boolean;
    readonly store: new (chunkLength: number, options: StoreOptions) => ChunkStore;
    readonly storeCacheSlots: number;
  }
  export default class WebTorrent {
    constructor(options: { readonly tracker: { readonly rtcConfig: RTCConfiguration } });
    add(source: string | Uint8Array, options: TorrentOptions): Torrent;
    on(event: 'error', listener: (error: Error | string) => void): this;
  }
}
