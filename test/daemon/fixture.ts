/** Shorthand for what most tests of the io-daemon do first. */
import { createHash, randomBytes } from 'node:crypto';
import { Digest, type DigestOf, FileStatus, LandStatus, NetStatus, Op, type Span, Transport } from '../../daemon/wire/frames.ts';
import type { IoClient } from './io-process.ts';
import { ROOT } from './io-process.ts';
import { framed, type Peer, type PeerServer, u32be } from './peer.ts';

export const BLOCK = 16_384;
export const DISCARD = Uint8Array.of(7);

export function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

export function sha1Of(bytes: Uint8Array, offset = 0): DigestOf {
  return { algorithm: Digest.SHA1, height: 0, offset, length: bytes.length, expected: sha1(bytes) };
}

/** Different at every block and every run. */
export function payload(length: number): Buffer {
  return randomBytes(length);
}

export function prefixOf(piece: number): Buffer {
  return Buffer.concat([DISCARD, u32be(piece)]);
}

/** A payload frame: 7, the piece, where in it, the bytes. */
export function blockFrame(piece: number, offset: number, bytes: Uint8Array): Buffer {
  return framed(prefixOf(piece), u32be(offset), bytes);
}

/** All blocks of a piece, in order. */
export function blockFrames(piece: number, bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK) frames.push(blockFrame(piece, at, bytes.subarray(at, at + BLOCK)));
  return frames;
}

/** A connected socket; `isFramed` with a rule that throws unasked payload away and credit to see the rest. */
export async function connected(client: IoClient, server: PeerServer, sock: number, isFramed = true): Promise<Peer> {
  const answer = await client.ask(
    { op: Op.TCP_CONNECT, sock, transport: Transport.TCP, host: '127.0.0.1', port: server.port },
    Op.TCP_CONNECTED,
  );
  if (answer.status !== NetStatus.OK) throw new Error(`connect: ${answer.status} ${answer.detail}`);
  if (isFramed) {
    client.send(
      { op: Op.STREAM_FRAMED, id: 0, sock, maxFrame: 1 << 20, back: new Uint8Array() },
      { op: Op.STREAM_CREDIT, id: 0, sock, bytes: 1 << 20 },
      { op: Op.LAND_RULE, id: 0, sock, buffer: 0, withdraw: false, prefix: DISCARD, runs: [] },
    );
  }
  return server.next();
}

export async function openFile(
  client: IoClient,
  file: number,
  name: string | readonly string[],
  size: number,
  create = true,
  allocate = false,
) {
  const components = typeof name === 'string' ? [name] : name;
  return client.ask({ op: Op.FILE_OPEN, file, root: ROOT, components, size, create, allocate }, Op.FILE_OPENED);
}

export function landOpen(
  client: IoClient,
  buffer: number,
  length: number,
  spans: readonly Span[],
  there: readonly { offset: number; length: number }[] = [],
): void {
  client.send({ op: Op.LAND_OPEN, id: 0, buffer, length, tag: Uint8Array.of(buffer), spans, there });
}

export function landRule(client: IoClient, sock: number, buffer: number, length: number, offset = 0): void {
  const runs = [{ offset, length, block: BLOCK }];
  client.send({ op: Op.LAND_RULE, id: 0, sock, buffer, withdraw: false, prefix: prefixOf(buffer), runs });
}

/** Until so many bytes of the buffer were told as landed from the socket. */
export async function landed(client: IoClient, sock: number, buffer: number, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const { ranges } = await client.next(Op.LANDED, frame => frame.sock === sock);
    for (const range of ranges) if (range.buffer === buffer) left -= range.length;
  }
}

export async function commit(client: IoClient, buffer: number, digests: readonly DigestOf[], wantBlocks = false) {
  return client.ask({ op: Op.LAND_COMMIT, buffer, wantBlocks, digests }, Op.LAND_RESULT);
}

export const WRITTEN = { status: LandStatus.OK, file: FileStatus.OK };
