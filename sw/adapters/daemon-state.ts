/** StateStore over `/control`: the host keeps the records; every write carries the epoch of this connection. */
import { ControlOp, StateStatus, type ControlFrame, type StateWrite } from '../../daemon/wire/control.ts';
import { MAX_STATE_VALUE } from '../../daemon/wire/control-codec.ts';
import { Op, type Frame } from '../../daemon/wire/frames.ts';
import type { StateStore } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';

export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** One request carries this much, or one longer write. */
const REQUEST_BYTES = 8 << 20;
/** What may wait behind the request that is under way. */
const QUEUE_BYTES = 64 << 20;
/** Records that are read at once; each may be long. */
const READS = 8;
/** What may wait behind them: each torrent waits for one at most. */
const WAITING_READS = 20_000;
const AWAY = 'The daemon is away.';
const TAKEN_OVER = 'Another browser has taken over.';

interface Waiting {
  /** Of when it was written: an engine writes nothing under the epoch of the next. */
  readonly epoch: number;
  readonly writes: readonly StateWrite[];
  readonly size: number;
  readonly done: (problem: string) => void;
}

interface Read {
  readonly key: string;
  readonly done: (problem: string, value: Uint8Array | null) => void;
}

export class DaemonState implements StateStore {
  private readonly door: Door<ControlFrame | Frame, ControlFrame>;
  private readonly epoch: () => number;
  private queue: Waiting[] = [];
  private queued = 0;
  private isWriting = false;
  /** Until the newest write is answered, and with it all before: they are in their order. */
  private newest = Promise.resolve();
  private toRead: Read[] = [];
  private reading = 0;

  constructor(door: Door<ControlFrame | Frame, ControlFrame>, epoch: () => number) {
    this.door = door;
    this.epoch = epoch;
    door.onClosed(() => {
      this.refuseAll(AWAY);
      const unread = this.toRead;
      this.toRead = [];
      for (const { done } of unread) done(AWAY, null);
    });
  }

  /** All records, or null where the host went away in between. */
  load(done: (records: readonly StateRecord[] | null) => void): void {
    const records: StateRecord[] = [];
    const page = (after: string): void => {
      this.door.ask(
        id => ({ op: ControlOp.STATE_LOAD, id, after }),
        reply => {
          if (reply?.op !== ControlOp.STATE_RECORDS) {
            done(null);
            return;
          }
          for (const { key, value } of reply.records) if (value !== null) records.push({ key, value });
          const next = reply.records.at(-1)?.key;
          if (reply.last || next === undefined) done(records);
          else page(next);
        },
      );
    };
    page('');
  }

  /** Writes that come while one is under way leave together, each key with its newest value. */
  write(writes: readonly StateWrite[], done: (problem: string) => void): void {
    const size = writes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    if (!this.door.isOpen) {
      queueMicrotask(() => done(AWAY));
    } else if (writes.some(({ value }) => value !== null && value.length > MAX_STATE_VALUE)) {
      queueMicrotask(() => done('It is too long to be kept.'));
    } else if (this.queued + size > QUEUE_BYTES) {
      queueMicrotask(() => done('The host is too slow to keep what is written.'));
    } else {
      this.newest = new Promise(resolve => {
        const answered = (problem: string): void => {
          done(problem);
          resolve();
        };
        this.queue.push({ epoch: this.epoch(), writes, size, done: answered });
      });
      this.queued += size;
      this.next();
    }
  }

  /** What waits is of an engine that holds the lease no more. */
  leaseGone(): void {
    this.refuseAll(TAKEN_OVER);
  }

  /** Until all that was written so far is kept, or was refused. */
  settled(): Promise<void> {
    return this.newest;
  }

  read(key: string, done: Read['done']): void {
    if (!this.door.isOpen) queueMicrotask(() => done(AWAY, null));
    else if (this.toRead.length >= WAITING_READS) queueMicrotask(() => done('Too much is to be read at once.', null));
    else {
      this.toRead.push({ key, done });
      this.readNext();
    }
  }

  private readNext(): void {
    const next = this.reading < READS ? this.toRead.shift() : undefined;
    if (!next) return;
    const { key, done } = next;
    this.reading += 1;
    this.door.ask(
      id => ({ op: ControlOp.STATE_READ, id, epoch: this.epoch(), key }),
      reply => {
        this.reading -= 1;
        const isThere = reply?.op === ControlOp.STATE_RECORDS;
        done(isThere ? '' : problemOf(reply), isThere ? (reply.records.find(record => record.key === key)?.value ?? null) : null);
        if (this.door.isOpen) this.readNext();
      },
    );
  }

  private refuseAll(problem: string): void {
    const waiting = this.queue;
    this.queue = [];
    this.queued = 0;
    for (const { done } of waiting) done(problem);
  }

  private next(): void {
    const [first] = this.queue;
    if (this.isWriting || first === undefined) return;
    const { epoch } = first;
    const taken = this.take(epoch);
    const newest = new Map<string, Uint8Array | null>();
    for (const { writes } of taken) for (const { key, value } of writes) newest.set(key, value);
    const writes = [...newest].map(([key, value]) => ({ key, value }));
    this.isWriting = true;
    this.door.ask(
      id => ({ op: ControlOp.STATE_WRITE, id, epoch, writes }),
      reply => {
        this.isWriting = false;
        const problem = problemOf(reply);
        for (const { done } of taken) done(problem);
        if (this.door.isOpen) this.next();
      },
    );
  }

  private take(epoch: number): Waiting[] {
    let size = 0;
    let count = 0;
    for (const waiting of this.queue) {
      size += waiting.size;
      if (waiting.epoch !== epoch || (count > 0 && size > REQUEST_BYTES)) break;
      count++;
      this.queued -= waiting.size;
    }
    return this.queue.splice(0, count);
  }
}

function problemOf(reply: ControlFrame | Frame | null): string {
  if (reply === null) return AWAY;
  if (reply.op === Op.ERROR) return reply.text;
  if (reply.op !== ControlOp.STATE_DONE) return 'An answer that was not asked for.';
  switch (reply.status) {
    case StateStatus.OK:
      return '';
    case StateStatus.STALE_EPOCH:
      return TAKEN_OVER;
    case StateStatus.FULL:
      return reply.detail || 'The disk that holds the session state is full.';
    case StateStatus.FAILED:
      return reply.detail || 'The session state could not be written.';
    default:
      return reply satisfies never;
  }
}
