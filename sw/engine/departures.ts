import type { Loop } from './loop.ts';
import type { Registry } from './registry.ts';
import { mustBeDeletable } from './removals.ts';
import type { Leaving } from './resume.ts';
import type { Torrent } from './torrent.ts';

/** Ms for which a removal can be taken back. */
export const UNDO_MS = 10_000;

/**
 * Torrents that a person removed a moment ago: they do nothing and stand in no list, and keep their place in line, their files and all that was
 * chosen, until it is too late to take that back.
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
    private readonly remove: (id: string, withData: boolean) => void,
  ) {}

  /** No time runs out of one that could go then. */
  get isIdle(): boolean {
    if (this.attached()) return this.due.size === 0;
    for (const { leaving } of this.due.keys()) if (leaving?.withData === false) return false;
    return true;
  }

  /**
   * These go in {@link UNDO_MS}, unless they are taken back; those that nobody started go at once. Said again it begins anew. Throws an
   * EngineError where that cannot be of one of them, once it is done to the others.
   */
  dismiss(ids: readonly string[], withData: boolean): void {
    const leaving = { withData, at: Math.floor(this.clock.wall()) };
    const refusals: unknown[] = [];
    for (const id of ids) {
      try {
        const torrent = this.torrents.named(id);
        if (withData) mustBeDeletable(torrent, this.attached());
        if (!torrent.started) {
          this.remove(id, false);
          continue;
        }
        this.due.set(torrent, this.clock.now() + UNDO_MS);
        this.mark(torrent, leaving);
      } catch (refusal) {
        refusals.push(refusal);
      }
    }
    if (refusals.length > 0) throw refusals[0];
  }

  /** It is in the list again, as it was. Throws an EngineError where it is gone. */
  takeBack(id: string): void {
    const torrent = this.torrents.named(id);
    if (this.due.delete(torrent)) this.mark(torrent, null);
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

  /** Once a second. What has files to be deleted waits for the store. */
  tick(now: number): void {
    for (const [torrent, at] of this.due) {
      const withData = torrent.leaving?.withData === true;
      if (at > now || (withData && !this.attached())) continue;
      // What cannot be deleted any more is not left behind unsaid: it is in the list again, which says why.
      if (withData && torrent.substance.isLost) this.takeBack(torrent.id);
      else this.remove(torrent.id, withData);
    }
  }

  private mark(torrent: Torrent, leaving: Leaving | null): void {
    this.loop.event(torrent, () => {
      torrent.turn.review(() => (torrent.leaving = leaving));
      torrent.recorder.writeTorrent();
    });
  }
}
