/**
 * What leaves over one connection: messages, and sends that are read from files, in the order that they were asked for. No more is handed out
 * than may be under way, and no more read ahead than its share. A message overtakes what is not begun, and is cut by nothing.
 */
import { RELAY_WINDOW } from '../../../daemon/wire/frames.ts';
import type { Flow, Throttle } from '../../../daemon/wire/throttle.ts';
import type { FileProblem, Span } from '../../engine/events.ts';
import type { SpanSource } from './blocks.ts';

/** What waits to be sent beside what is read from files. */
const SEND_QUEUE = 4 << 20;
/** One send, its header and spans together, and those that wait. */
const SEND_BYTES = 1 << 20;
const SEND_COUNT = 4_096;
/** Neighbouring spans are read together up to this many bytes: what a read costs is mostly the way to the disk and back. */
const READ_TOGETHER = 256 << 10;
/** Read ahead and not handed out: one connection's share, which gets smaller beyond so many of them, bytes. */
const READ_AHEAD = 2 << 20;
const FULL_SHARES = 16;

const NOTHING = new Uint8Array(0);

export interface OutboundEvents {
  /** Takes them over. */
  hand(bytes: Uint8Array): void;
  sent(sends: readonly number[], ok: boolean, problem: FileProblem | null): void;
  /** More waits than may. */
  overflow(): void;
}

interface Item {
  readonly send: number;
  readonly header: Uint8Array;
  readonly spans: readonly Span[];
  readonly length: number;
  state: 'waiting' | 'reading' | 'ready' | 'failed';
  bytes: Uint8Array;
  problem: FileProblem | null;
}

/** What is being handed out. */
interface Payload {
  readonly item: Item;
  readonly parts: Uint8Array[];
  left: number;
  isBegun: boolean;
}

interface Answer {
  readonly sends: number[];
  readonly ok: boolean;
  readonly problem: FileProblem | null;
}

export class Outbound {
  readonly flow: Flow;
  private readonly messages: Uint8Array[] = [];
  private messageBytes = 0;
  /** In the order that they were asked for; what was handed out, or has failed, is gone. */
  private readonly items = new Map<number, Item>();
  /** Those of them that nobody reads yet, and those that were called off meanwhile. */
  private unread: Item[] = [];
  private payload: Payload | null = null;
  /** Bytes of {@link payload} that may leave by its limits. */
  private granted = 0;
  private ahead = 0;
  private readonly reads = new Set<() => void>();
  /** Bytes handed out, and taken, since the beginning. */
  private handed = 0;
  private passed = 0;
  /** Handed out whole, up to that byte, and not taken. */
  private underWay: { readonly end: number; readonly send: number }[] = [];
  private answers: Answer[] = [];
  private isDue = false;
  private isEnded = false;

  /** `sharers`: how many connections share the memory for what is read ahead. */
  constructor(
    private readonly source: SpanSource,
    throttle: Throttle,
    private readonly sharers: () => number,
    private readonly events: OutboundEvents,
  ) {
    this.flow = throttle.flow(bytes => {
      this.granted += bytes;
      this.pump();
    });
  }

