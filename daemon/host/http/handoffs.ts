/**
 * Links and files that programs of this computer hand over: each goes to the engine at work, and is kept until a window
 * shows it, or for a day. What somebody was told waits is on disk, so that it outlives the host.
 */
import { createHash } from 'node:crypto';
import { EngineError, parseMagnet, parseTorrent } from '../../../sw/engine/index.ts';
import { type ControlFrame, ControlOp, HandedState, HandoffKind, MAX_HANDOFFS } from '../../wire/control.ts';
import type { Manner, WaitingStore } from '../store/waiting.ts';

/** How long one is kept that nobody shows: over a night, and not so long that nobody knows any more what it was. */
const KEPT_MS = 24 * 60 * 60_000;
/** How long after one came an app is still expected to open for it. */
const EXPECTED_MS = 5 * 60_000;
/** How long whoever hands over waits to hear what became of it. */
const ANSWER_MS = 3_000;
/** The same of one that is to be started: an engine may have to be started for it. */
const STARTED_MS = 5_000;
/** The same of a question that nothing is done without. */
const ASKED_MS = 30_000;
/** Of many that come together one opens the app. */
const OPENING_MS = 10_000;
const MAX_BYTES = 32 << 20;

/** What to open so that a window is there: one of an app that is paired, or a new one, paired by it. */
export type ToOpen = 'app' | 'link' | null;

export interface Outcome {
  /** `waiting`: for a window, which shows it once it is there. */
  readonly state: 'shown' | 'listed' | 'started' | 'waiting' | 'refused';
  /** What it is called; empty where that is not known. */
  readonly name: string;
  /** Why it was refused, for people; else empty. */
  readonly text: string;
  readonly open: ToOpen;
}

/** An engine to hand over to. */
export interface Holder {
  /** Whether it has windows to show anything in. */
  readonly hasWindows: boolean;
  send(frame: ControlFrame): void;
}

interface Kept {
  readonly key: string;
  readonly handoff: number;
  readonly manner: Manner;
  readonly kind: HandoffKind;
  readonly content: Uint8Array;
  readonly name: string;
  /** Whether it is on disk, or is being written there. */
  isStored: boolean;
  expiry: NodeJS.Timeout;
  /** Who waits to hear of it. */
  readonly askers: Set<(state: HandedState | null, text: string) => void>;
}

export class Handoffs {
  private readonly kept = new Map<number, Kept>();
  private readonly now: () => number;
  private readonly wake: () => void;
  private readonly store: WaitingStore;
  private holder: Holder | null = null;
  private bytes = 0;
  private last = 0;
  private openedAt = -Infinity;
  private cameAt = -Infinity;
  private isStopped = false;

  /** `now`: monotonic ms. `wake`: has an engine of the host's own at work where no other is. */
  constructor(now: () => number, wake: () => void, store: WaitingStore) {
    this.now = now;
    this.wake = wake;
    this.store = store;
  }

  /** Some wait, and have come so lately that an app may be on its way to them. */
  get areExpected(): boolean {
    return this.kept.size > 0 && this.now() - this.cameAt < EXPECTED_MS;
  }

  /** Before anybody comes: what an earlier host has left goes on waiting, for what is left of its time. */
  async load(): Promise<void> {
    const now = Date.now();
    for (const [key, waiting] of await this.store.all()) {
      const left = Math.min(KEPT_MS, waiting.at + KEPT_MS - now);
      // That so much time went by is the word of a clock, which may have been set: it is believed the second time.
      const isOnceMore = left <= 0 && !waiting.isOverdue;
      if (left <= 0 && waiting.isOverdue) {
        this.store.expire(key);
        continue;
      }
      try {
        this.keep(waiting.kind, waiting.content, waiting.manner, isOnceMore ? KEPT_MS : left).isStored = true;
        if (isOnceMore) await this.store.keep(key, { ...waiting, at: now, isOverdue: true });
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        this.store.forget(key);
      }
    }
  }

  /** The host is up: an engine is to come where what was left needs no window. */
  begin(): void {
    this.wakeForSome();
  }

  /** Resolves once it is known what becomes of it. @throws {EngineError} where it is no torrent, too many wait, or the host ends */
  async offer(kind: HandoffKind, content: Uint8Array, manner: Manner): Promise<Outcome> {
    const kept = this.keep(kind, content, manner);
    this.cameAt = this.now();
    const { name } = kept;
    const outcome = (state: Outcome['state'], open: ToOpen = null, text = ''): Outcome => ({ state, name, text, open });
    const hasWindows = this.holder?.hasWindows ?? false;
    if (!hasWindows && needsWindow(kept)) {
      await this.record(kept);
      return outcome('waiting', this.opening('link'));
    }
    const answered = this.answerTo(kept, hasWindows ? ANSWER_MS : STARTED_MS);
    if (this.holder === null) this.wake();
    else this.give(kept, this.holder);
    const { state, text } = await answered;
    switch (state) {
      case HandedState.SHOWN:
        return outcome('shown');
      case HandedState.LISTED:
        return outcome('listed');
      case HandedState.STARTED:
        return outcome('started');
      case HandedState.REFUSED:
        return outcome('refused', null, text);
      case HandedState.UNSEEN:
      case HandedState.FREE:
      case null:
        await this.record(kept);
        return outcome('waiting', needsWindow(kept) ? this.opening('app') : null);
      default:
        return state satisfies never;
    }
  }

