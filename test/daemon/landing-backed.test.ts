/** Buffers that stand in their files: those too long for memory, and those that were parked. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Digest, ErrorCode, FileStatus, LandStatus, Op } from '../../daemon/wire/frames.ts';
import {
  BLOCK,
  blockFrame,
  blockFrames,
  commit,
  connected,
  landed,
  landOpen,
  landRule,
  openFile,
  payload,
  sha1,
  sha1Of,
  WRITTEN,
} from './fixture.ts';
import { type IoClient, type IoProcess, ROOT } from './io-process.ts';
import type { Peer, PeerServer } from './peer.ts';
import { usePeer } from './setup.ts';

/** Longer than any that has memory. */
const LONG = (8 << 20) + 3 * BLOCK;

let io: IoProcess;
let server: PeerServer;
let client: IoClient;
let peer: Peer;

usePeer(started => ({ io, server, client, peer } = started));

const onDisk = (name: string) => readFileSync(join(io.root, name));

/** A part of a file, read as another program would. */
function part(name: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const fd = openSync(join(io.root, name), 'r');
  readSync(fd, bytes, 0, length, offset);
  closeSync(fd);
  return bytes;
}

const stats = async () => (await client.ask({ op: Op.STATS }, Op.STATS_RESULT)).stats;
const park = (buffer: number) => client.ask({ op: Op.LAND_PARK, buffer }, Op.LAND_PARKED);

/** One buffer for one file, all of which is asked of socket 1. */
async function begin(buffer: number, name: string, length: number, there: { offset: number; length: number }[] = []) {
  await openFile(client, 1, name, length);
  landOpen(client, buffer, length, [{ file: 1, offset: 0, length }], there);
  landRule(client, 1, buffer, length);
  await client.sync();
}

