/** `POST /hash/sha1` and `/hash/sha256`: the digest of the body, which is held nowhere. */
import type { Digest } from '../../wire/frames.ts';
import { hasherOf } from '../digests.ts';
import { HASH_BODY } from '../limits.ts';
import { reply } from './answers.ts';
import { receive } from './body.ts';
import type { Call } from './call.ts';
import { lengthOf, headerOf } from './headers.ts';

export function hash(algorithm: typeof Digest.SHA1 | typeof Digest.SHA256): (call: Call) => Promise<void> {
  return async call => {
    const { request, response } = call;
    if (headerOf(request, 'content-length') !== undefined) lengthOf(request, HASH_BODY);
    // As it comes in parts of 64 KiB or less, each holds the event loop for a tenth of a millisecond.
    const hasher = hasherOf(algorithm, 0);
    await receive(call, HASH_BODY, part => hasher.update(part));
    reply(response, { digest: hasher.digest().toString('hex') });
  };
}