  /**
   * Whether what is called so at the top of a root is of a torrent; null while nobody can tell.
   * @throws {EngineError} where too many wait
   */
  async isOfTorrent(name: string, root: string, wakes: boolean): Promise<boolean | null> {
    if (this.holder === null && !wakes) return null;
    const kept = this.keep(HandoffKind.NAME, Buffer.from(name), { start: true, root, hasScreen: false });
    const answered = this.answerTo(kept, ASKED_MS);
    if (this.holder === null) this.wake();
    else this.give(kept, this.holder);
    const { state } = await answered;
    // It is asked anew.
    this.forget(kept);
    return state === HandedState.LISTED ? true : state === HandedState.FREE ? false : null;
  }

  /** An engine is at work, from now on this one: what is kept is handed to it. */
  came(holder: Holder): void {
    this.holder = holder;
    for (const kept of this.kept.values()) if (holder.hasWindows || !needsWindow(kept)) this.give(kept, holder);
  }

  /** It is no more; what it has not answered goes to the next. */
  went(): void {
    this.holder = null;
    // Whoever is told of the end is told of it whole first.
    queueMicrotask(() => this.wakeForSome());
  }

  answered({ handoff, state, text }: Extract<ControlFrame, { op: typeof ControlOp.HANDED }>): void {
    const kept = this.kept.get(handoff);
    if (kept === undefined) return;
    for (const asker of kept.askers) asker(state, text);
    kept.askers.clear();
    if (state !== HandedState.UNSEEN) this.forget(kept);
  }

  /** Takes no more. Whoever has not heard what became of something hears that it waits; resolves once what waits is on disk. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { expiry } of this.kept.values()) clearTimeout(expiry);
    // First, so that what is said next is true.
    const unheard = [...this.kept.values()].filter(({ kind, askers }) => askers.size > 0 && kind !== HandoffKind.NAME);
    await Promise.all(unheard.map(kept => this.record(kept)));
    for (const { askers } of this.kept.values()) for (const asker of askers) asker(null, '');
    this.kept.clear();
    await this.store.settled();
  }

  private keep(kind: HandoffKind, content: Uint8Array, manner: Manner, within = KEPT_MS): Kept {
    const name = nameOf(kind, content);
    if (this.isStopped) throw new EngineError('full', 'Starling is just ending. Open this again in a moment.');
    const key = `${kind}/${manner.start}/${manner.root}/${manner.hasScreen}/${createHash('sha256').update(content).digest('hex')}`;
    for (const kept of this.kept.values()) {
      if (kept.key !== key) continue;
      clearTimeout(kept.expiry);
      kept.expiry = this.expiryOf(kept.handoff, within);
      return kept;
    }
    if (this.kept.size >= MAX_HANDOFFS || this.bytes + content.length > MAX_BYTES) {
      throw new EngineError('full', 'Too many links wait to be shown. Open Starling, then open this one again.');
    }
    const handoff = ++this.last;
    const expiry = this.expiryOf(handoff, within);
    const kept: Kept = { key, handoff, manner, kind, content, name, isStored: false, expiry, askers: new Set() };
    this.kept.set(handoff, kept);
    this.bytes += content.length;
    return kept;
  }

  /** Has it on disk before anybody is told that it waits. */
  private async record(kept: Kept): Promise<void> {
    if (this.kept.get(kept.handoff) !== kept) return;
    kept.isStored = true;
    const { key, kind, manner, content } = kept;
    await this.store.keep(key, { kind, manner, content, at: Date.now(), isOverdue: false });
  }

  private wakeForSome(): void {
    if (this.holder === null && !this.isStopped && [...this.kept.values()].some(kept => !needsWindow(kept))) this.wake();
  }

  private expiryOf(handoff: number, within: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const kept = this.kept.get(handoff);
      if (kept !== undefined) this.forget(kept, key => this.store.expire(key));
    }, within);
    return timer.unref();
  }

  private forget(kept: Kept, remove = (key: string): void => this.store.forget(key)): void {
    clearTimeout(kept.expiry);
    if (!this.kept.delete(kept.handoff)) return;
    this.bytes -= kept.content.length;
    if (kept.isStored) remove(kept.key);
  }

  private give({ handoff, manner, kind, content }: Kept, holder: Holder): void {
    const start = manner.start || !holder.hasWindows;
    holder.send({ op: ControlOp.HANDOFF, id: 0, handoff, start, root: manner.root, kind, content });
  }

  private answerTo({ askers }: Kept, within: number): Promise<{ state: HandedState | null; text: string }> {
    return new Promise(resolve => {
      const asker = (state: HandedState | null, text: string): void => {
        clearTimeout(timer);
        askers.delete(asker);
        resolve({ state, text });
      };
      const timer = setTimeout(() => asker(null, ''), within);
      askers.add(asker);
    });
  }

  private opening(what: 'app' | 'link'): ToOpen {
    const now = this.now();
    // Nor is anything to be opened that a host would have to answer which ends.
    if (this.isStopped || now - this.openedAt < OPENING_MS) return null;
    this.openedAt = now;
    return what;
  }
}

/** Whether it waits for a window, whoever is at work without one. */
function needsWindow({ manner }: Kept): boolean {
  return manner.hasScreen && !manner.start;
}

/** @throws {EngineError} that says what is wrong with it */
function nameOf(kind: HandoffKind, content: Uint8Array): string {
  switch (kind) {
    case HandoffKind.MAGNET:
      return parseMagnet(Buffer.from(content).toString()).name ?? '';
    case HandoffKind.TORRENT:
      return parseTorrent(content).name;
    case HandoffKind.NAME:
      return '';
    default:
      return kind satisfies never;
  }
}
