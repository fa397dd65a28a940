/**
 * Limits on rates: groups of token buckets in a tree. Who has bytes to move asks for a turn, and gets turns of a few KiB
 * in line with all others that wait at the same group: never more than its group and all groups above it have left.
 * Where no group has a limit nobody waits, and nothing is counted.
 */
import { WireError } from './bytes.ts';
import { ErrorCode, type FrameOf, type Op, type RateDirection } from './frames.ts';

/** Groups, and how many of them lie one below the other. */
export const MAX_GROUPS = 2_048;
const MAX_DEPTH = 4;

/** Bytes of one turn: so many ms of the limit, within bounds. */
const TURN_MS = 50;
const SHORTEST_TURN = 512;
const LONGEST_TURN = 16 * 1024;
/** What was not used is kept for so many ms: more than a busy machine is late by, less than a tenth of two seconds. */
const SAVED_MS = 150;
/** Ms between two looks at groups that have run dry, at least. */
const TICK = 5;

export interface Time {
  /** Monotonic ms. */
  now(): number;
  /** Calls back once after that many ms, at the next turn of the loop where it is 0; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

class Group {
  readonly id: number;
  readonly parent: Group | null;
  readonly direction: RateDirection;
  readonly depth: number;
  readonly children = new Set<Group>();
  readonly members = new Set<Flow>();
  /** In the order of their turns; those first whose last turn was shorter than others'. */
  readonly ahead = new Set<Flow>();
  readonly waiting = new Set<Flow>();
  /** Bytes a second; 0: no limit. */
  rate = 0;
  /** Whether it, or a group above it, has a limit. */
  isLimited = false;
  /** Bytes that may pass at `filledAt`; below 0 what passed without waiting. */
  tokens = 0;
  filledAt = 0;

  constructor(id: number, parent: Group | null, direction: RateDirection) {
    this.id = id;
    this.parent = parent;
    this.direction = direction;
    this.depth = parent === null ? 1 : parent.depth + 1;
  }

  get turn(): number {
    return Math.max(SHORTEST_TURN, Math.min(LONGEST_TURN, Math.floor((this.rate * TURN_MS) / 1000)));
  }

  fill(now: number): void {
    const most = Math.max(this.turn, (this.rate * SAVED_MS) / 1000);
    this.tokens = Math.min(most, this.tokens + ((now - this.filledAt) * this.rate) / 1000);
    this.filledAt = now;
  }

  limit(rate: number, now: number): void {
    if (this.rate === 0) this.tokens = 0;
    this.filledAt = now;
    this.rate = rate;
    this.inherit();
  }

  /** Ms until the first in line may go on; Infinity where there is none. */
  due(now: number): number {
    const first = this.first();
    if (first === null) return Infinity;
    return Math.max(0, ((first.amount - this.tokens) * 1000) / this.rate - (now - this.filledAt));
  }

  first(): Flow | null {
    for (const flow of this.ahead) return flow;
    for (const flow of this.waiting) return flow;
    return null;
  }

  /** A flow whose own group lets it have short turns alone has several of them, until they make one of those here. */
  stand(flow: Flow): void {
    flow.at = this;
    if (flow.credit < flow.amount) this.waiting.add(flow);
    else {
      flow.credit -= flow.amount;
      this.ahead.add(flow);
    }
  }

  pass(flow: Flow): void {
    this.tokens -= flow.amount;
    if (!this.ahead.delete(flow) && this.waiting.delete(flow)) flow.credit = Math.max(0, this.turn - flow.amount);
  }

  leave(flow: Flow): void {
    this.ahead.delete(flow);
    this.waiting.delete(flow);
  }

  private inherit(): void {
    this.isLimited = this.rate > 0 || (this.parent?.isLimited ?? false);
    for (const child of this.children) child.inherit();
  }
}