describe('a buffer too long for memory', () => {
  it('goes to its file block by block, and counts once that was read back', async () => {
    const bytes = payload(LONG);
    await begin(1, 'long.bin', LONG);
    await peer.send(Buffer.concat(blockFrames(1, bytes.subarray(0, LONG - BLOCK))));
    await landed(client, 1, 1, LONG - BLOCK);
    const written = commit(client, 1, [sha1Of(bytes)]);
    await expect.poll(async () => (await stats()).landing).toBe(0);
    expect(part('long.bin', 5 * BLOCK, BLOCK).equals(bytes.subarray(5 * BLOCK, 6 * BLOCK))).toBe(true);
    landRule(client, 1, 1, BLOCK, LONG - BLOCK);
    await client.sync();
    await peer.send(blockFrame(1, LONG - BLOCK, bytes.subarray(LONG - BLOCK)));
    await landed(client, 1, 1, BLOCK);
    expect(await written).toMatchObject(WRITTEN);
    expect(onDisk('long.bin').equals(bytes)).toBe(true);
    client.send({ op: Op.FILE_CLOSE, id: 0, file: 1 });
    await begin(11, 'blocks.bin', LONG);
    await peer.send(Buffer.concat(blockFrames(11, bytes)));
    await landed(client, 1, 11, LONG);
    const first = sha1Of(bytes.subarray(100, 200_000), 100);
    const tree = { algorithm: Digest.SHA256, height: 0, offset: 0, length: LONG, expected: new Uint8Array(32) };
    expect(await commit(client, 11, [sha1Of(bytes), tree])).toMatchObject({ status: LandStatus.MISMATCH });
    expect((await commit(client, 11, [sha1Of(bytes), first], true)).blocks).toHaveLength(20 * (LONG / BLOCK));
    expect(onDisk('blocks.bin').equals(bytes)).toBe(true);
  });

  it('keeps what landed first, whoever sends it again or stalls in mid-block', async () => {
    const bytes = payload(LONG);
    await begin(2, 'first.bin', LONG);
    const other = await connected(client, server, 2);
    landRule(client, 2, 2, 3 * BLOCK);
    await client.sync();
    const [one, two] = blockFrames(2, bytes) as [Buffer, Buffer];
    const lie = blockFrame(2, 0, payload(BLOCK));
    await other.send(lie.subarray(0, 9_000));
    await peer.send(Buffer.concat([one, two]));
    await landed(client, 1, 2, 2 * BLOCK);
    await other.send(Buffer.concat([lie.subarray(9_000), blockFrame(2, BLOCK, payload(BLOCK))]));
    for (let i = 0; i < 2; i++) expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 2 });
    await peer.send(Buffer.concat(blockFrames(2, bytes).slice(2)));
    await landed(client, 1, 2, LONG - 2 * BLOCK);
    expect(await commit(client, 2, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(onDisk('first.bin').equals(bytes)).toBe(true);
  });

  it('names the blocks of what does not match, and takes the wrong ones anew in their place', async () => {
    const good = payload(LONG);
    const bad = Buffer.from(good);
    bad[3 * BLOCK + 1] = (bad[3 * BLOCK + 1] ?? 0) ^ 1;
    await begin(3, 'bad.bin', LONG);
    await peer.send(Buffer.concat(blockFrames(3, bad)));
    await landed(client, 1, 3, LONG);
    const failed = await commit(client, 3, [sha1Of(good)]);
    expect(failed.status).toBe(LandStatus.MISMATCH);
    const digest = (bytes: Buffer, block: number) => sha1(bytes.subarray(block * BLOCK, (block + 1) * BLOCK));
    expect(Buffer.from(failed.blocks).equals(Buffer.concat(Array.from({ length: LONG / BLOCK }, (_, i) => digest(bad, i))))).toBe(
      true,
    );
    client.send({ op: Op.LAND_RESET, id: 0, buffer: 3, ranges: [{ offset: 3 * BLOCK, length: BLOCK }] });
    landRule(client, 1, 3, BLOCK, 3 * BLOCK);
    await client.sync();
    await peer.send(blockFrame(3, 3 * BLOCK, good.subarray(3 * BLOCK, 4 * BLOCK)));
    await landed(client, 1, 3, BLOCK);
    expect(await commit(client, 3, [sha1Of(good)])).toMatchObject(WRITTEN);
    expect(onDisk('bad.bin').equals(good)).toBe(true);
  });

  it('lies across files and pads, at any offset, and touches nothing beside its places', async () => {
    const [a, b] = [payload(LONG - BLOCK), payload(BLOCK)];
    const pad = Buffer.alloc(BLOCK - 100);
    const before = payload(1_000);
    await openFile(client, 1, 'across-a.bin', a.length);
    await openFile(client, 2, 'across-b.bin', before.length + b.length);
    landOpen(client, 40, before.length, [{ file: 2, offset: 0, length: before.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 40, offset: 0, bytes: before });
    expect(await commit(client, 40, [sha1Of(before)])).toMatchObject(WRITTEN);
    const bytes = Buffer.concat([a, pad, b]);
    landOpen(client, 4, bytes.length, [
      { file: 1, offset: 0, length: a.length },
      { file: 0, offset: 0, length: pad.length },
      { file: 2, offset: before.length, length: b.length },
    ]);
    landRule(client, 1, 4, bytes.length);
    await client.sync();
    // What a peer sends for a pad is taken and goes nowhere.
    const sent = Buffer.concat([a, Buffer.alloc(pad.length, 0xee), b]);
    await peer.send(Buffer.concat(blockFrames(4, sent)));
    await landed(client, 1, 4, bytes.length);
    expect(await commit(client, 4, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(onDisk('across-a.bin').equals(a)).toBe(true);
    expect(onDisk('across-b.bin').equals(Buffer.concat([before, b]))).toBe(true);
  });

  it('tells at once that its file can be written no more, and takes nothing for it from then on', async () => {
    const bytes = payload(4 * BLOCK);
    await begin(5, 'gone.bin', LONG);
    io.tell({ type: 'roots', roots: [] });
    await expect
      .poll(async () => (await client.ask({ op: Op.FILE_SYNC, files: [1] }, Op.FILE_DONE)).status)
      .toBe(FileStatus.NO_SUCH_ROOT);
    const digests = [sha1Of(payload(LONG))];
    const failed = { status: LandStatus.ERROR, file: FileStatus.NO_SUCH_ROOT };
    const first = commit(client, 5, digests);
    await peer.send(Buffer.concat(blockFrames(5, bytes)));
    expect(await first).toMatchObject(failed);
    await peer.send(blockFrame(5, 8 * BLOCK, bytes.subarray(0, BLOCK)));
    await client.next(Op.LAND_DISCARDED);
    // Where no commit waits that could be told, the next one is.
    client.send({ op: Op.LAND_RESET, id: 0, buffer: 5, ranges: [] });
    landRule(client, 1, 5, LONG);
    await client.sync();
    await peer.send(blockFrame(5, 8 * BLOCK, bytes.subarray(0, BLOCK)));
    await landed(client, 1, 5, BLOCK);
    await expect.poll(async () => (await stats()).landing).toBe(0);
    expect(await commit(client, 5, digests)).toMatchObject(failed);
    await expect.poll(async () => (await stats()).landing).toBe(0);
    io.tell({ type: 'roots', roots: [{ token: ROOT, path: io.root, mount: '' }] });
  });
});

describe('a parked buffer', () => {
  it('gives its memory back, goes on with what was half-way in, and is committed from its file', async () => {
    const bytes = payload(4 * BLOCK);
    await begin(6, 'parked.bin', bytes.length);
    const [one, two, three, four] = blockFrames(6, bytes) as [Buffer, Buffer, Buffer, Buffer];
    await peer.send(Buffer.concat([one, three, two.subarray(0, 7_000)]));
    await landed(client, 1, 6, 2 * BLOCK);
    expect((await stats()).landing).toBe(bytes.length);
    expect(await park(6)).toMatchObject({ file: FileStatus.OK });
    // The one that is half-way in is held alone.
    expect((await stats()).landing).toBe(BLOCK);
    const there = onDisk('parked.bin');
    expect(there.subarray(0, BLOCK).equals(bytes.subarray(0, BLOCK))).toBe(true);
    expect(there.subarray(BLOCK, 2 * BLOCK).every(byte => byte === 0)).toBe(true);
    await peer.send(Buffer.concat([two.subarray(7_000), four]));
    await landed(client, 1, 6, 2 * BLOCK);
    expect(await commit(client, 6, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(onDisk('parked.bin').equals(bytes)).toBe(true);
    const refused = client.request({ op: Op.LAND_PARK, buffer: 6 });
    expect(await client.next(Op.ERROR)).toMatchObject({ id: refused, code: ErrorCode.NO_SUCH_BUFFER });
  });

  it('writes nothing where nothing has landed', async () => {
    await begin(7, 'nothing.bin', 4 * BLOCK);
    expect(await park(7)).toMatchObject({ file: FileStatus.OK });
    expect(statSync(join(io.root, 'nothing.bin')).size).toBe(0);
  });

  it('is gone on with by a later one that says what is there, and closes its file meanwhile', async () => {
    const bytes = payload(4 * BLOCK);
    await begin(8, 'later.bin', bytes.length);
    await peer.send(Buffer.concat(blockFrames(8, bytes).slice(1, 3)));
    await landed(client, 1, 8, 2 * BLOCK);
    expect(await park(8)).toMatchObject({ file: FileStatus.OK, there: [{ offset: BLOCK, length: 2 * BLOCK }] });
    client.send({ op: Op.LAND_DROP, id: 0, buffer: 8 }, { op: Op.FILE_CLOSE, id: 0, file: 1 });
    await expect.poll(async () => (await stats()).files).toBe(0);
    await begin(9, 'later.bin', bytes.length, [{ offset: BLOCK, length: 2 * BLOCK }]);
    expect(await client.next(Op.LANDED)).toMatchObject({
      earlier: true,
      ranges: [{ buffer: 9, offset: BLOCK }, { offset: 2 * BLOCK }],
    });
    await peer.send(Buffer.concat(blockFrames(9, bytes).filter((_, block) => block !== 1 && block !== 2)));
    await landed(client, 1, 9, 2 * BLOCK);
    expect(await commit(client, 9, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(onDisk('later.bin').equals(bytes)).toBe(true);
  });

  it('is no better than its file: what was said to be there and is not does not match', async () => {
    const bytes = payload(4 * BLOCK);
    await begin(10, 'liar.bin', bytes.length, [{ offset: 0, length: 3 * BLOCK }]);
    await peer.send(blockFrame(10, 3 * BLOCK, bytes.subarray(3 * BLOCK)));
    await client.next(Op.LANDED, ({ earlier }) => !earlier);
    const failed = await commit(client, 10, [sha1Of(bytes)]);
    expect(failed.status).toBe(LandStatus.MISMATCH);
    expect(
      Buffer.from(failed.blocks)
        .subarray(60)
        .equals(sha1(bytes.subarray(3 * BLOCK))),
    ).toBe(true);
    const spans = [{ file: 1, offset: 0, length: BLOCK }];
    const there = [{ offset: 1, length: BLOCK }];
    const id = client.request({ op: Op.LAND_OPEN, buffer: 11, length: BLOCK, tag: new Uint8Array(), spans, there });
    expect(await client.next(Op.ERROR)).toMatchObject({ id, code: ErrorCode.BAD_STATE });
  });
});
