/** What all buffers that stand in their files hold together, and which files the last bytes of those that were dropped still go to. */
import { Backing, type BackingEvents } from './backing.ts';
import { BACKING_HELD, BACKINGS_HELD } from './limits.ts';
import type { Place } from './shared-file.ts';

export class Backings {
  readonly #use: (bytes: number) => void;
  /** Bytes that landed and are not written; of them those that wait for nothing but the disk. */
  #held = 0;
  #queued = 0;
  /** Inodes that are being written to for buffers that were dropped, until the last of them is through. */
  readonly #closing = new Map<string, Promise<void>>();

  /** `use` is told of every change: so many more bytes of memory are used, or less, or as many. */
  constructor(use: (bytes: number) => void) {
    this.#use = use;
  }

  /** Bytes that wait for the disk; what waits for a file that is not ready is not among them. */
  get queued(): number {
    return this.#queued;
  }

  open(places: readonly Place[], failed: BackingEvents['failed']): Backing {
    return new Backing(places, {
      held: bytes => {
        this.#held += bytes;
        this.#use(bytes);
      },
      queued: bytes => {
        this.#queued += bytes;
        this.#use(0);
      },
      cleared: inode => this.cleared(inode),
      failed,
    });
  }

  /** Whether one more block may be held for it: only while its file is not ready it may not. */
  takes({ isWaiting, bytes }: Backing, length: number): boolean {
    if (!isWaiting) return true;
    return bytes + length <= BACKING_HELD && this.#held - this.#queued + length <= BACKINGS_HELD;
  }

  /** Resolves once nothing that was dropped is on its way to that inode. */
  cleared(inode: string): Promise<void> | undefined {
    return this.#closing.get(inode);
  }

  /** Drops what it holds, then lets go of its files: at once where none is being written to. */
  close(backing: Backing, places: readonly Place[]): void {
    const inode = backing.target;
    const closed = backing.close();
    if (inode === '') {
      release(places);
      return;
    }
    const all: Promise<void> = Promise.all([this.#closing.get(inode), closed]).then(() => {
      release(places);
      if (this.#closing.get(inode) === all) this.#closing.delete(inode);
    });
    this.#closing.set(inode, all);
  }
}

export function release(places: readonly Place[]): void {
  for (const { file } of places) file?.release();
}