/** What moves bytes one way, as the limits see it: a socket in one direction, or a transfer. */
export class Flow {
  /** Bytes that it asked for; 0: it does not wait. */
  wanted = 0;
  /** Bytes of the turn that it waits for. */
  amount = 0;
  /** Bytes that it may have before it stands behind the others. */
  credit = 0;
  /** The group that it stands in line at. */
  at: Group | null = null;
  group: Group | null = null;
  readonly turn: (bytes: number) => void;
  readonly #throttle: Throttle;

  constructor(throttle: Throttle, turn: (bytes: number) => void) {
    this.#throttle = throttle;
    this.turn = turn;
  }

  get isLimited(): boolean {
    return this.group !== null && this.group.isLimited;
  }

  /** Asks for a turn, once: `turn` is called with how many of these bytes may pass, never before this has returned. */
  want(bytes: number): void {
    if (this.wanted === 0 && bytes > 0) this.#throttle.queue(this, bytes);
  }

  /** Counts bytes that could not wait: those that do wait for longer. */
  spend(bytes: number): void {
    if (this.isLimited) this.#throttle.spend(this, bytes);
  }

  /** Joins a group of this number, and leaves the one before. */
  join(group: number): void {
    this.#throttle.join(this, group);
  }

  /** It moves no bytes any more. */
  leave(): void {
    this.#throttle.move(this, null);
  }
}

export class Throttle {
  readonly #time: Time;
  readonly #groups = new Map<number, Group>();
  /** Groups that somebody waits at. */
  readonly #busy = new Set<Group>();
  /** Those who wait for nothing but the next turn of the loop. */
  readonly #free = new Set<Flow>();
  #alarm: { readonly at: number; readonly callOff: () => void } | null = null;
  #isPumping = false;

  constructor(time: Time) {
    this.#time = time;
  }

  get count(): number {
    return this.#groups.size;
  }

  flow(turn: (bytes: number) => void): Flow {
    return new Flow(this, turn);
  }

  directionOf(group: number): RateDirection | null {
    return this.#groups.get(group)?.direction ?? null;
  }

  /** Makes a group, or sets the limit of one. @throws {WireError} BAD_STATE, LIMIT */
  set({ id, group: number, parent: above, direction, rate }: Omit<FrameOf<typeof Op.RATE_GROUP>, 'op'>): void {
    const before = this.#groups.get(number);
    const parent = above === 0 ? null : this.#groups.get(above);
    if (parent === undefined || number === 0) throw new WireError(ErrorCode.BAD_STATE, 'no such group', id);
    if ((parent?.direction ?? direction) !== direction || (before?.direction ?? direction) !== direction) {
      throw new WireError(ErrorCode.BAD_STATE, 'a group of the other direction', id);
    }
    if (before === undefined) {
      const isFull = this.#groups.size >= MAX_GROUPS || (parent?.depth ?? 0) >= MAX_DEPTH;
      if (isFull) throw new WireError(ErrorCode.LIMIT, 'too many groups', id);
    } else if (before.parent !== parent) throw new WireError(ErrorCode.BAD_STATE, 'the group is elsewhere', id);
    const group = before ?? new Group(number, parent, direction);
    this.#groups.set(number, group);
    parent?.children.add(group);
    if (before !== undefined && before.rate === rate) return;
    this.#anew(() => group.limit(rate, this.#time.now()));
  }

  /** Its members go to the group above it. @throws {WireError} BAD_STATE */
  drop({ id, group: number }: Omit<FrameOf<typeof Op.RATE_DROP>, 'op'>): void {
    const group = this.#groups.get(number);
    if (group === undefined || group.children.size > 0) throw new WireError(ErrorCode.BAD_STATE, 'no such group', id);
    for (const flow of [...group.members]) this.move(flow, group.parent);
    this.#busy.delete(group);
    group.parent?.children.delete(group);
    this.#groups.delete(number);
  }

  join(flow: Flow, number: number): void {
    const group = this.#groups.get(number);
    if (group !== undefined) this.move(flow, group);
  }

