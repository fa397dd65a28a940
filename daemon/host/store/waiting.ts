/**
 * Links and files that wait for a window or an engine, on disk: whoever handed one over was told that it waits, and that outlives
 * the host. A record each: a line of JSON that says what it is, then the link or the file as it came.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { HandoffKind } from '../../wire/control.ts';
import type { Log } from '../logs/log.ts';
import { refusedPath } from '../errors.ts';
import { StateStore } from './state.ts';

export interface Waiting {
  readonly kind: HandoffKind;
  readonly manner: Manner;
  readonly content: Uint8Array;
  /** Since when it waits, in ms since 1970. */
  readonly at: number;
  /** A host has found its time over once, and has let it wait anew. */
  readonly isOverdue: boolean;
}

/** How something is handed over. */
export interface Manner {
  /** At once, without a window that asks. */
  readonly start: boolean;
  /** Where to start it; empty for the default folder. */
  readonly root: string;
  /** Whether a window can be opened where it was handed over. Where none can, and none is open, it starts at once. */
  readonly hasScreen: boolean;
}

const LINE_END = '\n'.charCodeAt(0);
/** There is one writer, whose writes are all of one epoch. */
const EPOCH = 0;

const head = v.object({
  kind: v.enum(HandoffKind),
  manner: v.object({ start: v.boolean(), root: v.string(), hasScreen: v.boolean() }),
  at: v.number(),
  isOverdue: v.boolean(),
});

export class WaitingStore {
  /** Null where the folder cannot be used: nothing is kept then. */
  private readonly records: StateStore | null;
  private readonly log: Log;

  /** Reads what is there; what is damaged is put aside, and `log` hears of it. */
  constructor(home: string, log: Log) {
    this.log = log;
    this.records = open(join(home, 'waiting'), log);
  }

  /** By their keys, the oldest first. What cannot be understood goes: it would be found at each start, and take its part of the room. */
  async all(): Promise<readonly (readonly [string, Waiting])[]> {
    const { records } = this;
    if (records === null) return [];
    const found: (readonly [string, Waiting])[] = [];
    for (let after = '', last = false; !last;) {
      const page = await records.load(after);
      for (const { key, value } of page.records) {
        const waiting = decode(value);
        if (waiting !== null) found.push([key, waiting]);
        else this.drop(key, 'a link that waits is of another version, and is removed');
        after = key;
      }
      ({ last } = page);
    }
    return found.sort(([, one], [, other]) => one.at - other.at);
  }

  /** Resolves once it is flushed, or cannot be, which is logged. */
  async keep(key: string, waiting: Waiting): Promise<void> {
    await this.write(key, encode(waiting));
  }

  forget(key: string): void {
    void this.write(key, null);
  }

  /** Nobody came for it in its time. */
  expire(key: string): void {
    this.drop(key, 'a link that nobody came for is forgotten');
  }

  private drop(key: string, why: string): void {
    this.log('warn', why);
    this.forget(key);
  }

  async settled(): Promise<void> {
    await this.records?.settled();
  }

  private async write(key: string, value: Uint8Array | null): Promise<void> {
    const result = await this.records?.write(EPOCH, [{ key, value }]);
    if (result !== undefined && result.detail !== '') {
      this.log('warn', 'a link that waits could not be recorded', { why: result.detail });
    }
  }
}

function open(folder: string, log: Log): StateStore | null {
  try {
    return new StateStore(folder, text => log('warn', `of the links that wait: ${text}`), { cacheBytes: 0 });
  } catch (error) {
    const why = refusedPath(error);
    if (why === null) throw error;
    log('warn', 'links that wait are not recorded', { why });
    return null;
  }
}

function encode({ content, ...said }: Waiting): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify(said)}\n`), content]);
}

function decode(value: Uint8Array): Waiting | null {
  const end = value.indexOf(LINE_END);
  try {
    const parsed = v.safeParse(head, JSON.parse(Buffer.from(value.subarray(0, Math.max(0, end))).toString()));
    return parsed.success ? { ...parsed.output, content: Uint8Array.from(value.subarray(end + 1)) } : null;
  } catch {
    return null;
  }
}
