import { refusal } from './errors.ts';
import type { FileProblem } from './events.ts';
import type { Deletion } from './roots.ts';
import type { Torrent } from './torrent.ts';

/** Names that are told of those files, and removals that are kept until somebody asks. */
const NAMES = 3;
const KEPT = 20;

/** Files of a removed torrent that could not be deleted, and stay where they are. */
export interface Left {
  /** The torrent's. */
  readonly name: string;
  /** Some of them. */
  readonly files: readonly string[];
  readonly count: number;
  /** Empty where they lie in more than one. */
  readonly root: string;
  /** Why the first of them stays; `store-away` where it is not known of all whether they do. */
  readonly problem: FileProblem;
}

interface Removal {
  /** Deletes that were not answered yet. */
  pending: number;
  left: Left | null;
}

/** @throws {Refusal} where the files of that torrent cannot be deleted now */
export function mustBeDeletable({ started, substance }: Torrent, attached: boolean): void {
  if (started && !attached) throw refusal('deleted-away');
  if (!substance.isLost) return;
  throw refusal('deleted-record-lost');
}

/** What becomes of its files with it: those that were `brought` are all still where they come from. Null where they stay. */
export function deletionOf(torrent: Torrent, withData: boolean | 'brought', roots: Deletion): Deletion | null {
  return withData === 'brought' ? torrent.transfer.deletion : withData ? roots : null;
}

/** What the deletes of removed torrents come to: told once all of a torrent's were tried. */
export class Removals {
  private readonly running = new Map<Torrent, Removal>();
  private told: Left[] = [];

  /** A removed torrent's delete is asked for. */
  asked(torrent: Torrent): void {
    const removal = this.running.get(torrent) ?? { pending: 0, left: null };
    removal.pending += 1;
    this.running.set(torrent, removal);
  }

  /** One that was {@link asked} for is answered. */
  answered(torrent: Torrent, root: string, path: readonly string[], problem: FileProblem | null): void {
    const removal = this.running.get(torrent);
    if (!removal) return;
    if (problem !== null && problem !== 'gone') {
      const first = removal.left ?? { name: torrent.name, root, problem, files: [], count: 0 };
      removal.left = {
        name: first.name,
        files: [...first.files, path.join('/')].slice(0, NAMES),
        count: first.count + 1,
        root: first.root === root ? root : '',
        problem: problem === 'store-away' ? problem : first.problem,
      };
    }
    removal.pending -= 1;
    this.settle(torrent);
  }

  /** Tells of the torrent where nothing is awaited any more: files on their way are deleted when they have arrived. */
  settle(torrent: Torrent): void {
    const removal = this.running.get(torrent);
    if (!removal || removal.pending > 0 || torrent.relocation.isCarryingAny) return;
    this.running.delete(torrent);
    if (removal.left) this.told = [...this.told, removal.left].slice(-KEPT);
  }

  /** Since the last call. */
  take(): readonly Left[] {
    return this.told.splice(0);
  }
}
