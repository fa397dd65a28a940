declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { WebSocketServer } from 'ws';

  interface Options {
    readonly http: boolean;
    readonly udp: boolean;
    readonly stats: boolean;
    readonly interval?: number;
    readonly ws: false | { readonly noServer: boolean };
  }

  export default class Server extends EventEmitter {
    constructor(options: Options);
    readonly ws: WebSocketServer;
    listen(
      port: number,
      hosts: { readonly http: string; readonly udp: string; readonly udp6: string },
      listening: () => void,
    ): void;
    close(closed: () => void): void;
    /** By info-hash, 40 hex digits. */
    readonly torrents: Readonly<Record<string, { readonly complete: number; readonly incomplete: number } | undefined>>;
  }
}
