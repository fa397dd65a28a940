/** What this process holds at most, in counts and bytes. SERVER_HELLO tells the client those that it can run into. */
import { type IoLimits, MAX_FRAME } from '../wire/frames.ts';
import { MAX_ASKED, MAX_RULES } from '../wire/rules.ts';
import { MAX_GROUPS } from '../wire/throttle.ts';

const MiB = 1 << 20;

export const LIMITS: IoLimits = {
  frame: MAX_FRAME,
  sockets: 500,
  relays: 64,
  listeners: 8,
  udpSockets: 16,
  connectsPerSecond: 50,
  landing: 96 * MiB,
  // More, and what waits falls out of the processor's cache before a thread comes to it: 64 MiB costs a tenth of the rate.
  diskQueue: 8 * MiB,
  backed: 8 * MiB,
  sendQueue: 4 * MiB,
  rules: MAX_RULES,
  ranges: MAX_ASKED,
  files: 4096,
  groups: MAX_GROUPS,
  httpBody: 10_000_000,
  requests: 32,
  writeBody: 32 * MiB,
};

/** Connections at once, let in or not, and those that only ask by HTTP. */
export const CONNECTIONS = 32;
/** Requests of a client that are at work, or wait for it, at once, beside deletes and moves. */
export const TASKS = 8_192;
/** Requests for files whose answers are awaited, as far as they are remembered to be logged. */
export const REMEMBERED = 10_000;
/** Time to authenticate in, ms. */
export const AUTH_DEADLINE = 5_000;
/** A client that leaves this much unread is taken for dead. */
export const OUT_QUEUE = 32 * MiB;
/** Connects that wait for their turn. */
export const CONNECT_QUEUE = 1_000;
/** ms. */
export const CONNECT_TIMEOUT = 10_000;
/** Of a name's addresses so many are tried. */
export const DIALLED = 4;
/** A closed socket may take this long to send what it was given, ms. */
export const LINGER = 5_000;

/** Bytes that the client has not read, beyond which datagrams for it are dropped. */
export const UDP_UNREAD = 4 * MiB;
/** Bytes that wait to be sent on one UDP socket, beyond which more are dropped. */
export const UDP_QUEUE = MiB;
/** Asked of the system for a UDP socket that carries uTP, either way, bytes. */
export const UDP_BUFFER = 2 * MiB;
/** What came by uTP and is not read, or not in order, over all connections; a packet counts for 256 bytes more than its payload. */
export const UTP_HELD = 64 * MiB;
/** Names that are being looked up at once. */
export const LOOKUPS = 256;
/** Of a name's addresses so many are told. */
export const ADDRESSES = 16;

/** Read at once from a socket: little while it is raw, as what exceeds the credit is held here. */
export const RAW_READ = 4 * 1024;
export const FRAMED_READ = 128 * 1024;
/** Longest frame that STREAM_FRAMED may allow. */
export const LONGEST_FRAME = MAX_FRAME - 64;
/** Frames that are being put together, and bytes that wait for credit, over all sockets; the one that would exceed it is closed. */
export const ASSEMBLY = 32 * MiB;

/** Assembly buffers opened and not yet written, in count, and in bytes those that stand in memory. */
export const OPEN_BYTES = 256 * MiB;
export const OPEN_BUFFERS = 1_024;
/** Written to a file at once from what landed in such a buffer: bytes and blocks. */
export const BACKING_WRITE = MiB;
export const BACKING_PARTS = 256;
/** Held of what landed in such buffers while their files are not ready, in one and in all of them, bytes. */
export const BACKING_HELD = 8 * MiB;
export const BACKINGS_HELD = 32 * MiB;
/** Held apart of frames that are half-way in: second copies, and what is to be written whole; what would exceed it is thrown away, bytes. */
export const STAGED = 32 * MiB;
/** What is there of one buffer, as ranges apart from each other: those of the longest piece in blocks of 16 KiB are 16,384. */
export const RANGES_THERE = 65_536;
/** Digests of one commit, which may wait: one of each kind that pieces have, and a few more. */
export const DIGESTS = 8;
/** Commits that wait for RESULT_ACK; beyond it reading pauses, as it does for memory. */
export const UNACKNOWLEDGED = 16_384;
/** Memory kept for the next buffer of the same size. */
export const SPARE = 32 * MiB;
/** What outlives its connection does so for this long, ms. */
export const KEEP = 30_000;
/** What landed, and how commits ended, waits so long for a message that leaves anyhow, ms. */
export const TELL_AFTER = 10;
/** HTTP_LANDED is told after this much, or as long, bytes. */
export const TELL_BYTES = 2 << 20;

