/**
 * Sends that are read from files: a header, then spans. A span is read whole before its header is queued; what follows
 * another in the same file is read with it; each is answered once.
 */
import { FileStatus, type Frame, type FrameOf, Op, SentStatus } from '../wire/frames.ts';
import { problemOf } from './errno.ts';
import type { Files } from './files.ts';
import type { Place } from './assembly.ts';
import { READ_BYTES, READS, SEND_BYTES, SEND_COUNT } from './limits.ts';
import type { ReadBudget } from './read-budget.ts';
import type { PeerSocket } from './peer-socket.ts';

/** Neighbouring spans are read together up to this many bytes. */
const READ_TOGETHER = 256 * 1024;
/** One socket holds no more than this part of the memory for reads, and less where there are more sockets. */
const SHARES = 16;

interface Item {
  readonly send: number;
  readonly header: Uint8Array;
  readonly places: readonly Place[];
  readonly length: number;
  state: 'waiting' | 'reading' | 'ready' | 'failed' | 'cancelled';
  data: Buffer;
  problem: FileStatus;
}

interface Queue {
  readonly peer: PeerSocket;
  /** In the order they were asked for; those that were written are gone. */
  items: Item[];
  reads: number;
  /** Bytes being read, or read and not sent. */
  held: number;
  /** There is memory again. */
  readonly wake: () => void;
}

export class Gather {
  readonly #files: Files;
  readonly #budget: ReadBudget;
  readonly #push: (frame: Frame) => void;
  readonly #queues = new Map<number, Queue>();

  constructor(files: Files, budget: ReadBudget, push: (frame: Frame) => void) {
    this.#files = files;
    this.#budget = budget;
    this.#push = push;
  }

  /** Takes over the places, which the caller has retained. */
  send(peer: PeerSocket, { send, header }: FrameOf<typeof Op.SEND_SPANS>, places: readonly Place[]): void {
    const length = places.reduce((sum, place) => sum + place.length, 0);
    const queue = this.#queues.get(peer.id) ?? newQueue(peer, awake => this.#pump(awake));
    if (header.length + length > SEND_BYTES || queue.items.length >= SEND_COUNT) {
      for (const { file } of places) file?.release();
      this.#answer(peer.id, send, SentStatus.ERROR, FileStatus.LIMIT);
      return;
    }
    this.#queues.set(peer.id, queue);
    const data = Buffer.alloc(0);
    queue.items.push({ send, header, places, length, state: 'waiting', data, problem: FileStatus.OK });
    this.#pump(queue);
  }

  /** Calls off what was not handed to the socket yet; the rest is answered as it is sent. */
  cancel(sock: number, send: number): void {
    const queue = this.#queues.get(sock);
    const item = queue?.items.find(candidate => candidate.send === send);
    if (queue === undefined || item === undefined) return;
    this.#remove(queue, item);
    this.#answer(sock, send, SentStatus.CANCELLED, FileStatus.OK);
    this.#pump(queue);
  }

  /** The socket has closed: nobody waits for an answer. */
  end(sock: number): void {
    const queue = this.#queues.get(sock);
    this.#queues.delete(sock);
    if (queue === undefined) return;
    this.#budget.forget(queue.wake);
    for (const item of queue.items.slice()) this.#remove(queue, item);
  }

