import type { Run } from '../../sw/engine/events.ts';
import type { StreamEvents } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';
import type { SimStore } from './store.ts';
import { TELL_AFTER } from './disk-state.ts';
import { blocks, keyOf, starts } from './prefixes.ts';

interface Rule {
  /** By offset: how long the block is, and the buffer that it goes to. */
  readonly open: Map<number, { length: number; buffer: number }>;
}

/** The rules of one stream, by which its frames land as at the daemon. */
export class Landings {
  /** By their prefix. */
  private readonly rules = new Map<string, Rule>();
  /** Landed, and not told yet. */
  private readonly untold: { buffer: number; offset: number; length: number }[] = [];
  private readonly prefixLengths = new Set<number>();
  private discards: Uint8Array | null = null;

  constructor(
    private readonly clock: VirtualClock,
    private readonly store: SimStore,
    private readonly events: StreamEvents,
    private readonly isDead: () => boolean,
  ) {}

  expect(buffer: number, prefix: Uint8Array, runs: readonly Run[]): void {
    const key = keyOf(prefix, prefix.length);
    this.prefixLengths.add(prefix.length);
    const rule = this.rules.get(key) ?? { open: new Map<number, { length: number; buffer: number }>() };
    this.rules.set(key, rule);
    for (const [offset, length] of blocks(runs)) {
      rule.open.set(offset, { length, buffer });
      if (this.store.holds(buffer, offset, length)) this.land(buffer, offset, length, true);
    }
  }

  unexpect(prefix: Uint8Array, runs: readonly Run[]): void {
    const key = keyOf(prefix, prefix.length);
    const rule = this.rules.get(key);
    for (const [offset] of blocks(runs)) rule?.open.delete(offset);
    if (rule?.open.size === 0) this.rules.delete(key);
  }

  discard(prefix: Uint8Array): void {
    this.discards = prefix.slice();
  }

  /** As late as the daemon tells it: an engine that closes the stream before that hears nothing of it. */
  private land(buffer: number, offset: number, length: number, earlier: boolean): void {
    if (earlier) {
      this.clock.after(0, () => {
        if (!this.isDead()) this.events.landed(buffer, offset, length, true);
      });
      return;
    }
    if (this.untold.push({ buffer, offset, length }) === 1) this.clock.after(TELL_AFTER, () => this.tell());
  }

  /** Tells what has landed. */
  tell(): void {
    for (const { buffer, offset, length } of this.untold.splice(0)) {
      if (!this.isDead()) this.events.landed(buffer, offset, length, false);
    }
  }

  /** True where the frame landed or was thrown away. */
  take(frame: Uint8Array): boolean {
    for (const length of this.prefixLengths) {
      if (frame.length < length + 4) continue;
      const key = keyOf(frame, length);
      const rule = this.rules.get(key);
      if (!rule) continue;
      const offset = new DataView(frame.buffer, frame.byteOffset).getUint32(length);
      const data = frame.subarray(length + 4);
      const asked = rule.open.get(offset);
      if (asked?.length !== data.length) continue;
      rule.open.delete(offset);
      if (rule.open.size === 0) this.rules.delete(key);
      if (this.store.holds(asked.buffer, offset, data.length)) continue;
      if (this.store.put(asked.buffer, offset, data)) {
        this.land(asked.buffer, offset, data.length, false);
        return true;
      }
    }
    if (!this.discards || !starts(frame, this.discards)) return false;
    this.tell();
    this.events.discarded(frame.length, frame.slice(0, 13));
    return true;
  }
}
