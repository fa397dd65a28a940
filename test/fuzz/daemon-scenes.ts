/** Short courses of frames that make sense: what chance alone would hardly put together. */
import { createHash } from 'node:crypto';
import { Digest, type Frame, IpFamily, Op, RateDirection, Transport } from '../../daemon/wire/frames.ts';
import { ROOT } from '../daemon/io-process.ts';
import type { Random, World } from './daemon-world.ts';

const BLOCK = 16_384;
const PIECE = 6 * BLOCK;
const FILE = 16 * BLOCK;
const DISCARD = Uint8Array.of(7);
const DIGEST = createHash('sha1').update(Buffer.alloc(PIECE)).digest();

/** One of them at random, with numbers of the few that all use. */
export function scene(random: Random, { tcpPort, httpPort }: World): Frame[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const id = 1 + below(2 ** 31);
  const [sock, file, buffer, udp] = [1 + below(7), 1 + below(6), 1 + below(6), 1 + below(3)];
  const name = 'abc'[below(3)] ?? 'a';
  const offset = below(10) * BLOCK;
  const spans = [{ file, offset, length: PIECE }];
  const transport = below(3) === 0 ? Transport.UTP : Transport.TCP;
  const host = '127.0.0.1';
  const open: Frame = {
    op: Op.FILE_OPEN,
    id,
    file,
    root: ROOT,
    components: [name],
    size: FILE,
    create: true,
    allocate: below(2) === 0,
  };
  const there = below(4) === 0 ? [{ offset: 0, length: PIECE / 2 }] : [];
  const land: Frame = { op: Op.LAND_OPEN, id, buffer, length: PIECE, tag: Uint8Array.of(buffer), spans, there };
  const put = (at: number, length: number): Frame => ({ op: Op.LAND_PUT, id, buffer, offset: at, bytes: new Uint8Array(length) });
  const commit: Frame = {
    op: Op.LAND_COMMIT,
    id,
    buffer,
    wantBlocks: below(2) === 0,
    digests: [{ algorithm: Digest.SHA1, height: 0, offset: 0, length: PIECE, expected: DIGEST }],
  };
  const scenes: (() => Frame[])[] = [
    () => [open, land, put(0, PIECE), commit, { op: Op.RESULT_ACK, id, buffer }],
    () => [open, land, put(0, PIECE / 2), { op: Op.LAND_PARK, id, buffer }, put(PIECE / 2, PIECE / 2), commit],
    () => [
      land,
      put(0, PIECE - 1),
      commit,
      put(PIECE - 1, 1),
      commit,
      { op: Op.LAND_RESET, id, buffer, ranges: [{ offset: 0, length: BLOCK }] },
    ],
    () => [
      { op: Op.TCP_CONNECT, id, sock, transport, host, port: tcpPort },
      { op: Op.STREAM_FRAMED, id, sock, maxFrame: 2 * BLOCK, back: new Uint8Array() },
      { op: Op.STREAM_CREDIT, id, sock, bytes: below(100_000) },
      { op: Op.LAND_RULE, id, sock, buffer: 0, withdraw: false, prefix: DISCARD, runs: [] },
    ],
    () => [
      land,
      {
        op: Op.LAND_RULE,
        id,
        sock,
        buffer,
        withdraw: below(4) === 0,
        prefix: Uint8Array.of(7, 0, 0, 0, buffer),
        runs: [{ offset: 0, length: PIECE, block: BLOCK }],
      },
    ],
    () => [
      open,
      { op: Op.SEND_SPANS, id, sock, send: below(4), header: DISCARD, spans },
      { op: Op.TCP_SEND, id, sock, bytes: DISCARD },
    ],
    () => [
      { op: Op.UDP_BIND, id, udp, family: below(2) === 0 ? IpFamily.V4 : IpFamily.V6, port: 0 },
      { op: Op.UDP_UTP, id, udp, on: below(4) > 0 },
    ],
    () => [
      { op: Op.RATE_GROUP, id, group: 1 + below(4), parent: below(4), direction: RateDirection.READ, rate: below(1_000_000) },
      { op: Op.RATE_JOIN, id, sock, group: 1 + below(4) },
    ],
    () => [
      open,
      land,
      {
        op: Op.HTTP_LAND,
        id,
        url: `http://127.0.0.1:${httpPort}/`,
        range: below(4) > 0,
        from: 0,
        total: PIECE,
        silenceMs: 1_000,
        group: below(4),
        places: [{ buffer, offset: 0, length: PIECE }],
      },
      ...(below(4) === 0 ? [{ op: Op.HTTP_CANCEL, id } as const] : []),
    ],
    () => [
      { op: Op.RELAY_OPEN, id, sock },
      { op: Op.RELAY_DATA, id, sock, bytes: new Uint8Array(below(BLOCK)) },
    ],
    () => [
      open,
      { op: Op.FILE_SYNC, id, files: [file] },
      { op: Op.LEAVES, id, spans },
      { op: Op.VERIFY, id, items: [{ spans, algorithm: Digest.SHA1, height: 0, expected: DIGEST }] },
      { op: Op.FILE_CLOSE, id, file },
    ],
    () => [
      { op: Op.FILE_CLOSE, id, file },
      {
        op: Op.FILE_MOVE,
        id,
        size: FILE,
        from: { root: ROOT, components: [name] },
        to: { root: ROOT, components: ['dir', 'b'] },
      },
      { op: Op.FILE_DELETE, id, trash: false, size: FILE, root: ROOT, components: ['dir', 'b'] },
    ],
    () => [{ op: Op.TCP_LISTEN, id, listener: 1 + below(3), port: 0, host: below(2) === 0 ? '' : host }],
  ];
  return scenes[below(scenes.length)]?.() ?? [];
}
