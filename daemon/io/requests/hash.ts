/** `POST /hash/sha1` and `/hash/sha256`: the digest of the body, of which a chunk is held at a time. */
import { BodyHash, type PlainDigest } from '../body-hash.ts';
import { HASH_BODY } from '../limits.ts';
import { reply } from './answers.ts';
import { receive } from './body.ts';
import type { Call } from './call.ts';
import { lengthOf, headerOf } from './headers.ts';

export function hash(algorithm: PlainDigest): (call: Call) => Promise<void> {
  return async call => {
    const { request, response, services } = call;
    const most = headerOf(request, 'content-length') === undefined ? HASH_BODY : lengthOf(request, HASH_BODY);
    const hashing = new BodyHash(services.pool, algorithm, most);
    try {
      await receive(call, HASH_BODY, part => hashing.update(part));
      reply(response, { digest: (await hashing.digest()).toString('hex') });
    } finally {
      hashing.end();
    }
  };
}
