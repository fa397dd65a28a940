/**
 * Sends that are read from files: a header, then spans. A span is read whole before its header is queued; what follows
 * another in the same file is read with it; each is answered once.
 */
import { FileStatus, type Frame, type FrameOf, Op, SentStatus } from '../wire/frames.ts';
import { problemOf } from './errno.ts';
import type { Files } from './files.ts';
import type { Place } from './shared-file.ts';
import { READ_BYTES, READS, SEND_BYTES, SEND_COUNT } from './limits.ts';
import type { ReadBudget } from './read-budget.ts';
import type { PeerSocket } from './peer-socket.ts';
import type { Holder } from './stalls.ts';

/** Neighbouring spans are read together up to this many bytes: what a read costs is mostly the way to a thread and back. */
const READ_TOGETHER = 1 << 20;
/** One socket holds no more than this part of the memory for reads, and less where there are more sockets. */
const SHARES = 16;
const NOTHING = Buffer.alloc(0);

/** What one read brings, for one item or several: the memory is free again when the last of them is through. */
interface Slab {
  readonly memory: ArrayBuffer;
  users: number;
}

interface Item {
  readonly send: number;
  readonly header: Uint8Array;
  readonly places: readonly Place[];
  readonly length: number;
  state: 'waiting' | 'reading' | 'ready' | 'failed' | 'cancelled';
  slab: Slab | null;
  data: Buffer;
  problem: FileStatus;
}

interface Answer {
  readonly status: SentStatus;
  readonly file: FileStatus;
  readonly sends: number[];
}

