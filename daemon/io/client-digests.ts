/** Digests of what stands in the files of one client. */
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type Frame, type FrameOf, MAX_LEAVES_BYTES, Op } from '../wire/frames.ts';
import type { ClientFiles } from './client-files.ts';
import type { HashPool } from './hash-pool.ts';
import { isVerifiable, leavesOf, verify } from './verify.ts';

export class ClientDigests {
  readonly #files: ClientFiles;
  readonly #pool: HashPool;
  readonly #push: (frame: Frame) => void;

  constructor(files: ClientFiles, pool: HashPool, push: (frame: Frame) => void) {
    this.#files = files;
    this.#pool = pool;
    this.#push = push;
  }

  async verify({ id, items }: FrameOf<typeof Op.VERIFY>): Promise<void> {
    const wanted = items.map(({ spans, algorithm, height, expected }) => ({
      places: this.#files.places(spans, id),
      digest: { algorithm, height, expected: expected.slice() },
    }));
    if (!wanted.every(isVerifiable)) throw new WireError(ErrorCode.BAD_STATE, 'a digest that does not fit its spans', id);
    const files = wanted.flatMap(({ places }) => places.map(({ file }) => file));
    for (const file of files) file?.retain();
    const verdicts = await verify(this.#pool, wanted);
    for (const file of files) file?.release();
    this.#push({ op: Op.VERIFY_RESULT, id, verdicts });
  }

  async leaves({ id, spans }: FrameOf<typeof Op.LEAVES>): Promise<void> {
    const places = this.#files.places(spans, id);
    if (spans.reduce((sum, { length }) => sum + length, 0) > MAX_LEAVES_BYTES)
      throw new WireError(ErrorCode.LIMIT, 'too much for one request', id);
    for (const { file } of places) file?.retain();
    const leaves = await leavesOf(this.#pool, places);
    for (const { file } of places) file?.release();
    this.#push({ op: Op.LEAVES_RESULT, id, leaves });
  }
}
