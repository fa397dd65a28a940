/**
 * Takes a torrent's files to where they are to lie. The wish is recorded first, then each file is brought there by one request that
 * may be asked again after any end, and only when all is recorded as it is then does the torrent go on.
 *
 * flushing what was written → carrying → recording → on as before, or failed with files left behind
 */
import type { Content } from './content.ts';
import type { Outbox } from './effects.ts';
import { refusal } from './errors.ts';
import type { Carry, FileProblem } from './events.ts';
import { note } from './journal.ts';
import type { Phase } from './phase.ts';
import type { Recorder } from './recorder.ts';
import type { Deletion } from './roots.ts';
import type { FileStat } from './storage.ts';
import type { Substance } from './substance.ts';
import type { Naming } from './whereabouts.ts';

/** Files of one torrent on their way at once. */
const CARRIES_AT_ONCE = 8;
/** Ms for which others may still have a file open. */
const PATIENCE = 60_000;
/** File systems keep times to two seconds at worst. */
const TIME_TOLERANCE = 2_000;

/** Problems that end by themselves. */
const PASSING: ReadonlySet<FileProblem> = new Set<FileProblem>(['busy', 'limit', 'too-many-files', 'store-away']);

/** The torrent, as far as it is moved. */
interface Movable {
  readonly started: boolean;
  readonly phase: Phase;
  readonly substance: Substance;
  readonly content: Content | null;
  readonly recorder: Recorder;
  readonly out: Outbox;
  leave(to: 'moving' | 'paused', farewell: boolean): void;
  enterQueue(): void;
  fail(problem: FileProblem, file: string): void;
}

export class Relocation {
  /** Goes back to rest after it. */
  rests = false;
  /** Files that were to be moved when it began. */
  total = 0;
  private stage: 'flushing' | 'carrying' | 'recording' = 'flushing';
  private queue: number[] = [];
  private readonly carrying = new Set<Carry>();
  /** Asked again later, as somebody had them open. */
  private busy: number[] = [];
  private busySince = Infinity;
  /** Files that are gone are taken as such. */
  private acceptsLoss = false;
  private problem: FileProblem | null = null;
  private problemFile = '';
  /** What was in the way of the parts file has been deleted. */
  private hasCleared = false;
  /** The torrent's files go with it. */
  private deletion: Deletion | null = null;

  constructor(private readonly torrent: Movable) {}

  /**
   * Makes another naming the wish. `attached`: the store is there; without it the files follow once it is.
   * @throws {Refusal} where that cannot be; nothing is changed then
   */
  wish(naming: Naming, attached: boolean): void {
    const { torrent } = this;
    const { phase, substance } = torrent;
    const held = substance.content ?? substance.atRest;
    if (!torrent.started) throw refusal('not-started');
    if (phase === 'moving') {
      throw refusal('moving-already');
    }
    if (substance.isLost) {
      throw refusal('record-lost');
    }
    // What became of files on their way is not known until the helper is asked.
    if (!attached && substance.where.isPending) {
      throw refusal('moving-away');
    }
    substance.where.wish(naming, held?.present() ?? new Set());
    torrent.recorder.writeTorrent();
  }

  /** Into its phase. `rests`: and back to rest after it. `acceptsLoss`: files that are gone are to be fetched anew. */
  begin(rests: boolean, acceptsLoss = false): void {
    const { torrent } = this;
    if (!torrent.content) return;
    this.rests = rests;
    this.acceptsLoss = acceptsLoss;
    this.stage = 'flushing';
    this.problem = null;
    this.problemFile = '';
    this.hasCleared = false;
    this.total = torrent.substance.where.pendingCount;
    torrent.leave('moving', true);
  }

  tick(now: number): void {
    const { torrent } = this;
    const { content, recorder } = torrent;
    if (torrent.phase !== 'moving' || !content) return;
    switch (this.stage) {
      case 'flushing':
        if (!recorder.isTorrentKept || !content.storage.idle || content.storage.parts.isCopying || content.assembly.isParking)
          return;
        content.storage.closeAll();
        this.stage = 'carrying';
        this.queue = [...torrent.substance.where.pending()].reverse();
        return this.carryOn(now);
      case 'carrying':
        this.queue.push(...this.busy.splice(0));
        return this.carryOn(now);
      case 'recording':
        if (recorder.isTorrentKept && content.storage.idle) this.end();
        return;
      default:
        this.stage satisfies never;
    }
  }

