/**
 * Files that somebody brings whole, end to end. They are nowhere until they are all there and have their places: what is called
 * off, or cut short by the worker's end, before that leaves nothing behind.
 */
import type { FileProblem } from '../../engine/events.ts';
import type { Catalogue } from './catalogue.ts';
import { problemOf } from './folder.ts';
import type { Group, Written } from './group.ts';
import type { Writer } from './writer.ts';

/** It could not be stored. */
export class NotStored extends Error {
  constructor(readonly problem: FileProblem) {
    super(problem);
  }
}

export class Deposit {
  private readonly group: Group;
  private readonly ids: readonly number[];
  private readonly writes = new Set<Promise<void>>();
  /** Where the next byte belongs. */
  private file = 0;
  private offset = 0;
  /** Bytes that have not been added. */
  private missing: number;

  /** `lengths`: of each file, in the order in which their bytes come. */
  constructor(
    private readonly catalogue: Catalogue,
    private readonly writer: Writer,
    private readonly lengths: readonly number[],
  ) {
    this.group = catalogue.aside(lengths.length);
    this.ids = [...this.group.files.keys()];
    this.missing = lengths.reduce((sum, length) => sum + length, 0);
  }

  /** The next bytes, which are the store's from now on. Resolves once they are on the disk. @throws {NotStored} */
  add(bytes: Uint8Array): Promise<void> {
    this.missing -= bytes.length;
    if (this.missing < 0) return Promise.reject(new NotStored('io'));
    const job = { group: this.group.id, chunks: [bytes], parts: this.partsOf(bytes.length) };
    const written = new Promise<void>((resolve, reject) =>
      this.writer.add({ ...job, done: problem => (problem === null ? resolve() : reject(new NotStored(problem))) }),
    );
    this.writes.add(written);
    void written.then(
      () => this.writes.delete(written),
      () => this.writes.delete(written),
    );
    return written;
  }

  /** Everything has been added: gives each file its path. False where something else has come to be called so. @throws {NotStored} */
  async place(paths: readonly (readonly string[])[]): Promise<boolean> {
    if (this.missing > 0) throw new NotStored('io');
    const placed = this.ids.map((id, at) => [id, paths[at]!] as const);
    return this.catalogue.settle(this.group, placed).catch((error: unknown) => {
      throw new NotStored(problemOf(error));
    });
  }

  /** Nothing of it is to be kept. Resolves once its space is free. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.writes);
    await this.catalogue.dissolve(this.group);
  }

  private partsOf(length: number): Written[] {
    const parts: Written[] = [];
    for (let left = length; left > 0;) {
      const room = this.lengths[this.file]! - this.offset;
      if (room === 0) {
        [this.file, this.offset] = [this.file + 1, 0];
        continue;
      }
      const take = Math.min(room, left);
      parts.push({ file: this.ids[this.file]!, offset: this.offset, length: take });
      this.offset += take;
      left -= take;
    }
    return parts;
  }
}
