import { type Refusal, refusal } from './errors.ts';
import type { Loop } from './loop.ts';
import type { Registry } from './registry.ts';
import { mustBeDeletable } from './removals.ts';
import type { Leaving } from './resume.ts';
import type { Torrent } from './torrent.ts';

/** Ms for which a removal can be taken back. */
export const UNDO_MS = 10_000;
/** Ms for which it can be at least, once the engine or its store is back: while they were away it could not. */
export const UNDO_AGAIN_MS = 5_000;

/**
 * Torrents that a person removed a moment ago: they do nothing and stand in no list, and keep their place in line, their files and all that was
 * chosen, until it is too late to take that back. Nothing goes while the store is away.
 */
export class Departures {
  /** When each is to go, monotonic ms. */
  private readonly due = new Map<Torrent, number>();

  constructor(
    private readonly clock: { now(): number; wall(): number },
    private readonly torrents: Registry<Torrent>,
    private readonly loop: Loop,
    /** The store is there. */
    private readonly attached: () => boolean,
    private readonly door: { remove(id: string, withData: boolean): void },
  ) {}

  /** No time runs out. */
  get isIdle(): boolean {
    return !this.attached() || this.due.size === 0;
  }

  /**
   * These go in {@link UNDO_MS}, unless they are taken back; those that nobody started go at once. Said again it begins anew. Throws an
   * EngineError where that cannot be of one of them, once it is done to the others.
   */
  dismiss(ids: readonly string[], withData: boolean): void {
    const leaving = { withData, at: Math.floor(this.clock.wall()) };
    this.each(ids, torrent => {
      if (withData) mustBeDeletable(torrent, this.attached());
      if (!torrent.started) return this.door.remove(torrent.id, false);
      this.due.set(torrent, this.clock.now() + UNDO_MS);
      this.mark(torrent, leaving);
    });
  }

  /**
   * These are in the list again, as they were. `kept`: once their records say so too, or why one does not; an engine that ends before leaves it to
   * the next one to remove them. Throws an EngineError where one is gone, once the others are back.
   */
  takeBack(ids: readonly string[], kept: (problem: Refusal | null) => void): void {
    let pending = 1;
    let first = '';
    const saved = (problem: string): void => {
      first ||= problem;
      pending -= 1;
      if (pending === 0) kept(first === '' ? null : refusal('back-not-saved', { problem: first }));
    };
    try {
      this.each(ids, torrent => {
        this.putBack(torrent);
        pending += 1;
        this.loop.event(torrent, () => torrent.recorder.whenKept(saved));
      });
    } finally {
      saved('');
    }
  }

  /** It goes now, one way or another. */
  forget(torrent: Torrent): void {
    this.due.delete(torrent);
  }

  /** Those that an engine before this one was to remove have what is left of their time, whatever became of the clock. */
  restore(): void {
    for (const torrent of this.torrents.values()) {
      if (!torrent.leaving) continue;
      const left = Math.min(Math.max(torrent.leaving.at + UNDO_MS - this.clock.wall(), 0), UNDO_MS);
      this.due.set(torrent, this.clock.now() + left);
    }
  }

  /** The store is there, for the first time or again. */
  attach(): void {
    const earliest = this.clock.now() + UNDO_AGAIN_MS;
    for (const [torrent, at] of this.due) this.due.set(torrent, Math.max(at, earliest));
  }

  /** Once a second. */
  tick(now: number): void {
    if (this.isIdle) return;
    for (const [torrent, at] of this.due) {
      if (at > now) continue;
      const withData = torrent.leaving?.withData === true;
      // What cannot be deleted any more is not left behind unsaid: it is in the list again, which says why.
      if (withData && torrent.substance.isLost) this.putBack(torrent);
      else this.door.remove(torrent.id, withData);
    }
  }

  /** All in one turn of the loop. @throws what the first that refused threw */
  private each(ids: readonly string[], act: (torrent: Torrent) => void): void {
    const refusals: unknown[] = [];
    this.loop.run(() => {
      for (const id of ids) {
        try {
          act(this.torrents.named(id));
        } catch (refused) {
          refusals.push(refused);
        }
      }
    });
    if (refusals.length > 0) throw refusals[0];
  }

  private putBack(torrent: Torrent): void {
    if (this.due.delete(torrent)) this.mark(torrent, null);
  }

  private mark(torrent: Torrent, leaving: Leaving | null): void {
    this.loop.event(torrent, () => {
      torrent.turn.review(() => (torrent.leaving = leaving));
      torrent.recorder.writeTorrent();
    });
  }
}