  #remove(queue: Queue, item: Item): void {
    queue.items = queue.items.filter(other => other !== item);
    // What is being read gives back its memory and files when it has been.
    if (item.state !== 'reading') this.#release(queue, item);
    item.state = 'cancelled';
  }

  #release(queue: Queue, item: Item): void {
    if (item.state === 'ready') this.#give(queue, item.length);
    item.data = Buffer.alloc(0);
    for (const { file } of item.places) file?.release();
  }

  #give(queue: Queue, bytes: number): void {
    queue.held -= bytes;
    this.#budget.give(bytes);
  }

  #pump(queue: Queue): void {
    this.#write(queue);
    const share = READ_BYTES / Math.max(SHARES, this.#queues.size);
    let next = queue.items.findIndex(item => item.state === 'waiting');
    while (next >= 0 && next < queue.items.length && queue.reads < READS && queue.held < share) {
      if (this.#budget.isUsedUp) {
        this.#budget.wait(queue.wake);
        return;
      }
      const group = groupFrom(queue.items, next);
      next += group.length;
      this.#read(queue, group).catch((error: unknown) => this.#failed(queue, group, problemOf(error)));
    }
  }

  /** Hands what has been read to the socket, as long as that has little to send. */
  #write(queue: Queue): void {
    const { peer } = queue;
    for (;;) {
      const item = queue.items[0];
      if (item === undefined || peer.isClosed) return;
      if (item.state === 'failed') {
        queue.items.shift();
        this.#release(queue, item);
        this.#answer(peer.id, item.send, SentStatus.ERROR, item.problem);
      } else if (item.state === 'ready' && peer.takesPayload) {
        queue.items.shift();
        peer.pay([item.header, item.data], error => {
          this.#release(queue, item);
          if (peer.isClosed) return;
          const status = error == null ? SentStatus.SENT : SentStatus.ERROR;
          this.#answer(peer.id, item.send, status, FileStatus.OK);
          this.#pump(queue);
        });
      } else return;
    }
  }

  async #read(queue: Queue, group: readonly Item[]): Promise<void> {
    const length = group.reduce((sum, item) => sum + item.length, 0);
    for (const item of group) item.state = 'reading';
    queue.reads++;
    queue.held += length;
    this.#budget.take(length);
    const bytes = Buffer.allocUnsafeSlow(length);
    try {
      const [first] = group;
      if (group.length > 1 && first !== undefined) await this.#readPlace(first.places[0] as Place, bytes);
      else {
        let at = 0;
        for (const place of first?.places ?? []) {
          await this.#readPlace(place, bytes.subarray(at, at + place.length));
          at += place.length;
        }
      }
    } catch (error) {
      this.#give(queue, length);
      throw error;
    } finally {
      queue.reads--;
    }
    let at = 0;
    for (const item of group) {
      const wasCancelled = item.state === 'cancelled';
      item.state = 'ready';
      item.data = bytes.subarray(at, at + item.length);
      at += item.length;
      if (wasCancelled) this.#release(queue, item);
    }
    this.#pump(queue);
  }

  async #readPlace({ file, offset }: Place, into: Buffer): Promise<void> {
    if (file === null) into.fill(0);
    else await this.#files.read(file, into, offset);
  }

  #failed(queue: Queue, group: readonly Item[], problem: FileStatus): void {
    for (const item of group) {
      if (item.state === 'cancelled') this.#release(queue, item);
      else {
        item.state = 'failed';
        item.problem = problem;
      }
    }
    this.#pump(queue);
  }

  #answer(sock: number, send: number, status: SentStatus, file: FileStatus): void {
    this.#push({ op: Op.SENT, id: 0, sock, send, status, file });
  }
}

function newQueue(peer: PeerSocket, pump: (queue: Queue) => void): Queue {
  const queue: Queue = { peer, items: [], reads: 0, held: 0, wake: () => pump(queue) };
  return queue;
}

/** The item at `first`, and those after it that go on in the same file where the one before ends. */
function groupFrom(items: readonly Item[], first: number): Item[] {
  const group = [items[first] as Item];
  let length = group[0]?.length ?? 0;
  for (let i = first + 1; i < items.length; i++) {
    const before = singlePlace(items[i - 1]);
    const item = items[i];
    const place = singlePlace(item);
    if (before === null || place === null || item?.state !== 'waiting' || length + place.length > READ_TOGETHER) break;
    if (place.file !== before.file || place.file === null || place.offset !== before.offset + before.length) break;
    group.push(item);
    length += place.length;
  }
  return group;
}

function singlePlace(item: Item | undefined): Place | null {
  return item?.places.length === 1 ? (item.places[0] ?? null) : null;
}