  /** What came of one file. */
  carried(carry: Carry, problem: FileProblem | null, found: FileStat | null, now: number): void {
    const { content, phase } = this.torrent;
    if (!this.carrying.delete(carry) || !content) return;
    const verdict = this.judge(carry, problem, found, content);
    if (phase === 'removed') return this.discard(carry, problem, found, content);
    if (verdict === 'there') {
      this.keepStat(carry.index, found, content);
      this.torrent.substance.where.arrived(carry.index);
      this.busySince = Infinity;
      this.torrent.recorder.writeSoon(now);
      content.storage.recordSoon(now);
    } else if (this.isInWay(carry, verdict, content)) {
      this.torrent.out({ do: 'deleteFile', ...carry.to, size: carry.size, trash: false });
      this.busy.push(carry.index);
    } else if (PASSING.has(verdict) && this.isPatient(now)) {
      this.busy.push(carry.index);
    } else {
      this.problem ??= verdict;
      this.problemFile ||= (verdict === 'gone' ? carry.from : carry.to).path.join('/');
    }
    this.carryOn(now);
  }

  /** The store is away: what it made of the requests is found out by asking again. */
  detach(): void {
    this.carrying.clear();
    this.busy = [];
    this.queue = [];
    this.busySince = Infinity;
  }

  /** The torrent goes, and its files too where they are to be deleted: those on their way as soon as it is known where they end. */
  remove(deletion: Deletion | null): void {
    this.deletion = deletion;
  }

  /** Whether a file is on its way just now. */
  isCarrying(index: number): boolean {
    return [...this.carrying].some(carry => carry.index === index);
  }

  get isCarryingAny(): boolean {
    return this.carrying.size > 0;
  }

  private carryOn(now: number): void {
    const { content, substance, recorder, out } = this.torrent;
    if (this.stage !== 'carrying' || !content) return;
    while (this.carrying.size < CARRIES_AT_ONCE && this.problem === null) {
      const index = this.queue.pop();
      if (index === undefined) break;
      const { where } = substance;
      const carry = { index, from: where.of(index), to: where.wanted(index), size: content.storage.entry(index).length };
      this.carrying.add(carry);
      out({ do: 'moveFile', carry });
    }
    if (this.carrying.size > 0) return;
    if (this.problem === null && this.busy.length > 0) return;
    this.busy = [];
    this.stage = 'recording';
    recorder.writeTorrent();
    content.storage.recordSoon(now);
  }

  /** All that came of it is recorded. */
  private end(): void {
    const { torrent } = this;
    if (this.problem !== null) return torrent.fail(this.problem, this.problemFile);
    torrent.out(note('moved'));
    if (this.rests) torrent.leave('paused', true);
    else torrent.enterQueue();
  }

  private judge(carry: Carry, problem: FileProblem | null, found: FileStat | null, { storage }: Content): FileProblem | 'there' {
    if (problem === null) return 'there';
    if (problem !== 'gone') return problem;
    const known = storage.stats[carry.index] ?? null;
    // Nothing is at its old place: it was never made, or has been brought here by a request whose answer was not heard.
    if (known === null || carry.index === storage.parts.index) return 'there';
    if (found === null) return this.acceptsLoss ? 'there' : 'gone';
    return isLike(found, known) ? 'there' : 'conflict';
  }

  /** What the record vouches for is found under the new name, with its time as that disk keeps it. */
  private keepStat(index: number, found: FileStat | null, { storage }: Content): void {
    const known = storage.stats[index];
    if (known && found && isLike(found, known)) storage.stats[index] = { size: found.size, mtime: Math.floor(found.mtime) };
  }

  /** A parts file of an earlier time, which is nobody else's: it may have come back with a power cut. */
  private isInWay({ index }: Carry, verdict: FileProblem, { storage }: Content): boolean {
    if (verdict !== 'conflict' || index !== storage.parts.index || this.hasCleared) return false;
    this.hasCleared = true;
    return true;
  }

  private isPatient(now: number): boolean {
    if (this.busySince === Infinity) this.busySince = now;
    return now - this.busySince < PATIENCE;
  }

  /** What has the new name without having been moved there may be somebody else's. */
  private discard(
    { index, from, to, size }: Carry,
    problem: FileProblem | null,
    found: FileStat | null,
    { storage }: Content,
  ): void {
    const known = storage.stats[index];
    const isOurs = index === storage.parts.index || (found && known && isLike(found, known));
    const { root, path } = problem === null || (problem === 'gone' && isOurs) ? to : from;
    const isParts = index === storage.parts.index;
    if (!isParts && (!this.deletion || this.deletion.stays?.(index) === true)) return;
    const trash = !isParts && this.deletion?.hasTrash(root) === true && this.torrent.content?.isWhole(index) === true;
    this.torrent.out({ do: 'deleteFile', root, path, size, trash });
  }
}

function isLike(found: FileStat, known: FileStat): boolean {
  return found.size === known.size && Math.abs(found.mtime - known.mtime) <= TIME_TOLERANCE;
}
