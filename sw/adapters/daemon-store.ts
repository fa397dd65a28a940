/** Store over `/io`: buffers land, hash and are written in the daemon; only words about them come here. */
import { Digest, ErrorCode, Op, type FilePath, type Frame, type FrameOf } from '../../daemon/wire/frames.ts';
import type { CommitStatus, DigestSpec, FilePlace, FileProblem, Range, Span } from '../engine/events.ts';
import type { Store } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';
import { commitStatus, fileProblem } from './daemon-status.ts';

const NOTHING = new Uint8Array(0);
/** VERIFY_RESULT's verdicts. */
const VERDICTS: readonly (boolean | null)[] = [true, false, null];

export class DaemonStore implements Store {
  private readonly door: Door<Frame, Frame>;
  /** Questions by the buffer that they open: nothing but a refusal answers one. */
  private readonly opening = new Map<number, number>();
  /** By buffer, too: what is put into it, which only a refusal answers, all under one number. */
  private readonly putting = new Map<number, number>();
  /** As the daemon said last. */
  private told = Infinity;
  private refused: (buffer: number, problem: FileProblem) => void = () => undefined;

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
    door.on(Op.SERVER_HELLO, ({ hello }) => (this.told = hello.limits.backed));
  }

  get backed(): number {
    return this.told;
  }

  openFile(
    file: number,
    root: string,
    components: readonly string[],
    size: number,
    create: boolean,
    allocate: boolean,
    done: (problem: FileProblem | null, size: number, mtime: number) => void,
  ): void {
    this.door.ask(
      id => ({ op: Op.FILE_OPEN, id, file, root, components, size, create, allocate }),
      reply => {
        if (reply?.op === Op.FILE_OPENED) done(fileProblem(reply.status), reply.size, reply.mtimeMs);
        else done(refusal(reply), 0, 0);
      },
    );
  }

  closeFile(file: number): void {
    this.door.send({ op: Op.FILE_CLOSE, id: 0, file });
  }

  sync(
    files: readonly number[],
    done: (problem: FileProblem | null, stat: ReadonlyMap<number, { size: number; mtime: number }>) => void,
  ): void {
    this.door.ask(
      id => ({ op: Op.FILE_SYNC, id, files }),
      reply => {
        if (reply?.op !== Op.FILE_DONE) {
          done(refusal(reply), new Map());
          return;
        }
        const stat = reply.files.map(({ file, size, mtimeMs }) => [file, { size, mtime: mtimeMs }] as const);
        done(fileProblem(reply.status), new Map(stat));
      },
    );
  }

  copy(from: Span, to: number, offset: number, done: (problem: FileProblem | null) => void): void {
    this.door.ask(
      id => ({ op: Op.FILE_COPY, id, from, to, toOffset: offset }),
      reply => done(reply?.op === Op.FILE_DONE ? fileProblem(reply.status) : refusal(reply)),
    );
  }

  moveFile(
    from: FilePlace,
    to: FilePlace,
    size: number,
    done: (problem: FileProblem | null, found: { size: number; mtime: number } | null) => void,
  ): void {
    const [source, target] = [from, to].map(({ root, path }) => ({ root, components: path })) as [FilePath, FilePath];
    this.door.ask(
      id => ({ op: Op.FILE_MOVE, id, size, from: source, to: target }),
      reply => {
        if (reply?.op !== Op.FILE_DONE) return done(refusal(reply), null);
        const [found] = reply.files;
        done(fileProblem(reply.status), found ? { size: found.size, mtime: found.mtimeMs } : null);
      },
    );
  }

  deleteFile(
    root: string,
    components: readonly string[],
    size: number,
    trash: boolean,
    done: (problem: FileProblem | null) => void,
  ): void {
    this.door.ask(
      id => ({ op: Op.FILE_DELETE, id, root, components, size, trash }),
      reply => done(reply?.op === Op.FILE_DONE ? fileProblem(reply.status) : refusal(reply)),
    );
  }

  begin(buffer: number, length: number, tag: Uint8Array, spans: readonly Span[], there: readonly Range[]): void {
    const question = this.door.ask(
      id => ({ op: Op.LAND_OPEN, id, buffer, length, tag, spans, there }),
      reply => {
        this.opening.delete(buffer);
        if (reply) this.refused(buffer, refusal(reply));
      },
    );
    this.opening.set(buffer, question);
  }

  park(buffer: number, done: (there: readonly Range[] | null) => void): void {
    this.door.ask(
      id => ({ op: Op.LAND_PARK, id, buffer }),
      reply => done(reply?.op === Op.LAND_PARKED ? reply.there : null),
    );
  }

  onRefused(handler: (buffer: number, problem: FileProblem) => void): void {
    this.refused = handler;
  }

  put(buffer: number, offset: number, bytes: Uint8Array): void {
    const frame = (id: number): Frame => ({ op: Op.LAND_PUT, id, buffer, offset, bytes });
    const known = this.putting.get(buffer);
    if (known !== undefined) return this.door.send(frame(known));
    const question = this.door.ask(frame, reply => {
      this.putting.delete(buffer);
      // Whatever else refuses it, the commit that waits hears of.
      if (reply?.op === Op.ERROR && reply.code === ErrorCode.LIMIT) this.refused(buffer, 'limit');
    });
    this.putting.set(buffer, question);
  }

  commit(
    buffer: number,
    digests: readonly DigestSpec[],
    wantBlocks: boolean,
    done: (status: CommitStatus, problem: FileProblem | null, blocks: Uint8Array) => void,
  ): void {
    this.door.ask(
      id => ({
        op: Op.LAND_COMMIT,
        id,
        buffer,
        wantBlocks,
        digests: digests.map(digest => ({ ...digest, algorithm: ALGORITHMS[digest.algorithm] })),
      }),
      reply => {
        if (reply === null) return;
        this.opened(buffer);
        if (reply.op === Op.LAND_RESULT) done(...landed(reply));
        else if (reply.op === Op.ERROR && reply.code === ErrorCode.NO_SUCH_BUFFER) done('gone', null, NOTHING);
        else done('error', refusal(reply), NOTHING);
      },
    );
  }

  acknowledge(buffer: number): void {
    this.door.send({ op: Op.RESULT_ACK, id: 0, buffer });
  }

  reset(buffer: number, ranges: readonly Range[]): void {
    this.door.send({ op: Op.LAND_RESET, id: 0, buffer, ranges });
  }

  drop(buffer: number): void {
    this.opened(buffer);
    this.door.send({ op: Op.LAND_DROP, id: 0, buffer });
  }

  verify(
    items: readonly { spans: readonly Span[]; digest: DigestSpec }[],
    done: (verdicts: readonly (boolean | null)[]) => void,
  ): void {
    this.door.ask(
      id => ({
        op: Op.VERIFY,
        id,
        items: items.map(({ spans, digest }) => ({
          spans,
          algorithm: ALGORITHMS[digest.algorithm],
          height: digest.height,
          expected: digest.expected,
        })),
      }),
      reply => {
        const verdicts = reply?.op === Op.VERIFY_RESULT ? reply.verdicts : NOTHING;
        done(items.map((_, index) => VERDICTS[verdicts[index] ?? 2] ?? null));
      },
    );
  }

  leaves(spans: readonly Span[], done: (leaves: Uint8Array) => void): void {
    this.door.ask(
      id => ({ op: Op.LEAVES, id, spans }),
      reply => done(reply?.op === Op.LEAVES_RESULT ? reply.leaves : NOTHING),
    );
  }

  /** It was not refused, nor was what was put into it, or that does not matter any more. */
  private opened(buffer: number): void {
    for (const questions of [this.opening, this.putting]) {
      const question = questions.get(buffer);
      if (question === undefined) continue;
      questions.delete(buffer);
      this.door.forget(question);
    }
  }
}

const ALGORITHMS: Readonly<Record<DigestSpec['algorithm'], Digest>> = {
  sha1: Digest.SHA1,
  sha256: Digest.SHA256,
  'sha256-tree': Digest.SHA256_TREE,
};

function landed(reply: FrameOf<typeof Op.LAND_RESULT>): [CommitStatus, FileProblem | null, Uint8Array] {
  return [commitStatus(reply.status), fileProblem(reply.file), reply.blocks];
}

/** What it means that another answer came than the one that was asked for; null is no answer at all. */
function refusal(reply: Frame | null): FileProblem {
  if (reply === null) return 'store-away';
  if (reply.op !== Op.ERROR) return 'io';
  switch (reply.code) {
    case ErrorCode.LIMIT:
      return 'limit';
    case ErrorCode.NO_SUCH_FILE:
      return 'gone';
    default:
      return 'io';
  }
}
