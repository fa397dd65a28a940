/**
 * The frames of the `/io` WebSocket: what the engine may ask of the io-daemon and what it hears back.
 *
 * One frame is an 8-byte envelope (version u8, opcode u8, flags u16, requestId u32, little-endian) and a payload.
 * A reply carries the requestId of its question; what nobody asked for carries 0.
 * README.md in this folder gives every layout byte by byte. No frame knows what a torrent is.
 */

export const WIRE_VERSION = 1;
export const ENVELOPE_BYTES = 8;
/** Flag of an envelope whose payload is a batch: frames one after another, each behind its u32 length. */
export const FLAG_BATCH = 1;

/** Opcodes. 01–2F and 7F are the shared base; 30–6F are ours. */
export const Op = {
  BATCH: 0x00,
  CLIENT_HELLO: 0x01,
  SERVER_HELLO: 0x02,
  AUTH: 0x03,
  AUTH_RESULT: 0x04,
  TCP_CONNECT: 0x10,
  TCP_CONNECTED: 0x11,
  TCP_SEND: 0x12,
  TCP_RECV: 0x13,
  TCP_CLOSE: 0x14,
  TCP_LISTEN: 0x15,
  TCP_LISTEN_RESULT: 0x16,
  TCP_ACCEPT: 0x17,
  TCP_STOP_LISTEN: 0x18,
  UDP_BIND: 0x20,
  UDP_BOUND: 0x21,
  UDP_SEND: 0x22,
  UDP_RECV: 0x23,
  UDP_CLOSE: 0x24,
  UDP_JOIN: 0x25,
  UDP_LEAVE: 0x26,
  UDP_UTP: 0x27,
  STREAM_CREDIT: 0x30,
  STREAM_FRAMED: 0x31,
  STREAM_CIPHER: 0x32,
  RELAY_OPEN: 0x34,
  RELAY_DATA: 0x35,
  RELAY_TAKEN: 0x36,
  LAND_OPEN: 0x38,
  LAND_RULE: 0x39,
  LAND_PUT: 0x3a,
  LANDED: 0x3b,
  LAND_DISCARDED: 0x3c,
  LAND_COMMIT: 0x3d,
  LAND_RESULT: 0x3e,
  RESULT_ACK: 0x3f,
  LAND_RESET: 0x40,
  LAND_DROP: 0x41,
  LAND_PARK: 0x42,
  LAND_PARKED: 0x43,
  SEND_SPANS: 0x48,
  SENT: 0x49,
  SEND_CANCEL: 0x4a,
  RATE_GROUP: 0x4c,
  RATE_JOIN: 0x4d,
  RATE_DROP: 0x4e,
  HTTP_GET: 0x50,
  HTTP_RESULT: 0x51,
  HTTP_CANCEL: 0x52,
  HTTP_LAND: 0x53,
  HTTP_LANDED: 0x54,
  HTTP_ENDED: 0x55,
  HTTP_BODY: 0x56,
  FILE_COPY: 0x57,
  FILE_OPEN: 0x58,
  FILE_OPENED: 0x59,
  FILE_SYNC: 0x5a,
  FILE_CLOSE: 0x5b,
  FILE_DELETE: 0x5c,
  FILE_DONE: 0x5d,
  VERIFY: 0x5e,
  VERIFY_RESULT: 0x5f,
  FILE_MOVE: 0x67,
  RESOLVE: 0x68,
  RESOLVED: 0x69,
  LEAVES: 0x6a,
  LEAVES_RESULT: 0x6b,
  STATS: 0x60,
  STATS_RESULT: 0x61,
  STREAM_WANT: 0x62,
  STREAM_HAVE: 0x63,
  STREAM_GRANT: 0x64,
  STREAM_GRANTED: 0x65,
  STREAM_REVOKE: 0x66,
  ERROR: 0x7f,
} as const;
export type Op = (typeof Op)[keyof typeof Op];

/** Accepted sockets are numbered by the daemon from here up; the client numbers the ones it connects below it. */
export const FIRST_ACCEPTED_SOCK = 0x10000;

