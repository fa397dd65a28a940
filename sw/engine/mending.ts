import type { FileProblem } from './events.ts';
import type { Phase } from './phase.ts';
import type { RootState } from './roots.ts';

/** What may be mended without a word to us. The rest is a file of somebody else, or one that is missing: a person decides. */
const PASSING: ReadonlySet<FileProblem> = new Set<FileProblem>([
  'full',
  'quota',
  'read-only',
  'denied',
  'busy',
  'no-such-root',
  'io',
  'limit',
  'too-many-files',
]);

/** Ms until the next try, doubled with each that came to nothing. */
const FIRST_WAIT = 10_000;
const LONGEST_WAIT = 600_000;
/** Beside what a torrent lacks, as others write to the disk as well, bytes. */
const SPARE = 64 << 20;

interface Owner {
  readonly phase: Phase;
  readonly problem: FileProblem | null;
  readonly substance: {
    readonly root: string;
    /** Bytes that its files will yet take of the disk. */
    readonly lacking: number;
    readonly where: { readonly isPending: boolean };
  };
  retry(): void;
}

/**
 * When a torrent that a disk has stopped tries again by itself: at intervals that grow, not while its root is known to be of
 * no use or to lack the room, and at once when that has changed.
 */
export class Mending {
  /** It goes on by itself once that has passed. */
  isWaiting = false;
  private dueAt = Infinity;
  private wait = FIRST_WAIT;
  private isBarred = false;

  constructor(
    private readonly torrent: Owner,
    private readonly root: (token: string) => RootState | undefined,
  ) {}

  get isIdle(): boolean {
    return this.dueAt === Infinity || this.isBarred;
  }

  /** Bytes that have to be free for one to go on by itself that a full disk has stopped. */
  get needed(): number {
    return this.torrent.substance.lacking + SPARE;
  }

  /** It failed. Files are not moved again and again to see whether there is room by now: that is heard, or a person says so. */
  begin(now: number): void {
    const { problem, substance } = this.torrent;
    const isMoving = substance.where.isPending;
    this.isWaiting = problem !== null && PASSING.has(problem) && (!isMoving || problem === 'full');
    if (!this.isWaiting) return;
    this.isBarred = this.mustWait();
    if (isMoving) return;
    this.dueAt = now + this.wait;
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** It is in that phase now. */
  entered(phase: Phase): void {
    if (phase === 'failed') return;
    this.isWaiting = false;
    this.dueAt = Infinity;
  }

  /** Pieces were written and flushed, or a person wants it to go on: what comes next is another failure. */
  reset(): void {
    this.wait = FIRST_WAIT;
  }

  /** The roots were looked at. */
  looked(now: number): void {
    if (!this.isWaiting) return;
    const wasBarred = this.isBarred;
    this.isBarred = this.mustWait();
    if (!wasBarred || this.isBarred) return;
    this.dueAt = now;
    this.tick(now);
  }

  tick(now: number): void {
    if (now >= this.dueAt && !this.isBarred) this.torrent.retry();
  }

  private mustWait(): boolean {
    const { problem, substance } = this.torrent;
    const root = this.root(substance.root);
    if (!root) return false;
    // To give what is all there it is enough that the folder is there.
    if (root.problem !== '') return root.free < 0 || substance.lacking > 0;
    // How much of a quota is left the free bytes do not tell.
    return problem === 'full' && root.free >= 0 && root.free < this.needed;
  }
}
