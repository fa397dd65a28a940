import type { Ids, Outbox } from './effects.ts';
import type { Peer } from './peer.ts';
import type { Storage } from './storage.ts';
import type { Bitfield } from './model/bitfield.ts';
import type { Layout } from './model/layout.ts';
import { encodeMessage, pieceHeader } from './codec/peer-wire.ts';

/** Requests of a peer that we may not have answered yet; we tell it so as `reqq`. One more is refused. */
export const MAX_QUEUED_REQUESTS = 2000;
/** No peer asks for more in one request (BEP 3 in practice). */
const MAX_REQUEST = 128 * 1024;
/** Bytes of a peer's requests that the store and the socket work on at once. */
const WINDOW = 16 << 20;

interface Request {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

interface Queue {
  readonly waiting: Request[];
  /** First of `waiting` not handed on: taken from the front without moving the rest. */
  head: number;
  /** Handed to the store and not answered, by the number of the send. */
  readonly sending: Map<number, Request>;
  window: number;
}

/** Answers the requests of unchoked peers with spans of the files; the payload never passes through here. */
export class Uploader {
  private readonly queues = new Map<Peer, Queue>();

  constructor(
    private readonly layout: Layout,
    private readonly have: Bitfield,
    private readonly storage: Storage,
    private readonly ids: Ids,
    private readonly out: Outbox,
    /** A block of the piece is being read for the peer. */
    private readonly read: (peer: Peer, piece: number, now: number) => void,
  ) {}

  /** False where the request breaks the protocol and the peer is to be dropped. */
  request(peer: Peer, request: Request, now: number): boolean {
    const { piece, begin, length } = request;
    if (piece >= this.layout.pieceCount || length === 0 || length > MAX_REQUEST) return false;
    if (begin + length > this.layout.pieceSize(piece)) return false;
    const queue = this.queueOf(peer);
    const full = queue.waiting.length - queue.head + queue.sending.size >= MAX_QUEUED_REQUESTS;
    if (full || !this.have.get(piece) || (peer.amChoking && !takeGranted(peer, request))) {
      this.reject(peer, request, now);
      return true;
    }
    queue.waiting.push(request);
    this.pump(peer, queue, now);
    return true;
  }

  cancel(peer: Peer, { piece, begin, length }: Request, now: number): void {
    const queue = this.queues.get(peer);
    if (!queue) return;
    const same = (other: Request): boolean => other.piece === piece && other.begin === begin && other.length === length;
    const at = queue.waiting.findIndex((other, index) => index >= queue.head && same(other));
    if (at >= 0) {
      queue.waiting.splice(at, 1);
      this.reject(peer, { piece, begin, length }, now);
      return;
    }
    for (const [send, other] of queue.sending) {
      if (same(other)) {
        this.out({ do: 'cancelSend', conn: peer.conn, send });
        return;
      }
    }
  }

  /** After we choke a peer: what is not on its way is refused. */
  choked(peer: Peer, now: number): void {
    const queue = this.queues.get(peer);
    if (!queue) return;
    for (const request of queue.waiting.splice(queue.head)) this.reject(peer, request, now);
    queue.waiting.length = 0;
    queue.head = 0;
    for (const send of queue.sending.keys()) this.out({ do: 'cancelSend', conn: peer.conn, send });
  }

  /** Sends have left, or never will: the pieces of those. */
  sent(peer: Peer, sends: readonly number[], ok: boolean, now: number): readonly number[] {
    const queue = this.queues.get(peer);
    if (!queue) return [];
    const failed: number[] = [];
    let bytes = 0;
    for (const send of sends) {
      const request = queue.sending.get(send);
      if (!request) continue;
      queue.sending.delete(send);
      queue.window -= request.length;
      if (ok) bytes += request.length;
      else {
        failed.push(request.piece);
        this.reject(peer, request, now);
      }
    }
    if (bytes > 0) {
      peer.up.add(bytes, now);
      peer.lastSentAt = now;
    }
    this.pump(peer, queue, now);
    return failed;
  }

  gone(peer: Peer): void {
    this.queues.delete(peer);
  }

  stop(): void {
    this.queues.clear();
  }

  private pump(peer: Peer, queue: Queue, now: number): void {
    while (queue.head < queue.waiting.length && queue.window < WINDOW) {
      const request = queue.waiting[queue.head++];
      if (!request) break;
      const send = this.ids.request();
      queue.sending.set(send, request);
      queue.window += request.length;
      const { piece, begin, length } = request;
      const spans = this.storage.blockSpans(piece, begin, length);
      this.read(peer, piece, now);
      this.out({ do: 'sendSpans', conn: peer.conn, send, header: pieceHeader(piece, begin, length), spans });
    }
    if (queue.head === queue.waiting.length) {
      queue.waiting.length = 0;
      queue.head = 0;
    } else if (queue.head > 1024) {
      queue.waiting.splice(0, queue.head);
      queue.head = 0;
    }
  }

  private reject(peer: Peer, { piece, begin, length }: Request, now: number): void {
    if (peer.fast) peer.send(encodeMessage({ type: 'reject', piece, begin, length }), now);
  }

  private queueOf(peer: Peer): Queue {
    let queue = this.queues.get(peer);
    if (!queue) {
      queue = { waiting: [], head: 0, sending: new Map(), window: 0 };
      this.queues.set(peer, queue);
    }
    return queue;
  }
}

/** Whether a choked peer may have this block all the same, out of what it was granted. */
function takeGranted(peer: Peer, { piece, length }: Request): boolean {
  const left = peer.granted.get(piece) ?? 0;
  if (left < length) return false;
  peer.granted.set(piece, left - length);
  return true;
}
