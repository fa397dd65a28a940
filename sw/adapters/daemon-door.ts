/**
 * What the adapters hold of a connection that comes and goes: they send, ask and listen here, whichever channel is
 * up. While none is, every question is answered with null.
 */

/** Questions waiting for an answer; more than that is a fault of ours, and refused. */
const MAX_PENDING = 65_536;

interface Numbered {
  readonly op: number;
  readonly id: number;
}

/** `In` are the frames that arrive, `Out` those that leave. */
export class Door<In extends Numbered, Out extends Numbered> {
  private readonly encode: (frame: Out) => Uint8Array<ArrayBuffer>;
  private transmit: ((bytes: Uint8Array<ArrayBuffer>) => void) | null = null;
  private buffered = (): number => 0;
  private readonly handlers = new Map<number, (frame: In) => void>();
  private readonly closers: (() => void)[] = [];
  private pending = new Map<number, (reply: In | null) => void>();
  private lastId = 0;

  constructor(encode: (frame: Out) => Uint8Array<ArrayBuffer>) {
    this.encode = encode;
  }

  get isOpen(): boolean {
    return this.transmit !== null;
  }

  /** Bytes that were sent and have not left. */
  get unsent(): number {
    return this.isOpen ? this.buffered() : 0;
  }

  /** Sends, or drops it while the connection is down: what belonged to that connection is gone with it. */
  send(frame: Out): void {
    this.transmit?.(this.encode(frame));
  }

  /** Sends a question; `answer` hears the reply (which may be an ERROR), or null where none can come any more. Gives its id. */
  ask(question: (id: number) => Out, answer: (reply: In | null) => void): number {
    if (this.transmit === null || this.pending.size >= MAX_PENDING) {
      queueMicrotask(() => answer(null));
      return 0;
    }
    const id = this.nextId();
    const bytes = this.encode(question(id));
    this.pending.set(id, answer);
    this.transmit(bytes);
    return id;
  }

  /** Takes a question back: its answer is not heard. */
  forget(id: number): void {
    this.pending.delete(id);
  }

  /** Hears the frames of one opcode that answer no question. */
  on<O extends In['op']>(op: O, handler: (frame: Extract<In, { readonly op: O }>) => void): void {
    this.handlers.set(op, handler as (frame: In) => void);
  }

  /** Hears that the connection went down, after its open questions were answered. */
  onClosed(closer: () => void): void {
    this.closers.push(closer);
  }

  /** For the link: a channel is up; `buffered`: bytes that it was given and that have not left. */
  opened(transmit: (bytes: Uint8Array<ArrayBuffer>) => void, buffered: () => number): void {
    this.transmit = transmit;
    this.buffered = buffered;
  }

  /** For the link: it is down. */
  closed(): void {
    if (this.transmit === null) return;
    this.transmit = null;
    const unanswered = this.pending;
    this.pending = new Map();
    for (const answer of unanswered.values()) answer(null);
    for (const closer of this.closers) closer();
  }

  /** For the link: a frame arrived. False where nobody waits for it. */
  deliver(frame: In): boolean {
    const answer = frame.id === 0 ? undefined : this.pending.get(frame.id);
    if (answer !== undefined) {
      this.pending.delete(frame.id);
      answer(frame);
      return true;
    }
    const handler = this.handlers.get(frame.op);
    handler?.(frame);
    return handler !== undefined;
  }

  private nextId(): number {
    do this.lastId = (this.lastId + 1) >>> 0 || 1;
    while (this.pending.has(this.lastId));
    return this.lastId;
  }
}