/** Why a frame, or a whole connection, was refused. */
export const ErrorCode = {
  MALFORMED: 1,
  UNKNOWN_OPCODE: 2,
  UNKNOWN_VERSION: 3,
  NOT_AUTHENTICATED: 4,
  AUTH_FAILED: 5,
  SUPERSEDED: 6,
  LIMIT: 7,
  NO_SUCH_SOCK: 8,
  NO_SUCH_BUFFER: 9,
  NO_SUCH_FILE: 10,
  BAD_STATE: 11,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Why a socket closed. */
export const CloseReason = {
  REMOTE: 0,
  REQUESTED: 1,
  ERROR: 2,
  FRAME_TOO_LONG: 3,
  SEND_OVERFLOW: 4,
  STALLED: 5,
} as const;
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason];

/** How a connect, a listen, a bind or a look-up ended. */
export const NetStatus = {
  OK: 0,
  REFUSED_BY_GUARD: 1,
  LIMIT: 2,
  TIMEOUT: 3,
  REFUSED: 4,
  UNREACHABLE: 5,
  NAME_NOT_FOUND: 6,
  IN_USE: 7,
  FAILED: 8,
  /** TLS could not be verified. */
  TLS: 9,
  TOO_LARGE: 10,
  CANCELLED: 11,
  /** Something else came than was asked for. */
  MISFIT: 12,
} as const;
export type NetStatus = (typeof NetStatus)[keyof typeof NetStatus];

/** What went wrong with a file; the engine turns each into a sentence that says what to do. */
export const FileStatus = {
  OK: 0,
  FULL: 1,
  READ_ONLY: 2,
  DENIED: 3,
  /** Deleted, replaced by another inode, or its root vanished. */
  GONE: 4,
  /** Another writer has the inode. */
  BUSY: 5,
  /** The path leads through a symlink, or the file has other hard links. */
  UNSAFE: 6,
  /** Something of that name is not a regular file, or longer than declared. */
  CONFLICT: 7,
  NO_SUCH_ROOT: 8,
  IO: 9,
  LIMIT: 10,
  /** Too many open files. */
  BUSY_HANDLES: 11,
  /** Longer than the file system, or the system for this process, lets a file be. */
  TOO_LARGE: 12,
  /** What this user may take of the disk is used up, whatever is free on it. */
  QUOTA: 13,
} as const;
export type FileStatus = (typeof FileStatus)[keyof typeof FileStatus];

export const Digest = { SHA1: 0, SHA256: 1, SHA256_TREE: 2 } as const;
export type Digest = (typeof Digest)[keyof typeof Digest];
export const DIGEST_BYTES: Readonly<Record<Digest, number>> = {
  [Digest.SHA1]: 20,
  [Digest.SHA256]: 32,
  [Digest.SHA256_TREE]: 32,
};
/** What a leaf of a tree covers, and what digests of blocks are of. */
export const LEAF_BYTES = 16 * 1024;
/** Bytes that one LEAVES may cover. */
export const MAX_LEAVES_BYTES = 16 << 20;
/** Levels of a tree above its leaves, so that what it covers stays below 2^32 bytes. */
export const MAX_TREE_HEIGHT = 18;

/** What a connection goes over: TCP, or uTP (BEP 29) on one of the client's UDP sockets. */
export const Transport = { TCP: 0, UTP: 1 } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

export const IpFamily = { V4: 4, V6: 6 } as const;
export type IpFamily = (typeof IpFamily)[keyof typeof IpFamily];

