/** The values that cross the engine's door: spans, digests, verdicts. No platform, no wire. */

/** A part of a file; file 0 stands for zeros that are never written. */
export interface Span {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** Where a file lies: safe components below a root. */
export interface FilePlace {
  readonly root: string;
  readonly path: readonly string[];
}

/** A file of a torrent on its way, by its index; at most `size` bytes. */
export interface Carry {
  readonly index: number;
  readonly from: FilePlace;
  readonly to: FilePlace;
  readonly size: number;
}

export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** `length` bytes from `offset` in blocks of `block` bytes, the last maybe shorter. */
export interface Run {
  readonly offset: number;
  readonly length: number;
  readonly block: number;
}

/**
 * What a range must hash to. A tree (BEP 52) has 2^`height` leaves: the SHA-256 of each 16 KiB, the last maybe shorter,
 * and zeros for those past the end. `height` is 0 for the other algorithms.
 */
export interface DigestSpec {
  readonly algorithm: 'sha1' | 'sha256' | 'sha256-tree';
  readonly height: number;
  readonly offset: number;
  readonly length: number;
  readonly expected: Uint8Array;
}

/** `gone`: the buffer was dropped, or is none. */
export type CommitStatus = 'ok' | 'mismatch' | 'error' | 'gone';

/** What is wrong with a file, by what a person can do about it. */
export type FileProblem =
  | 'full'
  /** What this user may take of the disk is used up, whatever is free on it. */
  | 'quota'
  /** Longer than the disk lets a file be. */
  | 'too-large'
  | 'read-only'
  | 'denied'
  | 'gone'
  | 'busy'
  | 'unsafe'
  | 'conflict'
  | 'no-such-root'
  | 'io'
  | 'limit'
  | 'too-many-files'
  /** The daemon is away; nothing is wrong with the file. */
  | 'store-away';

/** A port of ours that peers should reach from outside. */
export interface PortWish {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

/** What the router does for us. */
export interface PortMappings {
  /** `off`: nothing is asked of it. `asking`: for the first time, or anew. */
  readonly state: 'off' | 'asking' | 'open' | 'failed';
  /** How, where they are open. */
  readonly via: '' | 'pcp' | 'nat-pmp' | 'upnp';
  /** The router's address outside, an IP literal; empty where it is not known. */
  readonly externalAddress: string;
  /**
   * Why the ports are not open, or not to everybody: `double-nat` where the router has another one behind it, `public-address`
   * where none has to open anything, `forbidden` by the owner of the computer.
   */
  readonly problem: '' | 'no-router' | 'no-answer' | 'refused' | 'double-nat' | 'public-address' | 'forbidden';
  /** `externalPort`: the router's that leads to ours, 0 while there is none. */
  readonly mappings: readonly (PortWish & { readonly externalPort: number })[];
  /** What its firewall does for our own IPv6 address, told where it is open; `none`: there is nothing to ask for. */
  readonly pinholes: {
    readonly state: 'none' | 'asking' | 'open' | 'failed';
    readonly via: '' | 'pcp' | 'upnp';
    readonly address: string;
  };
}

/** A piece buffer that outlived the engine or the connection that opened it. */
export interface KeptPiece {
  readonly buffer: number;
  readonly tag: Uint8Array;
  readonly length: number;
  readonly state: 'open' | 'committing' | 'ok' | 'mismatch' | 'error';
  readonly ranges: readonly Range[];
}

/** A part of a piece buffer, bytes. */
export interface Place extends Range {
  readonly buffer: number;
}

/**
 * How a request ended whose body was to land. `done`: it all came. `refused`: answered with another status. `misfit`: what
 * came is not what was asked for. `forbidden`: its address may not be gone to.
 */
export interface FetchEnd {
  readonly kind: 'done' | 'refused' | 'misfit' | 'forbidden' | 'failed';
  /** In words, where it is more than a status. */
  readonly problem: string;
  /** The HTTP status; 0 for none. */
  readonly status: number;
  /** Seconds until it may be asked again; −1 where the server does not say. */
  readonly retryAfter: number;
}
