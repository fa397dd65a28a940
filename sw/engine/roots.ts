import type { Phase } from './phase.ts';
import type { FileProblem } from './events.ts';

/** A folder that downloads go to, as the host sees it now. */
export interface RootState {
  readonly token: string;
  /** Bytes free on its file system; −1 where that is not known. */
  readonly free: number;
}

interface Stopped {
  readonly phase: Phase;
  readonly problem: FileProblem | null;
  readonly substance: {
    readonly root: string;
    /** Bytes that its files will yet take of the disk. */
    readonly lacking: number;
  };
}

/** Beside what a torrent lacks, as others write to the disk as well, bytes. */
const SPARE = 64 << 20;

/** The folders that downloads go to, and the torrents that are waiting for room there. */
export class Roots<Torrent extends Stopped> {
  private known: ReadonlyMap<string, RootState> = new Map();

  constructor(
    private readonly torrents: () => Iterable<Torrent>,
    private readonly resume: (torrent: Torrent) => void,
  ) {}

  /**
   * What they are like from now on. A torrent that a full disk stopped goes on as soon as there is room for the rest of it, where
   * before there was not: a quota, or a file system that takes no files so long, is not tried again and again.
   */
  tell(roots: readonly RootState[]): void {
    const before = this.known;
    this.known = new Map(roots.map(root => [root.token, root]));
    for (const torrent of [...this.torrents()]) {
      if (torrent.phase !== 'failed' || torrent.problem !== 'full') continue;
      const { root, lacking } = torrent.substance;
      const needed = lacking + SPARE;
      const [then, now] = [before.get(root)?.free ?? -1, this.known.get(root)?.free ?? -1];
      if (then >= 0 && then < needed && now >= needed) this.resume(torrent);
    }
  }
}