  move(flow: Flow, group: Group | null): void {
    const wanted = this.#recall(flow);
    flow.group?.members.delete(flow);
    flow.group = group;
    group?.members.add(flow);
    if (wanted > 0 && group !== null) this.queue(flow, wanted);
  }

  queue(flow: Flow, bytes: number): void {
    flow.wanted = bytes;
    flow.amount = bytes;
    for (let group = flow.group; group !== null; group = group.parent) {
      if (group.rate > 0) flow.amount = Math.min(flow.amount, group.turn);
    }
    const first = limitedFrom(flow.group);
    if (first === null) this.#free.add(flow);
    else this.#stand(flow, first);
    if (!this.#isPumping) this.#wake(first === null ? 0 : this.#pauseFor(first));
  }

  spend(flow: Flow, bytes: number): void {
    for (let group = limitedFrom(flow.group); group !== null; group = limitedFrom(group.parent)) {
      group.fill(this.#time.now());
      group.tokens -= bytes;
    }
  }

  end(): void {
    this.#alarm?.callOff();
    this.#alarm = null;
    this.#busy.clear();
    this.#free.clear();
  }

  #stand(flow: Flow, group: Group): void {
    group.stand(flow);
    this.#busy.add(group);
  }

  /** Takes it out of the line, and gives back what groups below had let pass. @returns what it had asked for */
  #recall(flow: Flow): number {
    const { wanted, at } = flow;
    for (let group = limitedFrom(flow.group); at !== null && group !== null && group !== at; group = limitedFrom(group.parent)) {
      group.tokens += flow.amount;
    }
    at?.leave(flow);
    this.#free.delete(flow);
    flow.at = null;
    flow.wanted = 0;
    return wanted;
  }

  /** All who wait ask again after the change. */
  #anew(change: () => void): void {
    const flows = [...this.#free, ...[...this.#busy].flatMap(group => [...group.ahead, ...group.waiting])];
    const asked = flows.map(flow => ({ flow, bytes: this.#recall(flow) }));
    this.#busy.clear();
    change();
    for (const { flow, bytes } of asked) this.queue(flow, bytes);
  }

  #pauseFor(group: Group): number {
    const due = group.due(this.#time.now());
    return due <= 0 ? 0 : Math.max(TICK, due);
  }

  #wake(ms: number): void {
    const at = this.#time.now() + ms;
    if (this.#alarm !== null && this.#alarm.at <= at) return;
    this.#alarm?.callOff();
    const callOff = this.#time.after(ms, () => {
      this.#alarm = null;
      this.#pump();
    });
    this.#alarm = { at, callOff };
  }

  #pump(): void {
    this.#isPumping = true;
    const now = this.#time.now();
    for (const flow of [...this.#free]) if (this.#free.delete(flow)) this.#pass(flow);
    // Who passes one group joins the line at the next: that one is looked at again.
    for (const group of this.#busy) this.#serve(group, now);
    this.#isPumping = false;
    let next = this.#free.size > 0 ? 0 : Infinity;
    for (const group of this.#busy) next = Math.min(next, this.#pauseFor(group));
    if (next < Infinity) this.#wake(next);
  }

  /** One after another; who asks again in its turn stands behind the others. */
  #serve(group: Group, now: number): void {
    group.fill(now);
    for (let flow = group.first(); flow !== null; flow = group.first()) {
      if (group.tokens < flow.amount) return;
      group.pass(flow);
      const next = limitedFrom(group.parent);
      if (next === null) this.#pass(flow);
      else this.#stand(flow, next);
    }
    this.#busy.delete(group);
  }

  #pass(flow: Flow): void {
    flow.at = null;
    flow.wanted = 0;
    flow.turn(flow.amount);
  }
}

/** The first with a limit, from here upwards. */
function limitedFrom(group: Group | null): Group | null {
  for (let at = group; at !== null; at = at.parent) if (at.rate > 0) return at;
  return null;
}
