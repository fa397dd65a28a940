/** The calls of a store as promises. */
import { createHash } from 'node:crypto';
import type { CommitStatus, DigestSpec, FileProblem, Range, Span } from '../../../sw/engine/events.ts';
import { MAX_READ } from '../../../sw/adapters/local/blocks.ts';
import type { LocalStore } from '../../../sw/adapters/local/store.ts';
import { ROOT } from './lives.ts';

/** Numbers that no engine gives. */
let number = 1_000_000;

export function open(
  store: LocalStore,
  file: number,
  components: readonly string[],
  size = 2 ** 40,
  create = true,
): Promise<{ problem: FileProblem | null; size: number; mtime: number }> {
  return new Promise(resolve =>
    store.openFile(file, ROOT, components, size, create, false, (problem, actual, mtime) =>
      resolve({ problem, size: actual, mtime }),
    ),
  );
}

export function commit(
  store: LocalStore,
  buffer: number,
  digests: readonly DigestSpec[],
  wantBlocks = false,
): Promise<{ status: CommitStatus; problem: FileProblem | null; blocks: Uint8Array }> {
  return new Promise(resolve =>
    store.commit(buffer, digests, wantBlocks, (status, problem, blocks) => resolve({ status, problem, blocks })),
  );
}

export function sync(
  store: LocalStore,
  files: readonly number[],
): Promise<{ problem: FileProblem | null; stat: ReadonlyMap<number, { size: number; mtime: number }> }> {
  return new Promise(resolve => store.sync(files, (problem, stat) => resolve({ problem, stat })));
}

export function read(store: LocalStore, spans: readonly Span[]): Promise<{ problem: FileProblem | null; bytes: Uint8Array }> {
  return new Promise(resolve => store.read(spans, (problem, bytes) => resolve({ problem, bytes })));
}

export function park(store: LocalStore, buffer: number): Promise<readonly Range[] | null> {
  return new Promise(resolve => store.park(buffer, resolve));
}

export function remove(store: LocalStore, components: readonly string[], size = 2 ** 40): Promise<FileProblem | null> {
  return new Promise(resolve => store.deleteFile(ROOT, components, size, false, resolve));
}

export function verify(
  store: LocalStore,
  items: readonly { spans: readonly Span[]; digest: DigestSpec }[],
): Promise<readonly (boolean | null)[]> {
  return new Promise(resolve => store.verify(items, resolve));
}

/** All of a file, with zeros where nothing was written; null where there is none. */
export async function readFile(store: LocalStore, components: readonly string[]): Promise<Uint8Array | null> {
  const file = number++;
  const { problem, size } = await open(store, file, components, 2 ** 40, false);
  if (problem !== null) return null;
  const bytes = new Uint8Array(size);
  const fill = async (offset: number, chunk: number): Promise<void> => {
    const length = Math.min(chunk, size - offset);
    if (length <= 0) return;
    const part = length > MAX_READ ? { problem: 'limit', bytes } : await read(store, [{ file, offset, length }]);
    if (part.problem === null) return bytes.set(part.bytes, offset);
    // Nothing in these tests begins or ends between two multiples of four.
    if (chunk <= 4) return;
    await fill(offset, chunk / 2);
    await fill(offset + chunk / 2, chunk / 2);
  };
  await fill(0, 2 ** Math.ceil(Math.log2(size + 1)));
  store.closeFile(file);
  return bytes;
}

/** Bytes that are told apart wherever one looks. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >> 8) * 17 + seed;
  return bytes;
}

export function sha1(bytes: Uint8Array): DigestSpec {
  const expected = new Uint8Array(createHash('sha1').update(bytes).digest());
  return { algorithm: 'sha1', height: 0, offset: 0, length: bytes.length, expected };
}
