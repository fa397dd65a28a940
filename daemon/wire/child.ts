/**
 * What the host and its io-daemon tell each other: one JSON object a line, host → child on stdin, child → host on
 * stdout. The child ends when its stdin does. Nothing secret stands in argv or the environment.
 */

export interface ChildRoot {
  readonly token: string;
  readonly path: string;
  readonly mount: string;
}

export type ToChild =
  /** First line. `allow`: CIDR ranges that the guard lets through beside the public and private ones. */
  | {
      readonly type: 'start';
      readonly version: string;
      readonly allow: readonly string[];
      readonly idleMs: number;
      /** Everything is logged, with the names of files and the addresses of peers. */
      readonly verbose: boolean;
      /** The one address of this machine that is used for peers, trackers and the DHT, an IP literal; empty: all of them. */
      readonly address: string;
    }
  /** The one ticket that `/io` takes from now on, as the hex SHA-256 of it, and the page that may present it. */
  | { readonly type: 'admit'; readonly epoch: number; readonly ticketHash: string; readonly origin: string }
  /** No ticket is taken from now on, and who is connected goes at once. */
  | { readonly type: 'dismiss' }
  /**
   * Where files may be; `path` is a real path. Replaces the list before. `mount`: where the file system was mounted that it was seen
   * on, empty where it never was; on one that is nearer to the top it is not used.
   */
  | { readonly type: 'roots'; readonly roots: readonly ChildRoot[] }
  /** Asks for its figures, once. */
  | { readonly type: 'figures' }
  | { readonly type: 'stop' };

/** Something that is measured or counted. Its name ends in `_total` where it only ever grows. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  /** What the keys of `values` are; empty for a figure that has one value alone, under the key ''. */
  readonly label: string;
  readonly values: Readonly<Record<string, number>>;
}

export type FromChild =
  | { readonly type: 'listening'; readonly port: number }
  /** The ticket of that epoch is the one taken now; sent after every `admit`. */
  | { readonly type: 'admitted'; readonly epoch: number }
  /** The ports that peers reach it at from now on, whenever these are others. */
  | { readonly type: 'ports'; readonly tcp: readonly number[]; readonly udp: readonly number[] }
  | { readonly type: 'figures'; readonly figures: readonly Figure[] }
  /** The tokens of those roots from which deleted files can go to the trash, each time it was told of roots. */
  | { readonly type: 'trash'; readonly roots: readonly string[] }
  /** Nothing connected and nothing kept for `idleMs`: it exits by itself after this line. */
  | { readonly type: 'idle' };
