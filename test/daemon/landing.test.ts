import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIGESTS } from '../../daemon/io/limits.ts';
import { CloseReason, ErrorCode, LandStatus, Op } from '../../daemon/wire/frames.ts';
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
  prefixOf,
  sha1,
  sha1Of,
  WRITTEN,
} from './fixture.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { framed, type Peer, type PeerServer } from './peer.ts';
import { usePeer } from './setup.ts';

let io: IoProcess;
let server: PeerServer;
let client: IoClient;
let peer: Peer;

usePeer(started => ({ io, server, client, peer } = started));

const onDisk = (name: string) => readFileSync(join(io.root, name));

describe('landing', () => {
  it('takes a piece from a peer to a file without a byte of it on the socket', async () => {
    const bytes = payload(64 * BLOCK);
    await openFile(client, 1, 'whole.bin', bytes.length);
    landOpen(client, 10, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 10, bytes.length);
    await client.sync();
    const before = client.bytesIn + client.bytesOut;
    await peer.send(Buffer.concat(blockFrames(10, bytes)));
    await landed(client, 1, 10, bytes.length);
    expect(await commit(client, 10, [sha1Of(bytes)])).toMatchObject({ ...WRITTEN, blocks: new Uint8Array() });
    expect(client.bytesIn + client.bytesOut - before).toBeLessThan(bytes.length * 0.005);
    expect(onDisk('whole.bin').equals(bytes)).toBe(true);
    client.send({ op: Op.RESULT_ACK, id: 0, buffer: 10 });
  });

  it('writes one buffer to several files, pads left out, at any offset', async () => {
    const [a, b] = [payload(BLOCK + 100), payload(2 * BLOCK)];
    const pad = Buffer.alloc(BLOCK - 100);
    await openFile(client, 1, 'a.bin', a.length);
    await openFile(client, 2, ['deep', 'er', 'b.bin'], 50_000 + b.length);
    const bytes = Buffer.concat([a, pad, b]);
    landOpen(client, 11, bytes.length, [
      { file: 1, offset: 0, length: a.length },
      { file: 0, offset: 0, length: pad.length },
      { file: 2, offset: 50_000, length: b.length },
    ]);
    const data = { buffer: 11, sock: 1, op: Op.LAND_RULE, id: 0, withdraw: false, prefix: prefixOf(11) } as const;
    client.send({
      ...data,
      runs: [
        { offset: 0, length: a.length, block: BLOCK },
        { offset: 2 * BLOCK, length: b.length, block: BLOCK },
      ],
    });
    await peer.send(blockFrame(11, 2 * BLOCK, b.subarray(0, BLOCK)));
    await peer.send(blockFrame(11, 0, a.subarray(0, BLOCK)));
    await peer.send(blockFrame(11, BLOCK, a.subarray(BLOCK)));
    await peer.send(blockFrame(11, 3 * BLOCK, b.subarray(BLOCK)));
    await landed(client, 1, 11, a.length + b.length);
    expect(await commit(client, 11, [sha1Of(bytes), sha1Of(a)])).toMatchObject(WRITTEN);
    expect(onDisk('a.bin').equals(a)).toBe(true);
    const second = onDisk('deep/er/b.bin');
    expect(second.length).toBe(50_000 + b.length);
    expect(second.subarray(50_000).equals(b)).toBe(true);
    expect(second.subarray(0, 50_000).every(byte => byte === 0)).toBe(true);
  });

  it('lands exactly what was asked of this socket, and tells what it threw away', async () => {
    const bytes = payload(2 * BLOCK);
    await openFile(client, 1, 'exact.bin', bytes.length);
    landOpen(client, 12, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 12, BLOCK);
    const other = await connected(client, server, 2);
    await client.sync();
    const unasked = [
      blockFrame(12, BLOCK, bytes.subarray(BLOCK)),
      blockFrame(12, 0, bytes.subarray(0, BLOCK - 1)),
      blockFrame(12, 1, bytes.subarray(0, BLOCK)),
      blockFrame(99, 0, bytes.subarray(0, BLOCK)),
    ];
    for (const frame of unasked) {
      await peer.send(frame);
      expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({
        sock: 1,
        length: frame.length - 4,
        head: new Uint8Array(frame.subarray(4, 24)),
      });
    }
    await other.send(blockFrame(12, 0, bytes.subarray(0, BLOCK)));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 2 });
    await peer.send(blockFrame(12, 0, bytes.subarray(0, BLOCK)));
    await landed(client, 1, 12, BLOCK);
    await peer.send(blockFrame(12, 0, bytes.subarray(0, BLOCK)));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1 });
    const written = commit(client, 12, [sha1Of(bytes)]);
    landRule(client, 1, 12, BLOCK, BLOCK);
    await client.sync();
    await peer.send(blockFrame(12, BLOCK, bytes.subarray(BLOCK)));
    await landed(client, 1, 12, BLOCK);
    expect(await written).toMatchObject(WRITTEN);
  });

  it('tells at once what is there already of what a rule asks for', async () => {
    const bytes = payload(2 * BLOCK);
    await openFile(client, 1, 'again.bin', bytes.length);
    landOpen(client, 15_000, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 15_000, BLOCK);
    await peer.send(blockFrame(15_000, 0, bytes.subarray(0, BLOCK)));
    await landed(client, 1, 15_000, BLOCK);
    // Another socket is asked for both blocks; one of them will not be taken a second time.
    const other = await connected(client, server, 2);
    landRule(client, 2, 15_000, 2 * BLOCK);
    expect(await client.next(Op.LANDED)).toMatchObject({
      sock: 2,
      earlier: true,
      ranges: [{ buffer: 15_000, offset: 0, length: BLOCK }],
    });
    await other.send(blockFrame(15_000, BLOCK, bytes.subarray(BLOCK)));
    await landed(client, 2, 15_000, BLOCK);
    expect(await commit(client, 15_000, [sha1Of(bytes)])).toMatchObject(WRITTEN);
  });

  it('takes rules back', async () => {
    await openFile(client, 1, 'withdrawn.bin', 2 * BLOCK);
    landOpen(client, 13, 2 * BLOCK, [{ file: 1, offset: 0, length: 2 * BLOCK }]);
    landRule(client, 1, 13, 2 * BLOCK);
    const runs = [{ offset: 0, length: BLOCK, block: BLOCK }];
    client.send({ op: Op.LAND_RULE, id: 0, sock: 1, buffer: 13, withdraw: true, prefix: prefixOf(13), runs });
    await client.sync();
    await peer.send(Buffer.concat(blockFrames(13, payload(2 * BLOCK))));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1, length: 9 + BLOCK });
    await landed(client, 1, 13, BLOCK);
  });

  it('lets the first whole copy win over one that stalls half-way', async () => {
    const bytes = payload(BLOCK);
    const wrong = payload(BLOCK);
    await openFile(client, 1, 'staged.bin', BLOCK);
    landOpen(client, 14, BLOCK, [{ file: 1, offset: 0, length: BLOCK }]);
    landRule(client, 1, 14, BLOCK);
    const stalling = blockFrame(14, 0, wrong);
    await peer.send(stalling.subarray(0, 9_000));
    const other = await connected(client, server, 2);
    landRule(client, 2, 14, BLOCK);
    await client.sync();
    await other.send(blockFrame(14, 0, bytes));
    await landed(client, 2, 14, BLOCK);
    await peer.send(stalling.subarray(9_000));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1 });
    expect(await commit(client, 14, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    expect(onDisk('staged.bin').equals(bytes)).toBe(true);
  });

  it('gives up a range that a lost peer had begun', async () => {
    const bytes = payload(BLOCK);
    await openFile(client, 1, 'lost.bin', BLOCK);
    landOpen(client, 15, BLOCK, [{ file: 1, offset: 0, length: BLOCK }]);
    landRule(client, 1, 15, BLOCK);
    await peer.send(blockFrame(15, 0, payload(BLOCK)).subarray(0, 10_000));
    peer.socket.end();
    expect(await client.next(Op.TCP_CLOSE)).toMatchObject({ sock: 1, reason: CloseReason.REMOTE });
    const other = await connected(client, server, 2);
    landRule(client, 2, 15, BLOCK);
    await other.send(blockFrame(15, 0, bytes));
    await landed(client, 2, 15, BLOCK);
    expect(await commit(client, 15, [sha1Of(bytes)])).toMatchObject(WRITTEN);
  });

  it('is sealed once it is whole: what is half-way in counts no more', async () => {
    const bytes = payload(2 * BLOCK);
    await openFile(client, 1, 'sealed.bin', bytes.length);
    landOpen(client, 16, 3 * BLOCK, [
      { file: 1, offset: 0, length: bytes.length },
      { file: 0, offset: 0, length: BLOCK },
    ]);
    landRule(client, 1, 16, 3 * BLOCK);
    const [first, second] = blockFrames(16, bytes) as [Buffer, Buffer];
    // A sender may leave the pad out, or send anything there: that alone can still be on its way into what is whole.
    const pad = blockFrame(16, 2 * BLOCK, payload(BLOCK));
    const wrong = commit(client, 16, [sha1Of(payload(3 * BLOCK))]);
    const other = await connected(client, server, 2);
    landRule(client, 2, 16, BLOCK, BLOCK);
    await client.sync();
    await peer.send(Buffer.concat([first, pad.subarray(0, 5_000)]));
    await landed(client, 1, 16, BLOCK);
    await other.send(second);
    expect((await wrong).status).toBe(LandStatus.MISMATCH);
    await peer.send(pad.subarray(5_000));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1 });
    expect(await commit(client, 16, [sha1Of(Buffer.concat([bytes, Buffer.alloc(BLOCK)]))])).toMatchObject(WRITTEN);
  });

  it('keeps what does not match, names its blocks, and takes the wrong ones anew', async () => {
    const good = payload(3 * BLOCK);
    const bad = Buffer.from(good);
    bad[BLOCK + 7] = (bad[BLOCK + 7] ?? 0) ^ 1;
    await openFile(client, 1, 'mismatch.bin', good.length);
    landOpen(client, 17, good.length, [{ file: 1, offset: 0, length: good.length }]);
    landRule(client, 1, 17, good.length);
    await peer.send(Buffer.concat(blockFrames(17, bad)));
    await landed(client, 1, 17, good.length);
    const failed = await commit(client, 17, [sha1Of(good)]);
    const blocks = Buffer.concat([0, 1, 2].map(i => sha1(bad.subarray(i * BLOCK, (i + 1) * BLOCK))));
    expect(failed.status).toBe(LandStatus.MISMATCH);
    expect(Buffer.from(failed.blocks).equals(blocks)).toBe(true);
    expect(statSync(join(io.root, 'mismatch.bin')).size).toBe(0);
    landRule(client, 1, 17, BLOCK, BLOCK);
    await client.sync();
    await peer.send(blockFrame(17, BLOCK, good.subarray(BLOCK, 2 * BLOCK)));
    expect(await client.next(Op.LAND_DISCARDED)).toMatchObject({ sock: 1 });
    client.send({ op: Op.LAND_RESET, id: 0, buffer: 17, ranges: [{ offset: BLOCK, length: BLOCK }] });
    landRule(client, 1, 17, BLOCK, BLOCK);
    await client.sync();
    await peer.send(blockFrame(17, BLOCK, good.subarray(BLOCK, 2 * BLOCK)));
    await landed(client, 1, 17, BLOCK);
    const passed = await commit(client, 17, [sha1Of(good)], true);
    expect(passed.status).toBe(LandStatus.OK);
    expect(passed.blocks.length).toBe(60);
    expect(onDisk('mismatch.bin').equals(good)).toBe(true);
  });

  it('has so many digests of one commit and no more', async () => {
    landOpen(client, 81, 1, [{ file: 0, offset: 0, length: 1 }]);
    const digests = Array.from({ length: DIGESTS + 1 }, () => sha1Of(Uint8Array.of(0)));
    const asked = client.ask({ op: Op.LAND_COMMIT, buffer: 81, wantBlocks: false, digests }, Op.ERROR);
    expect(await asked).toMatchObject({ code: ErrorCode.LIMIT });
    expect(await commit(client, 81, digests.slice(1))).toMatchObject(WRITTEN);
  });

  it('checks every digest, each over its own range', async () => {
    const bytes = payload(2 * BLOCK);
    await openFile(client, 1, 'digests.bin', bytes.length);
    landOpen(client, 18, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 18, offset: 0, bytes });
    const tail = sha1Of(bytes.subarray(BLOCK), BLOCK);
    const wrong = { ...tail, expected: sha1(bytes) };
    expect(await commit(client, 18, [sha1Of(bytes), wrong])).toMatchObject({ status: LandStatus.MISMATCH });
    const beyond = client.request({
      op: Op.LAND_COMMIT,
      buffer: 18,
      wantBlocks: false,
      digests: [{ ...tail, length: BLOCK + 1 }],
    });
    expect(await client.next(Op.ERROR)).toMatchObject({ id: beyond, code: ErrorCode.BAD_STATE });
    expect(await commit(client, 18, [sha1Of(bytes), tail])).toMatchObject(WRITTEN);
    expect(await commit(client, 18, [sha1Of(bytes)]), 'a second commit of what is written').toMatchObject(WRITTEN);
  });

  it('tells LANDED before what came after it on the socket', async () => {
    await openFile(client, 1, 'order.bin', BLOCK);
    landOpen(client, 19, BLOCK, [{ file: 1, offset: 0, length: BLOCK }]);
    landRule(client, 1, 19, BLOCK);
    await client.sync();
    client.inbox.length = 0;
    const note = framed(Buffer.from('x'));
    await peer.send(Buffer.concat([note, blockFrame(19, 0, payload(BLOCK)), note, note]));
    peer.socket.end();
    await client.next(Op.TCP_CLOSE);
    const ops = client.inbox.map(({ op }) => op);
    expect(ops[0]).toBe(Op.TCP_RECV);
    expect(ops.lastIndexOf(Op.LANDED)).toBeLessThan(ops.lastIndexOf(Op.TCP_RECV));
    expect(ops.filter(op => op === Op.LANDED)).toHaveLength(1);
  });

  it('refuses buffers that make no sense, by name', async () => {
    await openFile(client, 1, 'refused.bin', BLOCK);
    const open = async (buffer: number, length: number, file: number, span: number, offset = 0) => {
      const spans = [{ file, offset, length: span }];
      const id = client.request({ op: Op.LAND_OPEN, buffer, length, tag: new Uint8Array(), spans, there: [] });
      const { code } = await client.next(Op.ERROR, error => error.id === id);
      return code;
    };
    expect(await open(0, BLOCK, 1, BLOCK)).toBe(ErrorCode.BAD_STATE);
    expect(await open(20, BLOCK, 1, BLOCK - 1)).toBe(ErrorCode.BAD_STATE);
    expect(await open(20, BLOCK, 5, BLOCK)).toBe(ErrorCode.NO_SUCH_FILE);
    const most = 8 << 20;
    const many = Array.from({ length: 32 }, (_, index) => 100 + index);
    for (const buffer of many) landOpen(client, buffer, most, [{ file: 0, offset: 0, length: most }]);
    expect(await open(20, most, 0, most)).toBe(ErrorCode.LIMIT);
    for (const buffer of many) client.send({ op: Op.LAND_DROP, id: 0, buffer });
    client.send({ op: Op.LAND_PUT, id: 77, buffer: 20, offset: 0, bytes: new Uint8Array(1) });
    expect(await client.next(Op.ERROR)).toMatchObject({ id: 77, code: ErrorCode.NO_SUCH_BUFFER });
    expect(await open(20, BLOCK, 1, BLOCK, 1)).toBe(ErrorCode.MALFORMED);
    await client.closed;
  });
});

