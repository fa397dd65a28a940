/** `/files/*`: what stands below a root, how much fits there, and what is to go. */
import { freeBelow, listBelow, statBelow } from '../browse.ts';
import { must, Refusal, reply } from './answers.ts';
import type { Call } from './call.ts';
import { folderOf, pathOf, requiredNumberOf, textOf } from './headers.ts';

export async function stat({ request, response, tail, services }: Call): Promise<void> {
  const path = pathOf(request);
  reply(response, await statBelow(await services.files.roots.directory(tail), path));
}

export async function list({ request, response, tail, services }: Call): Promise<void> {
  const [path, after] = [folderOf(request), textOf(request, 'x-after')];
  reply(response, await listBelow(await services.files.roots.directory(tail), path, after));
}

export async function free({ response, tail, services }: Call): Promise<void> {
  const bytes = await freeBelow(await services.files.roots.directory(tail));
  reply(response, { free: bytes === Infinity ? null : bytes });
}

/** Deletes what FILE_DELETE would: a file alone, no longer than it was declared. */
export async function remove({ request, response, tail, services }: Call): Promise<void> {
  const [path, size] = [pathOf(request), requiredNumberOf(request, 'x-file-size')];
  must(await services.files.delete(tail, path, size, false));
  reply(response, {});
}

/** Of a file that is there, to a length of at most its declared size; flushed when it is answered. */
export async function truncate({ request, response, tail, services }: Call): Promise<void> {
  const { files, writes } = services;
  const path = pathOf(request);
  const [size, length] = [requiredNumberOf(request, 'x-file-size'), requiredNumberOf(request, 'x-length')];
  if (length > size) throw new Refusal(416, 'x-file-size');
  const stamp = await writes.run(async () => {
    const file = files.open(tail, path, size, false, false);
    try {
      await files.truncate(file, length);
      const synced = await files.sync(file);
      must(synced.status);
      return synced.stamp;
    } finally {
      file.release();
    }
  });
  reply(response, stamp);
}
