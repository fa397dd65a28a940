/** One path, open for those who only read and for those who write. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Digest, FileStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, commit, landOpen, openFile, payload, sha1, sha1Of, WRITTEN } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { canMount } from './mount.ts';

let root: string;
let io: IoProcess;
let client: IoClient;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'starling-read-only-'));
});

afterEach(async () => {
  await client.close();
  await io.stop();
  rmSync(root, { recursive: true, force: true });
});

async function begin(): Promise<void> {
  io = await IoProcess.start({ root });
  client = await io.connect();
}

async function write(file: number, bytes: Buffer) {
  landOpen(client, file, bytes.length, [{ file, offset: 0, length: bytes.length }]);
  client.send({ op: Op.LAND_PUT, id: 0, buffer: file, offset: 0, bytes });
  return commit(client, file, [sha1Of(bytes)]);
}

const files = async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats.files;

it('a file is made for who wants to write it, whoever had just asked to read what is not there', async () => {
  await begin();
  const [reading, writing] = await Promise.all([
    openFile(client, 1, ['new', 'at once'], BLOCK, false),
    openFile(client, 2, ['new', 'at once'], BLOCK),
  ]);
  expect([reading.status, writing.status]).toEqual([FileStatus.GONE, FileStatus.OK]);
  expect(await write(2, payload(BLOCK))).toMatchObject(WRITTEN);
});

it.runIf(canMount())(
  'a file that some opened while its disk was read-only is written to once it is not, and they read on',
  async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', root]);
    try {
      writeFileSync(join(root, 'read'), payload(BLOCK));
      await begin();
      execFileSync('mount', ['-o', 'remount,ro', root]);
      expect((await openFile(client, 1, 'read', BLOCK, false)).status).toBe(FileStatus.OK);
      expect((await openFile(client, 2, 'read', BLOCK)).status).toBe(FileStatus.READ_ONLY);
      execFileSync('mount', ['-o', 'remount,rw', root]);
      expect((await openFile(client, 3, 'read', BLOCK)).status).toBe(FileStatus.OK);
      const bytes = payload(BLOCK);
      expect(await write(3, bytes)).toMatchObject(WRITTEN);
      expect(readFileSync(join(root, 'read')).equals(bytes)).toBe(true);
      const items = [
        { spans: [{ file: 1, offset: 0, length: BLOCK }], algorithm: Digest.SHA1, height: 0, expected: sha1(bytes) },
      ];
      expect((await client.ask({ op: Op.VERIFY, items }, Op.VERIFY_RESULT)).verdicts).toEqual(Uint8Array.of(0));
      client.send({ op: Op.RESULT_ACK, id: 0, buffer: 3 });
      for (const file of [1, 3]) client.send({ op: Op.FILE_CLOSE, id: 0, file });
      await expect.poll(files).toBe(0);
    } finally {
      execFileSync('umount', ['-l', root]);
    }
  },
);
