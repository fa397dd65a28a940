/** VERIFY: hashes what stands in files and says of each item whether it is as expected. */
import { type DigestOf, FileStatus, LandStatus } from '../wire/frames.ts';
import { isDigest } from './digests.ts';
import type { HashPool } from './hash-pool.ts';
import type { VerifyJob } from './jobs.ts';
import type { Place } from './assembly.ts';

export interface VerifyItem {
  readonly places: readonly Place[];
  readonly digest: Pick<DigestOf, 'algorithm' | 'height' | 'expected'>;
}

const RIGHT = 0;
const WRONG = 1;
const UNREADABLE = 2;
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
  const reads: VerifyJob['reads'][number][] = [];
  for (const { file, offset, length } of places) {
    const opened = file === null ? null : await file.ready();
    if (opened !== null && opened.status !== FileStatus.OK) return UNREADABLE;
    reads.push({ fd: opened?.fd ?? -1, position: offset, length });
  }
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