/** A part of a file. fileId 0 stands for zeros that are never written. `offset` < 2^53, `length` < 2^32. */
export interface Span {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** Where a file lies below a root. */
export interface FilePath {
  readonly root: string;
  readonly components: readonly string[];
}

/** `length` bytes from `offset`, asked for in blocks of `block` bytes (the last may be shorter). */
export interface Run {
  readonly offset: number;
  readonly length: number;
  readonly block: number;
}

/**
 * All of `length` bytes from `offset` must hash to `expected`. A tree (BEP 52) has 2^`height` leaves: the SHA-256 of each
 * 16 KiB, the last maybe shorter, and zeros for those past the end. `height` is 0 for the other algorithms.
 */
export interface DigestOf {
  readonly algorithm: Digest;
  readonly height: number;
  readonly offset: number;
  readonly length: number;
  readonly expected: Uint8Array;
}

/** RC4 under a key of 1 to 32 bytes, of whose keystream the first `position` bytes are used up. */
export interface Keystream {
  readonly key: Uint8Array;
  readonly position: number;
}

/** A part of an assembly buffer, bytes. */
export interface Place {
  readonly buffer: number;
  readonly offset: number;
  readonly length: number;
}

/** `MISSING`: it was called off before every byte was there. */
export const LandStatus = { OK: 0, MISSING: 1, MISMATCH: 2, ERROR: 3 } as const;
export type LandStatus = (typeof LandStatus)[keyof typeof LandStatus];

/** What a group of sockets is limited in: what they read, or what they send. */
export const RateDirection = { READ: 0, SEND: 1 } as const;
export type RateDirection = (typeof RateDirection)[keyof typeof RateDirection];

export const SentStatus = { SENT: 0, CANCELLED: 1, ERROR: 2 } as const;
export type SentStatus = (typeof SentStatus)[keyof typeof SentStatus];

/**
 * A buffer that outlived its `/io` connection, told in AUTH_RESULT for 30 s.
 * `state`: open (some bytes there: `ranges`), committing, or a result not yet acknowledged; `error` has ranges too.
 */
export interface KeptBuffer {
  readonly buffer: number;
  readonly tag: Uint8Array;
  readonly length: number;
  readonly state: 'open' | 'committing' | 'ok' | 'mismatch' | 'error';
  readonly ranges: readonly { readonly offset: number; readonly length: number }[];
}

/** What the daemon enforces; each is a count or bytes. */
export interface IoLimits {
  readonly frame: number;
  readonly sockets: number;
  readonly relays: number;
  readonly listeners: number;
  readonly udpSockets: number;
  readonly connectsPerSecond: number;
  readonly landing: number;
  readonly diskQueue: number;
  /** A longer buffer stands in its files and not in memory. */
  readonly backed: number;
  readonly sendQueue: number;
  readonly rules: number;
  readonly ranges: number;
  readonly files: number;
  readonly groups: number;
  readonly httpBody: number;
  /** HTTP requests at once, and what the body of one to /write may be, bytes. */
  readonly requests: number;
  readonly writeBody: number;
}

/** Limits before SERVER_HELLO has told others. */
export const PRE_AUTH_FRAME = 4096;
export const MAX_FRAME = 4 << 20;
export const MAX_PREFIX = 16;
export const MAX_TAG = 64;
export const MAX_KEY = 32;
/** Bytes of RELAY_DATA that either side may have under way on one socket: sent to the other, and not taken yet. */
export const RELAY_WINDOW = 1 << 20;
/** HTTP_ENDED where the server does not say when to ask again. */
export const NO_RETRY_AFTER = 0xffffffff;
/** How far into a keystream a cipher may begin. */
export const MAX_POSITION = 1 << 16;

export interface IoStats {
  readonly uptimeMs: number;
  readonly rss: number;
  readonly landing: number;
  readonly diskQueue: number;
  readonly sockets: number;
  readonly buffers: number;
  readonly files: number;
  readonly cpuMs: number;
  /** Bytes over peers' sockets. */
  readonly netIn: number;
  readonly netOut: number;
  /** Bytes over `/io` itself. */
  readonly ioIn: number;
  readonly ioOut: number;
  readonly landed: number;
  readonly discarded: number;
  readonly written: number;
  readonly pid: number;
  /** Bytes of JavaScript objects in use, and of buffers beside them. */
  readonly heap: number;
  readonly external: number;
  readonly listeners: number;
  readonly udpSockets: number;
  /** Groups of rates. */
  readonly groups: number;
  /** Jobs that hash: with a thread, and waiting for one. */
  readonly hashing: number;
  readonly hashQueue: number;
  /** Bytes that the client has not taken yet. */
  readonly unread: number;
  /** How long sockets that land have rested for memory or the disk, ms. */
  readonly restedMs: number;
  /** Longest that the event loop was held up since it was last asked for, at most two minutes ago; ms. */
  readonly loopDelayMs: number;
}

/** Of one socket: bytes over it, those that wait to be sent, and those that are held until they can be passed on. */
export interface SocketStats {
  readonly sock: number;
  readonly received: number;
  readonly sent: number;
  readonly unsent: number;
  readonly held: number;
}

/** Sockets that STATS_RESULT tells of. */
export const MAX_BUSIEST = 16;

/** Every frame, decoded. `id` is the requestId. */
export type Frame =
  | { readonly op: typeof Op.CLIENT_HELLO; readonly id: number; readonly hello: { readonly version: string } }
  | {
      readonly op: typeof Op.SERVER_HELLO;
      readonly id: number;
      readonly hello: { readonly version: string; readonly capabilities: readonly string[]; readonly limits: IoLimits };
    }
  | {
      readonly op: typeof Op.AUTH;
      readonly id: number;
      readonly token: string;
      readonly origin: string;
      readonly installId: string;
    }
  | {
      readonly op: typeof Op.AUTH_RESULT;
      readonly id: number;
      readonly ok: boolean;
      readonly message: string;
      readonly kept: readonly KeptBuffer[];
    }
  | {
      readonly op: typeof Op.TCP_CONNECT;
      readonly id: number;
      readonly sock: number;
      readonly transport: Transport;
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly op: typeof Op.TCP_CONNECTED;
      readonly id: number;
      readonly sock: number;
      readonly status: NetStatus;
      /** The address dialled, or why it failed. */
      readonly detail: string;
    }
  | { readonly op: typeof Op.TCP_SEND; readonly id: number; readonly sock: number; readonly bytes: Uint8Array }
  | { readonly op: typeof Op.TCP_RECV; readonly id: number; readonly sock: number; readonly bytes: Uint8Array }
  | {
      readonly op: typeof Op.TCP_CLOSE;
      readonly id: number;
      readonly sock: number;
      readonly reason: CloseReason;
      readonly detail: string;
    }
  | {
      readonly op: typeof Op.TCP_LISTEN;
      readonly id: number;
      readonly listener: number;
      readonly port: number;
      readonly host: string;
    }
  | {
      readonly op: typeof Op.TCP_LISTEN_RESULT;
      readonly id: number;
      readonly listener: number;
      readonly status: NetStatus;
      readonly port: number;
    }
  | {
      readonly op: typeof Op.TCP_ACCEPT;
      readonly id: number;
      /** Where it came to: a listener, or by uTP the UDP socket of that number. */
      readonly listener: number;
      readonly sock: number;
      readonly transport: Transport;
      readonly host: string;
      readonly port: number;
    }
  | { readonly op: typeof Op.TCP_STOP_LISTEN; readonly id: number; readonly listener: number }
  | {
      /** `udp` numbers the socket, chosen by the client; port 0 is any free one. */
      readonly op: typeof Op.UDP_BIND;
      readonly id: number;
      readonly udp: number;
      readonly family: IpFamily;
      readonly port: number;
    }
  | {
      readonly op: typeof Op.UDP_BOUND;
      readonly id: number;
      readonly udp: number;
      readonly status: NetStatus;
      readonly port: number;
    }
  | {
      /** One datagram. `host` is an IP literal: names are looked up with RESOLVE. */
      readonly op: typeof Op.UDP_SEND;
      readonly id: number;
      readonly udp: number;
      readonly port: number;
      readonly host: string;
      readonly bytes: Uint8Array;
    }
  | {
      readonly op: typeof Op.UDP_RECV;
      readonly id: number;
      readonly udp: number;
      readonly port: number;
      readonly host: string;
      readonly bytes: Uint8Array;
    }
  | { readonly op: typeof Op.UDP_CLOSE; readonly id: number; readonly udp: number }
  /** `group`: one of the multicast groups that the daemon knows (README.md). */
  | { readonly op: typeof Op.UDP_JOIN; readonly id: number; readonly udp: number; readonly group: string }
  /** From now on uTP is spoken on it as well, or no connection is taken in or made there any more. */
  | { readonly op: typeof Op.UDP_UTP; readonly id: number; readonly udp: number; readonly on: boolean }
  | { readonly op: typeof Op.UDP_LEAVE; readonly id: number; readonly udp: number; readonly group: string }
  | { readonly op: typeof Op.RESOLVE; readonly id: number; readonly port: number; readonly host: string }
  | {
      readonly op: typeof Op.RESOLVED;
      readonly id: number;
      readonly status: NetStatus;
      /** Why there is none. */
      readonly detail: string;
      /**
       * IP literals in their shortest spelling (RFC 5952), each fit to be sent to. Those of a family that has no route are left out
       * where the other has one.
       */
      readonly addresses: readonly string[];
    }
  | { readonly op: typeof Op.STREAM_CREDIT; readonly id: number; readonly sock: number; readonly bytes: number }
  | {
      readonly op: typeof Op.STREAM_FRAMED;
      readonly id: number;
      readonly sock: number;
      readonly maxFrame: number;
      /** Bytes that the engine had read beyond what it needed; they come first in the framed stream. */
      readonly back: Uint8Array;
    }
  | {
      readonly op: typeof Op.STREAM_CIPHER;
      readonly id: number;
      readonly sock: number;
      /** What the daemon deciphers all that it reads with, `back` included. */
      readonly receive: Keystream;
      /** What it enciphers all that it sends with. */
      readonly send: Keystream;
      /** Bytes that the engine had read beyond what it needed, still enciphered. */
      readonly back: Uint8Array;
    }
  /**
   * A connection that the client itself carries, such as one over WebRTC; answered by TCP_CONNECTED. In all else it is a socket
   * like the others.
   */
  | { readonly op: typeof Op.RELAY_OPEN; readonly id: number; readonly sock: number }
  /** What came over such a connection, or what is to leave by it. */
  | { readonly op: typeof Op.RELAY_DATA; readonly id: number; readonly sock: number; readonly bytes: Uint8Array }
  /** As many bytes of RELAY_DATA were passed on, and as many more may come. */
  | { readonly op: typeof Op.RELAY_TAKEN; readonly id: number; readonly sock: number; readonly bytes: number }
  | {
      readonly op: typeof Op.LAND_OPEN;
      readonly id: number;
      readonly buffer: number;
      readonly length: number;
      readonly tag: Uint8Array;
      readonly spans: readonly Span[];
      /** What stands there already, unverified, of an earlier buffer that was parked. With any, the buffer is in its files from the start. */
      readonly there: readonly { readonly offset: number; readonly length: number }[];
    }
  | {
      readonly op: typeof Op.LAND_RULE;
      readonly id: number;
      readonly sock: number;
      /** 0: frames with this prefix that no other rule lands are discarded and told. */
      readonly buffer: number;
      readonly withdraw: boolean;
      readonly prefix: Uint8Array;
      readonly runs: readonly Run[];
    }
  | {
      readonly op: typeof Op.LAND_PUT;
      readonly id: number;
      readonly buffer: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly op: typeof Op.LANDED;
      readonly id: number;
      readonly sock: number;
      /** They were there before the socket was asked for them: it need not be the one that brought them. */
      readonly earlier: boolean;
      /** Neighbouring ranges of one buffer may be told as one. */
      readonly ranges: readonly Place[];
    }
  | {
      readonly op: typeof Op.LAND_DISCARDED;
      readonly id: number;
      readonly sock: number;
      /** Length of the whole frame, without its length word. */
      readonly length: number;
      /** Its first bytes: the prefix and the offset after it. */
      readonly head: Uint8Array;
    }
  /** To be hashed and written as soon as every byte is there. */
  | {
      readonly op: typeof Op.LAND_COMMIT;
      readonly id: number;
      readonly buffer: number;
      readonly wantBlocks: boolean;
      readonly digests: readonly DigestOf[];
    }
  | {
      readonly op: typeof Op.LAND_RESULT;
      readonly id: number;
      readonly buffer: number;
      readonly status: LandStatus;
      readonly file: FileStatus;
      /**
       * On a mismatch, or where asked for: the leaves of the first tree among the digests, 32 bytes each; where there is
       * none, SHA-1 of each 16 KiB block, 20 bytes each.
       */
      readonly blocks: Uint8Array;
    }
  | { readonly op: typeof Op.RESULT_ACK; readonly id: number; readonly buffer: number }
  | {
      readonly op: typeof Op.LAND_RESET;
      readonly id: number;
      readonly buffer: number;
      readonly ranges: readonly { readonly offset: number; readonly length: number }[];
    }
  | { readonly op: typeof Op.LAND_DROP; readonly id: number; readonly buffer: number }
  | { readonly op: typeof Op.LAND_PARK; readonly id: number; readonly buffer: number }
  | {
      readonly op: typeof Op.LAND_PARKED;
      readonly id: number;
      readonly buffer: number;
      readonly file: FileStatus;
      /** What of it stands in its files. */
      readonly there: readonly { readonly offset: number; readonly length: number }[];
    }
  | {
      readonly op: typeof Op.SEND_SPANS;
      readonly id: number;
      readonly sock: number;
      readonly send: number;
      readonly header: Uint8Array;
      readonly spans: readonly Span[];
    }
  | {
      /** What has become of these sends of one socket. */
      readonly op: typeof Op.SENT;
      readonly id: number;
      readonly sock: number;
      readonly status: SentStatus;
      readonly file: FileStatus;
      readonly sends: readonly number[];
    }
  | { readonly op: typeof Op.SEND_CANCEL; readonly id: number; readonly sock: number; readonly send: number }
  | {
      /** Makes the group, below `parent` (0: below none), or sets its rate. */
      readonly op: typeof Op.RATE_GROUP;
      readonly id: number;
      /** Numbered by the client, from 1. */
      readonly group: number;
      readonly parent: number;
      readonly direction: RateDirection;
      /** Bytes a second for all in it and below it together; 0: no limit. */
      readonly rate: number;
    }
  /** Puts the socket into the group, for its direction alone; it leaves the one that it was in. */
  | { readonly op: typeof Op.RATE_JOIN; readonly id: number; readonly sock: number; readonly group: number }
  /** Those in the group are in its parent from then on. */
  | { readonly op: typeof Op.RATE_DROP; readonly id: number; readonly group: number }
  | {
      readonly op: typeof Op.HTTP_GET;
      readonly id: number;
      readonly request: {
        readonly url: string;
        /** Over which family of addresses alone, on every hop; 0: over either. */
        readonly family: IpFamily | 0;
        readonly headers: Readonly<Record<string, string>>;
        readonly maxBytes: number;
        readonly timeoutMs: number;
      };
    }
  | {
      readonly op: typeof Op.HTTP_RESULT;
      readonly id: number;
      readonly net: NetStatus;
      /** The HTTP status, 0 where there was no answer. */
      readonly status: number;
      /** Why it failed, in a few words. */
      readonly detail: string;
      readonly body: Uint8Array;
    }
  | {
      /** The first parts of a long body, in order; HTTP_RESULT has the last. */
      readonly op: typeof Op.HTTP_BODY;
      readonly id: number;
      /** The requestId of the HTTP_GET. */
      readonly request: number;
      readonly bytes: Uint8Array;
    }
  | { readonly op: typeof Op.HTTP_CANCEL; readonly id: number }
  | {
      readonly op: typeof Op.HTTP_LAND;
      readonly id: number;
      readonly url: string;
      /** Asks for the bytes of the places, in their order, from `from` of a file of `total` bytes; else for a body that is all of them. */
      readonly range: boolean;
      readonly from: number;
      readonly total: number;
      /** Ms without a byte, after which it is given up. */
      readonly silenceMs: number;
      /** The group of rates that its reading is in; 0: none. */
      readonly group: number;
      readonly places: readonly Place[];
    }
  | {
      readonly op: typeof Op.HTTP_LANDED;
      readonly id: number;
      /** The requestId of the HTTP_LAND. */
      readonly request: number;
      /** Somebody else brought them. */
      readonly earlier: boolean;
      /** Neighbouring ranges of one buffer may be told as one. */
      readonly ranges: readonly Place[];
    }
  | {
      readonly op: typeof Op.HTTP_ENDED;
      readonly id: number;
      readonly net: NetStatus;
      /** The HTTP status; 0 where there was no answer, or not the one that was asked for. */
      readonly status: number;
      /** Seconds after which it may be asked again, or {@link NO_RETRY_AFTER}. */
      readonly retryAfter: number;
      /** Why it failed, in a few words. */
      readonly detail: string;
    }
  | {
      /** Of two open files: bytes of the first are written into the second, not flushed. Answered by FILE_DONE. */
      readonly op: typeof Op.FILE_COPY;
      readonly id: number;
      readonly from: Span;
      readonly to: number;
      readonly toOffset: number;
    }
  | {
      readonly op: typeof Op.FILE_OPEN;
      readonly id: number;
      /** Numbered by the client, from 1. */
      readonly file: number;
      readonly root: string;
      readonly components: readonly string[];
      readonly size: number;
      readonly create: boolean;
      /** With `create`: its space is taken before it is answered. */
      readonly allocate: boolean;
    }
  | {
      readonly op: typeof Op.FILE_OPENED;
      readonly id: number;
      readonly file: number;
      readonly status: FileStatus;
      readonly size: number;
      readonly mtimeMs: number;
    }
  | { readonly op: typeof Op.FILE_SYNC; readonly id: number; readonly files: readonly number[] }
  | { readonly op: typeof Op.FILE_CLOSE; readonly id: number; readonly file: number }
  | {
      /** A file that is longer than `size` is another's, and stays. */
      readonly op: typeof Op.FILE_DELETE;
      readonly id: number;
      readonly root: string;
      readonly components: readonly string[];
      readonly size: number;
      /** It goes to the trash, or is not deleted. */
      readonly trash: boolean;
    }
  | {
      /**
       * Takes a file to another path, of the same root or another, and in place of nothing. May be asked again after any end: what
       * was done is done. A file that is longer than `size` is another's, and stays.
       */
      readonly op: typeof Op.FILE_MOVE;
      readonly id: number;
      readonly size: number;
      readonly from: FilePath;
      readonly to: FilePath;
    }
  | {
      /** The answer to FILE_SYNC, FILE_DELETE, FILE_COPY and FILE_MOVE. */
      readonly op: typeof Op.FILE_DONE;
      readonly id: number;
      readonly status: FileStatus;
      /**
       * After a sync: each file's id, size and mtime, to record beside what it vouches for. After a move: what stands at its
       * end, as file 0; with GONE that is a file that could have been moved there earlier.
       */
      readonly files: readonly { readonly file: number; readonly size: number; readonly mtimeMs: number }[];
    }
  | {
      readonly op: typeof Op.VERIFY;
      readonly id: number;
      readonly items: readonly {
        readonly spans: readonly Span[];
        readonly algorithm: Digest;
        readonly height: number;
        readonly expected: Uint8Array;
      }[];
    }
  | {
      readonly op: typeof Op.VERIFY_RESULT;
      readonly id: number;
      /** One for each item: 0 it hashes as expected, 1 it does not, 2 it could not be read. */
      readonly verdicts: Uint8Array;
    }
  /** Asks for the leaves of a tree over what stands in files. */
  | { readonly op: typeof Op.LEAVES; readonly id: number; readonly spans: readonly Span[] }
  | {
      readonly op: typeof Op.LEAVES_RESULT;
      readonly id: number;
      /** SHA-256 of each 16 KiB, the last maybe shorter; nothing where it could not be read. */
      readonly leaves: Uint8Array;
    }
  | {
      /** A reader of `/stream` stands at `offset` of an open file and is yet to read `length` bytes; 0: it has gone. */
      readonly op: typeof Op.STREAM_WANT;
      readonly id: number;
      readonly stream: number;
      readonly file: number;
      readonly offset: number;
      readonly length: number;
    }
  | {
      /** These bytes of its file are there and right, for that reader; 0: no more will come, and its answer ends there. */
      readonly op: typeof Op.STREAM_HAVE;
      readonly id: number;
      readonly stream: number;
      readonly offset: number;
      readonly length: number;
    }
  | {
      /** Pages of `origin` may read one file by `/stream`, with a secret of its own. The client numbers grants. */
      readonly op: typeof Op.STREAM_GRANT;
      readonly id: number;
      readonly grant: number;
      readonly file: number;
      readonly origin: string;
    }
  | {
      readonly op: typeof Op.STREAM_GRANTED;
      readonly id: number;
      readonly secret: string;
    }
  /** No more is to be read with it; answers that are under way are cut. */
  | { readonly op: typeof Op.STREAM_REVOKE; readonly id: number; readonly grant: number }
  | { readonly op: typeof Op.STATS; readonly id: number }
  | {
      readonly op: typeof Op.STATS_RESULT;
      readonly id: number;
      /** Those of which most waits, at most {@link MAX_BUSIEST}, and of others those with most bytes. */
      readonly busiest: readonly SocketStats[];
      readonly stats: IoStats;
    }
  | { readonly op: typeof Op.ERROR; readonly id: number; readonly code: ErrorCode; readonly text: string };

export type FrameOf<O extends Op> = Extract<Frame, { readonly op: O }>;
