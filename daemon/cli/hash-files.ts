/** Reads the files of a new torrent once, front to back, and hashes them as they come. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { TreeBuilder, type FileTree, type NewHashes, type PlacedFile, type TorrentKind } from '../../sw/engine/index.ts';
import { CommandError } from './errors.ts';

const BLOCK = 16 * 1024;
/** A multiple of a block. Two are in use at a time: one is read while the other is hashed. */
const CHUNK = 4 << 20;

export interface HashJob {
  readonly kind: TorrentKind;
  readonly pieceLength: number;
  readonly files: readonly PlacedFile[];
  /** Where a file lies. */
  readonly pathOf: (file: PlacedFile) => string;
  /** Bytes hashed so far, pads included. */
  readonly onProgress: (bytes: number) => void;
}

/** Fails where a file is not as long as it was when it was listed. */
export async function hashFiles(job: HashJob): Promise<NewHashes> {
  const { kind, files, pieceLength } = job;
  const pieces = kind === 'v2' ? null : new PieceHashes(pieceLength);
  const trees: (FileTree | null)[] = [];
  let done = 0;
  for (const file of files) {
    const tree = kind === 'v1' || file.pad ? null : new TreeBuilder(pieceLength);
    for await (const bytes of file.pad ? zeros(file.length) : read(job.pathOf(file), file.length)) {
      pieces?.add(bytes);
      if (tree) addBlocks(tree, bytes);
      done += bytes.length;
      job.onProgress(done);
    }
    trees.push(tree?.finish() ?? null);
  }
  return { pieces: pieces?.finish() ?? null, trees };
}

/** SHA-1 over each piece of a stream. */
class PieceHashes {
  readonly #length: number;
  readonly #digests: Buffer[] = [];
  #hash: Hash = createHash('sha1');
  #filled = 0;

  constructor(pieceLength: number) {
    this.#length = pieceLength;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#length - this.#filled);
      this.#hash.update(part);
      at += part.length;
      this.#filled += part.length;
      if (this.#filled === this.#length) this.#close();
    }
  }

  finish(): Uint8Array {
    if (this.#filled > 0) this.#close();
    return Buffer.concat(this.#digests);
  }

  #close(): void {
    this.#digests.push(this.#hash.digest());
    this.#hash = createHash('sha1');
    this.#filled = 0;
  }
}

/** `bytes` begin at a block. */
function addBlocks(tree: TreeBuilder, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += BLOCK) {
    tree.add(
      createHash('sha256')
        .update(bytes.subarray(at, at + BLOCK))
        .digest(),
    );
  }
}

function* zeros(length: number): Generator<Uint8Array, void, undefined> {
  const chunk = Buffer.alloc(Math.min(length, CHUNK));
  for (let left = length; left > 0; left -= CHUNK) yield chunk.subarray(0, Math.min(left, CHUNK));
}

/** The bytes of a file, in whole chunks but for the last; each is overwritten after the next one was asked for. */
async function* read(path: string, length: number): AsyncGenerator<Uint8Array, void, undefined> {
  // What was no symbolic link when it was listed must not have become one.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const size = Math.min(CHUNK, length + 1);
  const buffers = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)] as const;
  const fill = async (buffer: Buffer, at: number): Promise<Uint8Array> => {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
  try {
    let at = 0;
    let next = fill(buffers[0], 0);
    for (let turn = 1; ; turn++) {
      const bytes = await next;
      at += bytes.length;
      const isLast = bytes.length < size;
      if (at > length || (isLast && at < length)) throw new CommandError(`${path} changed while it was read. Try again.`);
      if (!isLast) next = fill(buffers[turn % 2 === 0 ? 0 : 1], at);
      if (bytes.length > 0) yield bytes;
      if (isLast) return;
    }
  } finally {
    await handle.close();
  }
}
