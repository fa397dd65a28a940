/** One open file, shared by all who opened the same path; it is closed when the last of them lets go. */
import { FileStatus } from '../wire/frames.ts';

/** An open file, or why there is none. */
export type Opened =
  | {
      readonly status: typeof FileStatus.OK;
      readonly fd: number;
      /** Its device and number there, whatever path led to it. */
      readonly inode: string;
    }
  | { readonly status: Exclude<FileStatus, typeof FileStatus.OK>; readonly fd: -1 };

export class SharedFile {
  readonly root: string;
  readonly components: readonly string[];
  /** As declared at opening: nothing beyond it is read or written. */
  readonly size: number;
  readonly #opening: Promise<Opened>;
  readonly #close: () => void;
  #holders = 1;
  #isReady = false;
  #problem: FileStatus = FileStatus.OK;

  constructor(root: string, components: readonly string[], size: number, opening: Promise<Opened>, close: () => void) {
    this.root = root;
    this.components = components;
    this.size = size;
    this.#opening = opening;
    this.#close = close;
    const settle = () => (this.#isReady = true);
    opening.then(settle, settle);
  }

  /** It is open, or it is known why not: nothing waits for its space any more. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What was found out since it was opened, and makes it useless: OK where nothing was. */
  get problem(): FileStatus {
    return this.#problem;
  }

  /** Nothing is read or written any more, and a flush that failed is not taken back: it has to be opened anew. */
  fail(problem: FileStatus): void {
    if (this.#problem === FileStatus.OK) this.#problem = problem;
  }

  async ready(): Promise<Opened> {
    const opened = await this.#opening;
    return this.#problem === FileStatus.OK ? opened : { status: this.#problem, fd: -1 };
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#close();
  }
}

/** A piece of a file, or of nothing: `file` is null where zeros stand that are never written. */
export interface Place {
  readonly file: SharedFile | null;
  readonly offset: number;
  readonly length: number;
}