interface Queue extends Holder {
  readonly peer: PeerSocket;
  /** In the order they were asked for; those that were handed to the socket are gone. */
  readonly items: Item[];
  /** Of these the first so many wait no more: they are being read, or were. */
  begun: number;
  reads: number;
  /** To be told once this turn has said all it has to say. */
  readonly answers: Answer[];
  /** It is looked at again once this turn has said all it has to say. */
  isDue: boolean;
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
      this.#tell(peer.id, { status: SentStatus.ERROR, file: FileStatus.LIMIT, sends: [send] });
      return;
    }
    this.#queues.set(peer.id, queue);
    queue.items.push({ send, header, places, length, state: 'waiting', slab: null, data: NOTHING, problem: FileStatus.OK });
    this.#soon(queue);
  }

  /** Calls off what was not handed to the socket yet; the rest is answered as it is sent. */
  cancel(sock: number, send: number): void {
    const queue = this.#queues.get(sock);
    const at = queue?.items.findIndex(candidate => candidate.send === send) ?? -1;
    if (queue === undefined || at < 0) return;
    const [item] = queue.items.splice(at, 1) as [Item];
    if (at < queue.begun) queue.begun--;
    this.#drop(queue, item);
    this.#answer(queue, send, SentStatus.CANCELLED, FileStatus.OK);
  }

  /** The socket has closed: nobody waits for an answer. */
  end(sock: number): void {
    const queue = this.#queues.get(sock);
    this.#queues.delete(sock);
    if (queue === undefined) return;
    this.#budget.forget(queue);
    for (const item of queue.items.splice(0)) this.#drop(queue, item);
    queue.begun = 0;
  }

  #drop(queue: Queue, item: Item): void {
    // What is being read gives back its memory and files when it has been.
    if (item.state !== 'reading') this.#release(queue, item);
    item.state = 'cancelled';
  }

  #release(queue: Queue, item: Item): void {
    const { slab } = item;
    item.slab = null;
    item.data = NOTHING;
    for (const { file } of item.places) file?.release();
    if (slab === null || --slab.users > 0) return;
    this.#budget.give(slab.memory, queue);
  }

  /** What one message asks for is looked at together, and so is what the system has taken at once. */
  #soon(queue: Queue): void {
    if (queue.isDue) return;
    queue.isDue = true;
    queueMicrotask(() => {
      queue.isDue = false;
      if (!queue.peer.isClosed) for (const answer of queue.answers.splice(0)) this.#tell(queue.peer.id, answer);
      this.#pump(queue);
    });
  }

  #pump(queue: Queue): void {
    this.#write(queue);
    const share = READ_BYTES / Math.max(SHARES, this.#queues.size);
    while (queue.begun < queue.items.length && queue.reads < READS && queue.held < share) {
      if (this.#budget.isUsedUp) {
        this.#budget.wait(queue);
        return;
      }
      const group = groupFrom(queue.items, queue.begun, Math.min(READ_TOGETHER, share));
      queue.begun += group.length;
      this.#read(queue, group).catch((error: unknown) => this.#failed(queue, group, problemOf(error)));
    }
  }

  /** Hands what has been read to the socket, as long as that has little to send. */
  #write(queue: Queue): void {
    const { peer } = queue;
    for (let item = queue.items[0]; item !== undefined && !peer.isClosed; item = queue.items[0]) {
      if (item.state === 'failed') {
        this.#release(queue, item);
        this.#answer(queue, item.send, SentStatus.ERROR, item.problem);
      } else if (item.state === 'ready' && peer.takesPayload) this.#pay(queue, item);
      else break;
      queue.items.shift();
      queue.begun--;
    }
  }

  #pay(queue: Queue, item: Item): void {
    const { peer } = queue;
    peer.pay([item.header, item.data], error => {
      this.#release(queue, item);
      if (peer.isClosed) return;
      this.#answer(queue, item.send, error == null ? SentStatus.SENT : SentStatus.ERROR, FileStatus.OK);
    });
  }

  async #read(queue: Queue, group: readonly Item[]): Promise<void> {
    const length = group.reduce((sum, item) => sum + item.length, 0);
    const slab: Slab = { memory: this.#budget.take(length, queue), users: group.length };
    queue.reads++;
    let at = 0;
    for (const item of group) {
      item.state = 'reading';
      item.slab = slab;
      item.data = Buffer.from(slab.memory, at, item.length);
      at += item.length;
    }
    try {
      const [first] = group as [Item];
      if (group.length > 1) await this.#readPlace(first.places[0] as Place, Buffer.from(slab.memory));
      else await this.#readPlaces(first);
    } finally {
      queue.reads--;
    }
    for (const item of group) {
      if (item.state === 'cancelled') this.#release(queue, item);
      else item.state = 'ready';
    }
    this.#pump(queue);
  }

  async #readPlaces({ places, data }: Item): Promise<void> {
    let at = 0;
    for (const place of places) {
      await this.#readPlace(place, data.subarray(at, at + place.length));
      at += place.length;
    }
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

  /** What becomes of several in one turn is told in one frame, as far as it is the same. */
  #answer(queue: Queue, send: number, status: SentStatus, file: FileStatus): void {
    const last = queue.answers[queue.answers.length - 1];
    if (last !== undefined && last.status === status && last.file === file) last.sends.push(send);
    else queue.answers.push({ status, file, sends: [send] });
    this.#soon(queue);
  }

  #tell(sock: number, answer: Answer): void {
    this.#push({ op: Op.SENT, id: 0, sock, ...answer });
  }
}

function newQueue(peer: PeerSocket, pump: (queue: Queue) => void): Queue {
  const queue: Queue = { peer, items: [], begun: 0, reads: 0, held: 0, answers: [], isDue: false, wake: () => pump(queue) };
  return queue;
}

/** The item at `first`, and those after it that go on in the same file where the one before ends, up to `most` bytes. */
function groupFrom(items: readonly Item[], first: number, most: number): Item[] {
  const group = [items[first] as Item];
  let length = group[0]?.length ?? 0;
  for (let i = first + 1; i < items.length; i++) {
    const before = singlePlace(items[i - 1]);
    const item = items[i];
    const place = singlePlace(item);
    if (before === null || place === null || item?.state !== 'waiting' || length + place.length > most) break;
    if (place.file !== before.file || place.file === null || place.offset !== before.offset + before.length) break;
    group.push(item);
    length += place.length;
  }
  return group;
}

function singlePlace(item: Item | undefined): Place | null {
  return item?.places.length === 1 ? (item.places[0] ?? null) : null;
}
