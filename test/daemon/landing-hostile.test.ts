/** Peers that send anything, in any order and in any pieces, against one buffer: what is written is right, or nothing is said to be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LandStatus, Op } from '../../daemon/wire/frames.ts';
import { BLOCK, blockFrame, blockFrames, commit, connected, landOpen, landRule, openFile, payload, sha1Of } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { framed, type Peer, PeerServer } from './peer.ts';

const BLOCKS = 4;
const LENGTH = BLOCKS * BLOCK;
const SOCKETS = [1, 2, 3];

let io: IoProcess;
let server: PeerServer;
let client: IoClient;
let peers: Peer[];
let lastBuffer = 0;
let marks = 0;

beforeAll(async () => {
  io = await IoProcess.start();
  server = await PeerServer.listen();
  client = await io.connect();
  peers = [];
  for (const sock of SOCKETS) peers.push(await connected(client, server, sock));
});

afterAll(async () => {
  server.close();
  await io.stop();
});

/** A frame that one socket sends, and where it is cut: other sockets speak in between. */
const sent = fc.record({
  socket: fc.nat(SOCKETS.length - 1),
  block: fc.nat(BLOCKS - 1),
  kind: fc.constantFrom('right', 'right', 'wrong', 'short', 'shifted', 'elsewhere'),
  cut: fc.option(fc.integer({ min: 1, max: BLOCK })),
});
const play = fc.record({
  frames: fc.array(sent, { minLength: 1, maxLength: 14 }),
  /** Whose bytes go next, as long as anybody has any. */
  order: fc.infiniteStream(fc.nat(SOCKETS.length - 1)),
  /** Blocks that each socket was asked for, as bits. */
  asked: fc.tuple(...SOCKETS.map(() => fc.nat(2 ** BLOCKS - 1))),
  /** After so many chunks the buffer is to be committed, is parked, or a socket's rules are taken back. */
  commitAt: fc.option(fc.nat(10)),
  parkAt: fc.option(fc.nat(10)),
  withdrawAt: fc.option(fc.nat(10)),
});

/** Whatever was sent before has been taken in when this resolves. */
async function settled(): Promise<void> {
  for (const [index, sock] of SOCKETS.entries()) {
    const mark = framed(Buffer.from(`mark ${++marks}`));
    client.send({ op: Op.STREAM_CREDIT, id: 0, sock, bytes: mark.length });
    await peers[index]?.send(mark);
    await client.next(Op.TCP_RECV, frame => frame.sock === sock && Buffer.from(frame.bytes).equals(mark));
  }
}

function frameOf(buffer: number, good: Buffer, { block, kind }: { readonly block: number; readonly kind: string }): Buffer {
  const at = block * BLOCK;
  const right = good.subarray(at, at + BLOCK);
  if (kind === 'wrong') return blockFrame(buffer, at, payload(BLOCK));
  if (kind === 'short') return blockFrame(buffer, at, right.subarray(1));
  if (kind === 'shifted') return blockFrame(buffer, at + 1, right);
  return blockFrame(kind === 'elsewhere' ? buffer + 1_000_000 : buffer, at, right);
}

it('never changes what is written, nor has anything called right that is not', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(play, async ({ frames, order, asked, commitAt, parkAt, withdrawAt }) => {
      const buffer = ++lastBuffer;
      const name = `hostile-${buffer}.bin`;
      const good = payload(LENGTH);
      const onDisk = () => readFileSync(join(io.root, name));
      await openFile(client, buffer, name, LENGTH);
      landOpen(client, buffer, LENGTH, [{ file: buffer, offset: 0, length: LENGTH }]);
      for (const [index, sock] of SOCKETS.entries()) {
        for (let block = 0; block < BLOCKS; block++) {
          if (((asked[index] ?? 0) >> block) & 1) landRule(client, sock, buffer, BLOCK, block * BLOCK);
        }
      }
      await client.sync();
      const chunks = SOCKETS.map((_, socket) =>
        frames
          .filter(frame => frame.socket === socket)
          .flatMap(frame => {
            const bytes = frameOf(buffer, good, frame);
            return frame.cut === null ? [bytes] : [bytes.subarray(0, frame.cut), bytes.subarray(frame.cut)];
          }),
      );
      let step = 0;
      let result: ReturnType<typeof commit> | null = null;
      for (const next of order) {
        const queue = chunks[next]?.length ? chunks[next] : chunks.find(({ length }) => length > 0);
        const bytes = queue?.shift();
        if (queue === undefined || bytes === undefined) break;
        if (step === commitAt) result = commit(client, buffer, [sha1Of(good)]);
        if (step === parkAt) client.send({ op: Op.LAND_PARK, id: 0, buffer });
        if (step === withdrawAt) {
          const prefix = blockFrame(buffer, 0, good).subarray(4, 9);
          client.send({ op: Op.LAND_RULE, id: 0, sock: 2, buffer, withdraw: true, prefix, runs: [] });
        }
        step++;
        await peers[chunks.indexOf(queue)]?.send(bytes);
      }
      await settled();
      for (let attempt = 0; ; attempt++) {
        result ??= commit(client, buffer, [sha1Of(good)]);
        // Whatever did not come before comes now, and is right.
        landRule(client, 1, buffer, LENGTH);
        await client.sync();
        await peers[0]?.send(Buffer.concat(blockFrames(buffer, good)));
        await settled();
        const { status } = await result;
        if (status === LandStatus.OK) break;
        expect(status).toBe(LandStatus.MISMATCH);
        expect(attempt).toBeLessThan(2);
        if (parkAt === null) expect(onDisk()).toHaveLength(0);
        client.send({ op: Op.LAND_RESET, id: 0, buffer, ranges: [{ offset: 0, length: LENGTH }] });
        result = null;
      }
      expect(onDisk().equals(good)).toBe(true);
      // Written, it takes nothing more, whoever sends it.
      landRule(client, 3, buffer, LENGTH);
      await client.sync();
      await peers[2]?.send(Buffer.concat(blockFrames(buffer, payload(LENGTH))));
      await settled();
      expect(onDisk().equals(good)).toBe(true);
      client.send({ op: Op.RESULT_ACK, id: 0, buffer }, { op: Op.FILE_CLOSE, id: 0, file: buffer });
      client.inbox.length = 0;
    }),
    { numRuns: 60 },
  );
});
