import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ErrorCode, FileStatus, Op } from '../../daemon/wire/frames.ts';
import { commit, landOpen, openFile, sha1Of } from './fixture.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { useClient } from './setup.ts';

let io: IoProcess;
let client: IoClient;

useClient(started => ({ io, client } = started));

describe('copies', () => {
  const copy = (from: number, offset: number, length: number, to: number, toOffset: number) =>
    client.ask({ op: Op.FILE_COPY, from: { file: from, offset, length }, to, toOffset }, Op.FILE_DONE);

  it('go from one open file into another, in order and whole, however long they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7 + (index >> 9)) & 0xff));
    await openFile(client, 1, 'copied-from', 4_000_000);
    await openFile(client, 2, 'copied-to', 5_000_000);
    landOpen(client, 71, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 71, offset: 0, bytes });
    await commit(client, 71, [sha1Of(bytes)]);
    const first = copy(1, 10, 2_500_000, 2, 1_000_000);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    expect((await first).status).toBe(FileStatus.OK);
    expect((await client.ask({ op: Op.FILE_SYNC, files: [2] }, Op.FILE_DONE)).files).toMatchObject([
      { file: 2, size: 3_500_000 },
    ]);
    const copied = readFileSync(join(io.root, 'copied-to'));
    expect(copied.subarray(1_000_000).equals(bytes.subarray(10, 2_500_010))).toBe(true);
    expect(copied.subarray(0, 1_000_000).every(byte => byte === 0)).toBe(true);
  });

  it('are refused where there is no such file, and fail where there is not so much of it', async () => {
    await openFile(client, 1, 'short-from', 100);
    await openFile(client, 2, 'short-to', 100);
    const refused = async (...args: Parameters<typeof copy>): Promise<number> => {
      const [file, offset, length, to, toOffset] = args;
      const id = client.request({ op: Op.FILE_COPY, from: { file, offset, length }, to, toOffset });
      return (await client.next(Op.ERROR, error => error.id === id)).code;
    };
    expect(await refused(9, 0, 1, 2, 0)).toBe(ErrorCode.NO_SUCH_FILE);
    expect(await refused(0, 0, 1, 2, 0)).toBe(ErrorCode.NO_SUCH_FILE);
    expect((await copy(1, 0, 50, 2, 0)).status).toBe(FileStatus.GONE);
  });
});