/** One SEND_SPANS, its header and spans together. */
export const SEND_BYTES = MiB;
/** Sends that wait on one socket. */
export const SEND_COUNT = 4_096;
/** Read ahead for sends: at once on one socket, and bytes over all of them. */
export const READS = 8;
export const READ_BYTES = 32 * MiB;
/**
 * Who has memory for sends that others wait for, and takes less than so many bytes in so long, ms, is closed. What the system holds for
 * a reader that was fast once is up to 4 MiB, and it takes no more before a third of that or so has gone: 82 s were measured at 20 KB/s.
 */
export const STALL_BYTES = 16 * 1024;
export const STALL_TIME = 240_000;
/** No span is handed to a socket that still has this much to send. */
export const SEND_AHEAD = MiB;

/** Read at once from a socket whose rate is limited: what it may not pass on yet is held. */
export const LIMITED_READ = 16 * 1024;

/** Copies between files at once, those that wait for it, and bytes moved at a time. */
export const COPIES = 2;
export const COPY_QUEUE = 1_024;
export const COPY_CHUNK = MiB;

/** Files whose space is being taken at once; as many wait as may be open. */
export const ALLOCATIONS = 2;

/** Files moved at once, those that wait for it, and of them those whose bytes are copied to another file system at once. */
export const MOVES = 64;
export const MOVE_QUEUE = 200_000;
export const CARRIES = 2;

/** What is deleted of one folder goes to one entry of the trash as long as no more than this lies between, ms. */
export const TRASH_ENTRY_KEPT = 5_000;
/** Entries of the trash that are kept so; what would be one more is ended with its file. */
export const TRASH_ENTRIES = 1_024;
/** Files deleted at once, and those that wait for it. */
export const DELETES = 8;
export const DELETE_QUEUE = 200_000;

/** Requests at once, and connections that are kept to one origin. */
export const HTTP_REQUESTS = 64;
export const HTTP_PER_ORIGIN = 4;
/** A kept connection may lie idle for this long, ms. */
export const HTTP_IDLE = 15_000;
export const HTTP_TIMEOUT = 120_000;
/** A body that lands may take this long in all, ms, and be this long, bytes. */
export const HTTP_LAND_TIME = 600_000;
export const HTTP_LAND_BYTES = 64 * MiB;
/** A body that comes back does so in parts of this length, bytes. */
export const HTTP_PART = MiB;
/** Of the body of a refusal so much is read, bytes. */
export const HTTP_NOTE = 16 * 1024;
export const REDIRECTS = 5;

/** Answers of /stream at once. */
export const STREAMS = 16;
/** One of them reads so much at a time, bytes, and tells the engine where it stands each time it has sent so much. */
export const STREAM_CHUNK = 256 * 1024;
export const STREAM_STEP = MiB;
/**
 * The engine may let a reader wait so long for the next byte, and a reader the daemon to take one, ms. The latter also holds for
 * answers of /read: the system tells of what was taken a megabyte at a time, which a slow reader needs minutes for.
 */
export const STREAM_SILENCE = 60_000;
export const STREAM_STALL = 600_000;

/** Others than the page that was admitted may read so many files at a time, and begin to for so long after they were let, ms. */
export const GRANTS = 64;
export const GRANT_TIME = 30_000;

/** Bodies of /write that are held at once, bytes; who comes beyond waits unread. */
export const WRITE_HELD = 64 * MiB;
/** A body of /hash, and what of one is held at a time, with its thread or on the way there, bytes. */
export const HASH_BODY = 2 ** 36;
export const HASH_CHUNK = MiB;
/** A body of /files/verify, its items, and what one of them covers, bytes. */
export const VERIFY_BODY = MiB;
export const VERIFY_ITEMS = 1_000;
export const VERIFY_LENGTH = 512 * MiB;
/** Entries of a folder in one answer. */
export const LIST_PAGE = 1_000;
/** A body comes with at least so many bytes in so long, ms, unless that is all of it. */
export const BODY_PACE = 64 * 1024;
export const BODY_PACE_TIME = 10_000;
/** Who was refused may send on for so long, and as much as a body of /write may be, to hear it, ms. */
export const REFUSED_LINGER = 1_000;
