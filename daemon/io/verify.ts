/** VERIFY and LEAVES: hashes what stands in files, to say whether it is as expected or what it is. */
import { type DigestOf, FileStatus, LandStatus } from '../wire/frames.ts';
import { isDigest } from './digests.ts';
import type { HashPool } from './hash-pool.ts';
import type { Read } from './jobs.ts';
import type { Place } from './shared-file.ts';

export interface VerifyItem {
  readonly places: readonly Place[];
  readonly digest: Pick<DigestOf, 'algorithm' | 'height' | 'expected'>;
}

const RIGHT = 0;
const WRONG = 1;
export const UNREADABLE = 2;
/** Items that are with the pool at once, of one request. */
const AT_ONCE = 16;

export function isVerifiable({ places, digest }: VerifyItem): boolean {
  return isDigest(
    digest,
    places.reduce((sum, { length }) => sum + length, 0),
  );
}

/** @returns one byte for each item, as VERIFY_RESULT has them */
export async function verify(pool: HashPool, items: readonly VerifyItem[]): Promise<Uint8Array> {
  const verdicts = new Uint8Array(items.length).fill(UNREADABLE);
  const rest = items.entries();
  const lane = async () => {
    for (const [index, item] of rest) verdicts[index] = await verifyOne(pool, item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return verdicts;
}

async function verifyOne(pool: HashPool, { places, digest }: VerifyItem): Promise<number> {
  const reads = await readsOf(places);
  return reads === null ? UNREADABLE : verifyReads(pool, reads, digest);
}

/** One byte, as VERIFY_RESULT has it. */
export async function verifyReads(pool: HashPool, reads: readonly Read[], digest: VerifyItem['digest']): Promise<number> {
  const { status } = await pool.run({ kind: 'verify', reads, digest });
  switch (status) {
    case LandStatus.OK:
      return RIGHT;
    case LandStatus.MISMATCH:
      return WRONG;
    case LandStatus.MISSING:
    case LandStatus.ERROR:
      return UNREADABLE;
    default:
      return status satisfies never;
  }
}

/** The leaves of a tree over these places, 32 bytes each; empty where they cannot be read. */
export async function leavesOf(pool: HashPool, places: readonly Place[]): Promise<Uint8Array> {
  const reads = await readsOf(places);
  if (reads === null) return new Uint8Array(0);
  return (await pool.run({ kind: 'leaves', reads })).blocks;
}

/** Null where one of the files cannot be opened. */
async function readsOf(places: readonly Place[]): Promise<Read[] | null> {
  const reads: Read[] = [];
  for (const { file, offset, length } of places) {
    const opened = file === null ? null : await file.ready();
    if (opened !== null && opened.status !== FileStatus.OK) return null;
    reads.push({ fd: opened?.fd ?? -1, position: offset, length });
  }
  return reads;
}