describe('what outlives its connection', () => {
  it('is told to the next one, which goes on where it stopped', async () => {
    const bytes = payload(2 * BLOCK);
    await openFile(client, 1, 'kept.bin', bytes.length);
    landOpen(client, 30, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 30, BLOCK);
    await peer.send(blockFrame(30, 0, bytes.subarray(0, BLOCK)));
    await landed(client, 1, 30, BLOCK);
    landOpen(client, 31, BLOCK, [{ file: 1, offset: 0, length: BLOCK }]);
    client.send({ op: Op.LAND_PUT, id: 0, buffer: 31, offset: 0, bytes: bytes.subarray(0, BLOCK) });
    await commit(client, 31, [sha1Of(bytes.subarray(0, BLOCK))]);
    await client.close();

    client = await io.connect();
    expect([...client.kept].sort((a, b) => a.buffer - b.buffer)).toEqual([
      { buffer: 30, tag: Uint8Array.of(30), length: bytes.length, state: 'open', ranges: [{ offset: 0, length: BLOCK }] },
      { buffer: 31, tag: Uint8Array.of(31), length: BLOCK, state: 'ok', ranges: [] },
    ]);
    client.send({ op: Op.RESULT_ACK, id: 0, buffer: 31 });
    peer = await connected(client, server, 1);
    landRule(client, 1, 30, BLOCK, BLOCK);
    await peer.send(blockFrame(30, BLOCK, bytes.subarray(BLOCK)));
    await landed(client, 1, 30, BLOCK);
    expect(await commit(client, 30, [sha1Of(bytes)])).toMatchObject(WRITTEN);
    client.send({ op: Op.RESULT_ACK, id: 0, buffer: 30 });
    expect(onDisk('kept.bin').equals(bytes)).toBe(true);
    await client.close();
    client = await io.connect();
    expect(client.kept).toEqual([]);
  });

  it('takes up no number that is meant anew', async () => {
    const length = BLOCK;
    landOpen(client, 32, length, [{ file: 0, offset: 0, length }]);
    await client.close();
    client = await io.connect();
    const other = {
      op: Op.LAND_OPEN,
      buffer: 32,
      length,
      tag: Uint8Array.of(9),
      spans: [{ file: 0, offset: 0, length }],
      there: [],
    } as const;
    const id = client.request(other);
    expect(await client.next(Op.ERROR)).toMatchObject({ id, code: ErrorCode.BAD_STATE });
    landOpen(client, 32, length, [{ file: 0, offset: 0, length }]);
    expect(await commit(client, 32, [sha1Of(Buffer.alloc(length))])).toMatchObject(WRITTEN);
  });
});
