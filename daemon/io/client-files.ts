/** The files of one client by the numbers it gave them, and its spans as places in them. */
import { ErrorCode, FileStatus, type Frame, type FrameOf, Op, type Span } from '../wire/frames.ts';
import { WireError } from '../wire/bytes.ts';
import type { Files } from './files.ts';
import { LIMITS } from './limits.ts';
import type { Place, SharedFile } from './shared-file.ts';

export class ClientFiles {
  readonly #files: Files;
  readonly #push: (frame: Frame) => void;
  readonly #byNumber = new Map<number, SharedFile>();

  constructor(files: Files, push: (frame: Frame) => void) {
    this.#files = files;
    this.#push = push;
  }

  async open({ id, file, root, components, size, create, allocate }: FrameOf<typeof Op.FILE_OPEN>): Promise<void> {
    const answer = (status: FileStatus, bytes = 0, mtimeMs = 0) =>
      this.#push({ op: Op.FILE_OPENED, id, file, status, size: bytes, mtimeMs });
    if (file === 0 || this.#byNumber.has(file)) throw new WireError(ErrorCode.BAD_STATE, `file ${file} is taken`, id);
    if (this.#byNumber.size >= LIMITS.files || this.#files.count >= LIMITS.files) {
      answer(FileStatus.LIMIT);
      return;
    }
    const shared = this.#files.open(root, components, size, create, allocate);
    this.#byNumber.set(file, shared);
    const { status, stamp } = await this.#files.stamp(shared);
    if (status !== FileStatus.OK && this.#byNumber.get(file) === shared) this.close(file);
    answer(status, stamp.size, stamp.mtimeMs);
  }

  close(file: number): void {
    const shared = this.#byNumber.get(file);
    this.#byNumber.delete(file);
    shared?.release();
  }

  /** Flushes these files; the first problem is the answer's, the stamps are of those that went well. */
  async sync({ id, files }: FrameOf<typeof Op.FILE_SYNC>): Promise<void> {
    const shared = files.map(file => this.#get(file, id));
    for (const file of shared) file.retain();
    const results = await Promise.all(shared.map(file => this.#files.sync(file)));
    for (const file of shared) file.release();
    const status = results.find(result => result.status !== FileStatus.OK)?.status ?? FileStatus.OK;
    const stamps = results.flatMap((result, index) =>
      result.status === FileStatus.OK ? [{ file: files[index] as number, ...result.stamp }] : [],
    );
    this.#push({ op: Op.FILE_DONE, id, status, files: stamps });
  }

  /** Each is answered; the requests that wait have a limit of their own. */
  delete({ id, root, components, size, trash }: FrameOf<typeof Op.FILE_DELETE>): void {
    void this.#files
      .delete(root, components, size, trash)
      .then(status => this.#push({ op: Op.FILE_DONE, id, status, files: [] }));
  }

  /** As with deletes. */
  move({ id, from, to, size }: FrameOf<typeof Op.FILE_MOVE>): void {
    void this.#files.move(from, to, size).then(({ status, stamp }) => {
      const files = stamp === null ? [] : [{ file: 0, size: stamp.size, mtimeMs: stamp.mtimeMs }];
      this.#push({ op: Op.FILE_DONE, id, status, files });
    });
  }

  async copy({ id, from, to, toOffset }: FrameOf<typeof Op.FILE_COPY>): Promise<void> {
    const [source, target] = this.places([from, { file: to, offset: toOffset, length: from.length }], id);
    if (!source?.file || !target?.file) throw new WireError(ErrorCode.NO_SUCH_FILE, 'file 0', id);
    const files = [source.file, target.file];
    for (const file of files) file.retain();
    const status = await this.#files.copy(source.file, source.offset, target.file, target.offset, source.length);
    for (const file of files) file.release();
    this.#push({ op: Op.FILE_DONE, id, status, files: [] });
  }

  /** @throws {WireError} NO_SUCH_FILE; MALFORMED where a span leaves the file as it was declared */
  places(spans: readonly Span[], id: number): Place[] {
    return spans.map(({ file, offset, length }) => {
      if (file === 0) return { file: null, offset: 0, length };
      const shared = this.#get(file, id);
      if (offset + length > shared.size) throw new WireError(ErrorCode.MALFORMED, 'a span beyond the file', id);
      return { file: shared, offset, length };
    });
  }

  /** One of them for somebody else, who releases it. */
  borrow(file: number): SharedFile | null {
    const shared = this.#byNumber.get(file) ?? null;
    shared?.retain();
    return shared;
  }

  end(): void {
    for (const file of [...this.#byNumber.keys()]) this.close(file);
  }

  #get(file: number, id: number): SharedFile {
    const shared = this.#byNumber.get(file);
    if (shared === undefined) throw new WireError(ErrorCode.NO_SUCH_FILE, `file ${file}`, id);
    return shared;
  }
}