  send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.messageBytes + (this.payload?.left ?? 0) + bytes.length > SEND_QUEUE) return this.events.overflow();
    this.messages.push(bytes);
    this.messageBytes += bytes.length;
    this.soon();
  }

  sendSpans(send: number, header: Uint8Array, spans: readonly Span[]): void {
    const length = spans.reduce((sum, span) => sum + span.length, 0);
    if (header.length + length > SEND_BYTES || this.items.size >= SEND_COUNT) return this.answer(send, false, 'limit');
    const item: Item = { send, header, spans, length, state: 'waiting', bytes: NOTHING, problem: null };
    this.items.set(send, item);
    this.unread.push(item);
    this.soon();
  }

  /** Calls off what was not begun; the rest is answered as it is sent. */
  cancel(send: number): void {
    const { payload } = this;
    if (payload?.item.send === send && !payload.isBegun) {
      this.payload = null;
      this.ahead -= payload.item.length;
    } else {
      const item = this.items.get(send);
      if (!item) return;
      this.items.delete(send);
      if (item.state === 'ready') this.ahead -= item.length;
    }
    this.answer(send, false, null);
  }

  /** So many of the bytes handed out were passed on. */
  taken(bytes: number): void {
    this.passed = Math.min(this.handed, this.passed + bytes);
    let count = 0;
    for (const { end, send } of this.underWay) {
      if (end > this.passed) break;
      count += 1;
      this.answer(send, true, null);
    }
    this.underWay.splice(0, count);
    this.pump();
  }

  end(): void {
    this.isEnded = true;
    this.flow.leave();
    for (const callOff of this.reads) callOff();
    this.reads.clear();
    this.items.clear();
    this.unread = [];
    this.messages.length = 0;
    this.payload = null;
    this.answers = [];
  }

  /** What one turn asks for is looked at together. */
  private soon(): void {
    if (this.isDue) return;
    this.isDue = true;
    queueMicrotask(() => {
      this.isDue = false;
      const answers = this.answers;
      this.answers = [];
      for (const { sends, ok, problem } of answers) if (!this.isEnded) this.events.sent(sends, ok, problem);
      this.pump();
    });
  }

  private answer(send: number, ok: boolean, problem: FileProblem | null): void {
    const last = this.answers[this.answers.length - 1];
    if (last?.ok === ok && last.problem === problem) last.sends.push(send);
    else this.answers.push({ sends: [send], ok, problem });
    this.soon();
  }

  private pump(): void {
    if (this.isEnded) return;
    for (let room = this.room(); room > 0 && this.handSome(room);) room = this.room();
    this.readAhead();
  }

  private room(): number {
    return RELAY_WINDOW - (this.handed - this.passed);
  }

  /** One message, or one part of what is read. False where nothing may leave just now. */
  private handSome(room: number): boolean {
    const [message] = this.messages;
    if (message && this.payload?.isBegun !== true) {
      const part = message.subarray(0, room);
      if (part.length === message.length) this.messages.shift();
      else this.messages[0] = message.subarray(room);
      this.messageBytes -= part.length;
      this.flow.spend(part.length);
      this.hand(part);
      return true;
    }
    const payload = (this.payload ??= this.next());
    if (payload === null) return false;
    if (this.flow.isLimited && this.granted === 0) {
      // Asked for when it could leave at once: a peer that does not read stands in nobody's way.
      this.flow.want(payload.left);
      return false;
    }
    this.pay(payload, this.flow.isLimited ? Math.min(room, this.granted) : room);
    return true;
  }

  /** The first of those that were read, made what is handed out. */
  private next(): Payload | null {
    this.granted = 0;
    for (const item of this.items.values()) {
      if (item.state === 'ready') {
        this.items.delete(item.send);
        const left = item.header.length + item.length;
        return { item, parts: [item.header, item.bytes], left, isBegun: false };
      }
      if (item.state !== 'failed') return null;
      this.items.delete(item.send);
      this.answer(item.send, false, item.problem);
    }
    return null;
  }

  private pay(payload: Payload, most: number): void {
    payload.isBegun = true;
    let room = most;
    for (let part = payload.parts[0]; part && room > 0; part = payload.parts[0]) {
      const bytes = part.subarray(0, room);
      if (bytes.length === part.length) payload.parts.shift();
      else payload.parts[0] = part.subarray(room);
      room -= bytes.length;
      payload.left -= bytes.length;
      this.hand(bytes);
    }
    this.granted = Math.max(0, this.granted - (most - room));
    if (payload.left > 0) return;
    this.payload = null;
    this.ahead -= payload.item.length;
    this.underWay.push({ end: this.handed, send: payload.item.send });
  }

  private hand(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.handed += bytes.length;
    this.events.hand(bytes);
  }

  private readAhead(): void {
    const share = (READ_AHEAD * FULL_SHARES) / Math.max(FULL_SHARES, this.sharers());
    while (this.unread.length > 0 && this.ahead < share) {
      const group = this.takeGroup(Math.min(READ_TOGETHER, share - this.ahead));
      if (group.length > 0) this.read(group);
    }
  }

  /** The first that is to be read, and those after it that go on in the same file where the one before ends. */
  private takeGroup(most: number): Item[] {
    const group: Item[] = [];
    let count = 0;
    let length = 0;
    for (const item of this.unread) {
      const isOff = this.items.get(item.send) !== item;
      const last = group[group.length - 1];
      if (!isOff && last && (length + item.length > most || !goesOn(last, item))) break;
      count += 1;
      if (isOff) continue;
      group.push(item);
      length += item.length;
    }
    this.unread.splice(0, count);
    return group;
  }

  private read(group: readonly Item[]): void {
    const length = group.reduce((sum, item) => sum + item.length, 0);
    this.ahead += length;
    for (const item of group) item.state = 'reading';
    const [first] = group;
    const span = first?.spans[0];
    const spans = group.length > 1 && span ? [{ ...span, length }] : (first?.spans ?? []);
    let callOff = (): void => undefined;
    let isDone = false;
    callOff = this.source.read(spans, (problem, bytes) => {
      isDone = true;
      this.reads.delete(callOff);
      let at = 0;
      for (const item of group) {
        const isOff = this.items.get(item.send) !== item;
        if (isOff || problem !== null) this.ahead -= item.length;
        item.state = problem === null ? 'ready' : 'failed';
        item.problem = problem;
        if (!isOff && problem === null) item.bytes = bytes.subarray(at, at + item.length);
        at += item.length;
      }
      this.soon();
    });
    if (!isDone) this.reads.add(callOff);
  }
}

function goesOn(before: Item, { spans }: Item): boolean {
  const [last, next] = [before.spans[0], spans[0]];
  if (before.spans.length !== 1 || spans.length !== 1 || !last || !next) return false;
  return next.file === last.file && next.file !== 0 && next.offset === last.offset + last.length;
}
