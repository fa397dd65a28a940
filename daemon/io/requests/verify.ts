/** `POST /files/verify/{root}`: whether parts of files have the digests that are expected of them, many at once. */
import { WireError } from '../../wire/bytes.ts';
import { Digest } from '../../wire/frames.ts';
import * as shape from '../../wire/shape.ts';
import { ReadFile } from '../browse.ts';
import { isDigest } from '../digests.ts';
import { VERIFY_BODY, VERIFY_ITEMS, VERIFY_LENGTH } from '../limits.ts';
import { isSafe } from '../paths.ts';
import { UNREADABLE, verifyReads } from '../verify.ts';
import { Refusal, reply } from './answers.ts';
import { receiveInto } from './body.ts';
import type { Call } from './call.ts';
import { lengthOf } from './headers.ts';

/** With the pool at once, of one request; each has a file open. */
const AT_ONCE = 16;
const ALGORITHMS = { sha1: Digest.SHA1, sha256: Digest.SHA256 } as const;

interface Item {
  readonly path: readonly string[];
  readonly offset: number;
  readonly length: number;
  readonly algorithm: keyof typeof ALGORITHMS;
  /** In hex. */
  readonly digest: string;
}

const question = shape.object<{ readonly items: readonly Item[] }>({
  items: shape.array(
    shape.object<Item>({
      path: shape.array(shape.string),
      offset: shape.count,
      length: shape.between(0, VERIFY_LENGTH),
      algorithm: shape.literal('sha1', 'sha256'),
      digest: shape.string,
    }),
    VERIFY_ITEMS,
  ),
});

export async function verify(call: Call): Promise<void> {
  const { request, response, tail, services } = call;
  const bytes = Buffer.alloc(lengthOf(request, VERIFY_BODY));
  const root = await services.files.roots.directory(tail);
  await receiveInto(call, bytes);
  const items = itemsOf(bytes);
  const verdicts: number[] = items.map(() => UNREADABLE);
  const rest = items.entries();
  const lane = async () => {
    for (const [index, item] of rest) {
      // Nobody waits for the others any more.
      if (response.destroyed) return;
      verdicts[index] = await verdictOn(call, root, item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  reply(response, { verdicts });
}

/** As VERIFY_RESULT has them. */
async function verdictOn({ services }: Call, root: string, item: Item): Promise<number> {
  const { path, offset, length } = item;
  const file = await ReadFile.open(root, path).catch(() => null);
  if (file === null) return UNREADABLE;
  try {
    return await verifyReads(services.pool, [{ fd: file.fd, position: offset, length }], digestOf(item));
  } finally {
    await file.close();
  }
}

/** @throws {Refusal} 400 */
function itemsOf(bytes: Buffer): readonly Item[] {
  try {
    const { items } = question(JSON.parse(bytes.toString()));
    if (items.every(item => isSafe(item.path) && isDigest(digestOf(item), item.length))) return items;
  } catch (error) {
    if (!(error instanceof WireError || error instanceof SyntaxError)) throw error;
  }
  throw new Refusal(400, 'items');
}

function digestOf({ algorithm, digest }: Item) {
  const expected = Buffer.from(/^(?:[0-9a-f]{2})*$/i.test(digest) ? digest : '', 'hex');
  return { algorithm: ALGORITHMS[algorithm], height: 0, expected };
}
