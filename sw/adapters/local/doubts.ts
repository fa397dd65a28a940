/**
 * Segments that a power cut may have taken: the browser hands what is written to the system, and does not wait for the disk. They are compared
 * with their records before anything of them is believed.
 */
import { touchSum, type Segment } from './extents.ts';
import { problemOf, type SegmentFiles } from './folder.ts';
import { Turns } from './turns.ts';

/** Ms after which the system has brought to the disk what it was handed: 30 s and a turn of its own on Linux, which takes longest of all. */
export const CACHED = 60_000;
/** Segments that are read to be compared, at once. */
export const LOOKS = 2;

export class Doubts {
  private readonly doubtful = new Set<Segment>();
  private readonly looking = new Map<Segment, Promise<boolean>>();
  private readonly turns = new Turns(LOOKS);

  /** `lose` is told of one that is not as it was recorded. */
  constructor(
    private readonly files: SegmentFiles,
    private readonly lose: (segment: Segment) => void,
  ) {}

  add(segments: readonly Segment[]): void {
    for (const segment of segments) this.doubtful.add(segment);
  }

  /** Whether it is as it was recorded. Throws what the browser throws where it cannot be read just now; then it stays in doubt. */
  look(segment: Segment): Promise<boolean> {
    if (!this.doubtful.has(segment)) return Promise.resolve(true);
    const known = this.looking.get(segment);
    if (known) return known;
    const look = this.turns.through(() => this.compare(segment)).finally(() => this.looking.delete(segment));
    this.looking.set(segment, look);
    return look;
  }

  private async compare(segment: Segment): Promise<boolean> {
    const isWhole = await this.isWhole(segment);
    this.doubtful.delete(segment);
    if (!isWhole) this.lose(segment);
    return isWhole;
  }

  private async isWhole({ group, id, length, sum }: Segment): Promise<boolean> {
    try {
      const file = await this.files.open(group, id);
      return file.size === length && touchSum(new Uint8Array(await file.arrayBuffer())) === sum;
    } catch (error) {
      this.files.forget(id);
      if (problemOf(error) === 'gone') return false;
      throw error;
    }
  }
}
