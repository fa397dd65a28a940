/** Files longer than they may be: those beyond the limit of this process stand for a file system that ends at 4 GiB. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStatus, LandStatus, Op } from '../../daemon/wire/frames.ts';
import { commit, landOpen, openFile, payload, sha1Of, WRITTEN } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';

const MiB = 1 << 20;
const MOST = 8 * MiB;
const missing = spawnSync('prlimit', ['--version']).status === 0 ? '' : ' (needs prlimit)';

describe.skipIf(missing !== '')(`where no file may be longer than 8 MiB${missing}`, () => {
  let io: IoProcess;
  let client: IoClient;
  const inRoot = (name: string) => join(io.root, name);

  beforeAll(async () => {
    // It takes the space of files by zeros: to set it aside beyond what may be written the system lets it.
    io = await IoProcess.start({ env: { PATH: '' } });
    client = await io.connect();
    execFileSync('prlimit', ['--pid', String(io.child.pid), `--fsize=${MOST}:`]);
  });
  afterAll(() => io.stop());

  async function write(file: number, offset: number, bytes: Buffer, buffer: number) {
    landOpen(client, buffer, bytes.length, [{ file, offset, length: bytes.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer, offset: 0, bytes });
    return commit(client, buffer, [sha1Of(bytes)]);
  }

  it('what lies beyond is refused as that, not as a full disk, and what lies within is written', async () => {
    const bytes = payload(MiB);
    expect(await openFile(client, 1, 'long', 2 * MOST, true)).toMatchObject({ status: FileStatus.OK });
    expect(await write(1, MOST, bytes, 1)).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.TOO_LARGE });
    expect(await write(1, MOST - MiB / 2, bytes, 2)).toMatchObject({ status: LandStatus.ERROR, file: FileStatus.TOO_LARGE });
    expect(await write(1, MOST - MiB, bytes, 3)).toMatchObject(WRITTEN);
    expect(readFileSync(inRoot('long')).subarray(-MiB).equals(bytes)).toBe(true);
    expect(statSync(inRoot('long')).size).toBe(MOST);
  });

  it('the space of one that is longer cannot be taken, that of a shorter one can', async () => {
    const opened = await openFile(client, 2, 'whole', 64 * MiB, true, true);
    expect(opened).toMatchObject({ status: FileStatus.TOO_LARGE });
    expect(await openFile(client, 3, 'short', MiB, true, true)).toMatchObject({ status: FileStatus.OK });
  });
});
