/** Frames of every kind at random, for the properties of the codecs. */
import fc from 'fast-check';
import {
  CloseReason,
  Digest,
  ErrorCode,
  FileStatus,
  type Frame,
  type FrameOf,
  IpFamily,
  LandStatus,
  NetStatus,
  Op,
  RateDirection,
  SentStatus,
  Transport,
} from '../../daemon/wire/frames.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u53 = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 24 });
const plain = text.map(value => value.replaceAll('\0', ''));
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 5 });
const oneOf = <T>(values: Readonly<Record<string, T>>) => fc.constantFrom(...Object.values(values));

const span = fc.record({ file: u32, offset: u53, length: u32 });
const run = fc.record({ offset: u32, length: u32, block: u32 });
const filePath = fc.record({ root: text, components: list(text) });
const range = fc.record({ offset: u32, length: u32 });
const place = fc.record({ buffer: u32, offset: u32, length: u32 });
const keystream = fc.record({ key: bytes(32), position: u32 });
const time = fc.nat(2_000_000_000_000).map(micros => micros / 1000);
const kept = fc.record({
  buffer: u32,
  tag: bytes(64),
  length: u32,
  state: fc.constantFrom('open' as const, 'committing' as const, 'ok' as const, 'mismatch' as const),
  ranges: list(range),
});

type Fields<O extends Op> = { [K in keyof Omit<FrameOf<O>, 'op' | 'id'>]: fc.Arbitrary<FrameOf<O>[K]> };

function frame<O extends Frame['op']>(op: O, fields: Fields<O>): fc.Arbitrary<Frame> {
  return fc.record({ op: fc.constant(op), id: u32, ...fields }) as fc.Arbitrary<Frame>;
}

const limits = fc.record({
  frame: u53,
  sockets: u53,
  relays: u53,
  listeners: u53,
  udpSockets: u53,
  connectsPerSecond: u53,
  landing: u53,
  diskQueue: u53,
  backed: u53,
  sendQueue: u53,
  rules: u53,
  ranges: u53,
  files: u53,
  groups: u53,
  httpBody: u53,
  requests: u53,
  writeBody: u53,
});

const stats = fc.record({
  uptimeMs: u53,
  rss: u53,
  landing: u53,
  diskQueue: u53,
  sockets: u53,
  buffers: u53,
  files: u53,
  cpuMs: u53,
  netIn: u53,
  netOut: u53,
  ioIn: u53,
  ioOut: u53,
  landed: u53,
  discarded: u53,
  written: u53,
  pid: u53,
  heap: u53,
  external: u53,
  listeners: u53,
  udpSockets: u53,
  groups: u53,
  hashing: u53,
  hashQueue: u53,
  unread: u53,
  restedMs: u53,
  loopDelayMs: u53,
});
const socketStats = fc.record({ sock: u32, received: u53, sent: u53, unsent: u53, held: u53 });

const byOp: { readonly [O in Frame['op']]: fc.Arbitrary<Frame> } = {
  [Op.CLIENT_HELLO]: frame(Op.CLIENT_HELLO, { hello: fc.record({ version: text }) }),
  [Op.SERVER_HELLO]: frame(Op.SERVER_HELLO, { hello: fc.record({ version: text, capabilities: list(text), limits }) }),
  [Op.AUTH]: frame(Op.AUTH, { token: plain, origin: plain, installId: plain }),
  [Op.AUTH_RESULT]: frame(Op.AUTH_RESULT, { ok: fc.boolean(), message: text, kept: list(kept) }),
  [Op.TCP_CONNECT]: frame(Op.TCP_CONNECT, { sock: u32, transport: oneOf(Transport), host: text, port: u16 }),
  [Op.TCP_CONNECTED]: frame(Op.TCP_CONNECTED, { sock: u32, status: oneOf(NetStatus), detail: text }),
  [Op.TCP_SEND]: frame(Op.TCP_SEND, { sock: u32, bytes: bytes(200) }),
  [Op.TCP_RECV]: frame(Op.TCP_RECV, { sock: u32, bytes: bytes(200) }),
  [Op.TCP_CLOSE]: frame(Op.TCP_CLOSE, { sock: u32, reason: oneOf(CloseReason), detail: text }),
  [Op.TCP_LISTEN]: frame(Op.TCP_LISTEN, { listener: u32, port: u16, host: text }),
  [Op.TCP_LISTEN_RESULT]: frame(Op.TCP_LISTEN_RESULT, { listener: u32, status: oneOf(NetStatus), port: u16 }),
  [Op.TCP_ACCEPT]: frame(Op.TCP_ACCEPT, { transport: oneOf(Transport), listener: u32, sock: u32, host: text, port: u16 }),
  [Op.TCP_STOP_LISTEN]: frame(Op.TCP_STOP_LISTEN, { listener: u32 }),
  [Op.UDP_BIND]: frame(Op.UDP_BIND, { udp: u32, family: oneOf(IpFamily), port: u16 }),
  [Op.UDP_BOUND]: frame(Op.UDP_BOUND, { udp: u32, status: oneOf(NetStatus), port: u16 }),
  [Op.UDP_SEND]: frame(Op.UDP_SEND, { udp: u32, port: u16, host: text, bytes: bytes(200) }),
  [Op.UDP_RECV]: frame(Op.UDP_RECV, { udp: u32, port: u16, host: text, bytes: bytes(200) }),
  [Op.UDP_CLOSE]: frame(Op.UDP_CLOSE, { udp: u32 }),
  [Op.UDP_JOIN]: frame(Op.UDP_JOIN, { udp: u32, group: text }),
  [Op.UDP_LEAVE]: frame(Op.UDP_LEAVE, { udp: u32, group: text }),
  [Op.UDP_UTP]: frame(Op.UDP_UTP, { udp: u32, on: fc.boolean() }),
  [Op.STREAM_CREDIT]: frame(Op.STREAM_CREDIT, { sock: u32, bytes: u32 }),
  [Op.STREAM_FRAMED]: frame(Op.STREAM_FRAMED, { sock: u32, maxFrame: u32, back: bytes(100) }),
  [Op.STREAM_CIPHER]: frame(Op.STREAM_CIPHER, { sock: u32, receive: keystream, send: keystream, back: bytes(100) }),
  [Op.RELAY_OPEN]: frame(Op.RELAY_OPEN, { sock: u32 }),
  [Op.RELAY_DATA]: frame(Op.RELAY_DATA, { sock: u32, bytes: bytes(200) }),
  [Op.RELAY_TAKEN]: frame(Op.RELAY_TAKEN, { sock: u32, bytes: u32 }),
  [Op.LAND_OPEN]: frame(Op.LAND_OPEN, { buffer: u32, length: u32, tag: bytes(64), spans: list(span), there: list(range) }),
  [Op.LAND_RULE]: frame(Op.LAND_RULE, {
    sock: u32,
    buffer: u32,
    withdraw: fc.boolean(),
    prefix: bytes(16),
    runs: list(run),
  }),
  [Op.LAND_PUT]: frame(Op.LAND_PUT, { buffer: u32, offset: u32, bytes: bytes(100) }),
  [Op.LANDED]: frame(Op.LANDED, { sock: u32, earlier: fc.boolean(), ranges: list(place) }),
  [Op.LAND_DISCARDED]: frame(Op.LAND_DISCARDED, { sock: u32, length: u32, head: bytes(20) }),
  [Op.LAND_COMMIT]: frame(Op.LAND_COMMIT, {
    buffer: u32,
    wantBlocks: fc.boolean(),
    digests: list(fc.record({ algorithm: oneOf(Digest), height: u8, offset: u32, length: u32, expected: bytes(32) })),
  }),
  [Op.LAND_RESULT]: frame(Op.LAND_RESULT, {
    buffer: u32,
    status: oneOf(LandStatus),
    file: oneOf(FileStatus),
    blocks: bytes(60),
  }),
  [Op.RESULT_ACK]: frame(Op.RESULT_ACK, { buffer: u32 }),
  [Op.LAND_RESET]: frame(Op.LAND_RESET, { buffer: u32, ranges: list(range) }),
  [Op.LAND_DROP]: frame(Op.LAND_DROP, { buffer: u32 }),
  [Op.LAND_PARK]: frame(Op.LAND_PARK, { buffer: u32 }),
  [Op.LAND_PARKED]: frame(Op.LAND_PARKED, { buffer: u32, file: oneOf(FileStatus), there: list(range) }),
  [Op.SEND_SPANS]: frame(Op.SEND_SPANS, { sock: u32, send: u32, header: bytes(32), spans: list(span) }),
  [Op.SENT]: frame(Op.SENT, { sock: u32, status: oneOf(SentStatus), file: oneOf(FileStatus), sends: list(u32) }),
  [Op.SEND_CANCEL]: frame(Op.SEND_CANCEL, { sock: u32, send: u32 }),
  [Op.RATE_GROUP]: frame(Op.RATE_GROUP, { group: u32, parent: u32, direction: oneOf(RateDirection), rate: u53 }),
  [Op.RATE_JOIN]: frame(Op.RATE_JOIN, { sock: u32, group: u32 }),
  [Op.RATE_DROP]: frame(Op.RATE_DROP, { group: u32 }),
  [Op.HTTP_GET]: frame(Op.HTTP_GET, {
    request: fc.record({
      url: text,
      family: fc.constantFrom(0, IpFamily.V4, IpFamily.V6),
      headers: fc.dictionary(text, text, { maxKeys: 4 }),
      maxBytes: u53,
      timeoutMs: u53,
    }),
  }),
  [Op.HTTP_RESULT]: frame(Op.HTTP_RESULT, { net: oneOf(NetStatus), status: u16, detail: text, body: bytes(100) }),
  [Op.HTTP_BODY]: frame(Op.HTTP_BODY, { request: u32, bytes: bytes(100) }),
  [Op.HTTP_CANCEL]: frame(Op.HTTP_CANCEL, {}),
  [Op.HTTP_LAND]: frame(Op.HTTP_LAND, {
    url: text,
    range: fc.boolean(),
    from: u53,
    total: u53,
    silenceMs: u32,
    group: u32,
    places: list(place),
  }),
  [Op.HTTP_LANDED]: frame(Op.HTTP_LANDED, { request: u32, earlier: fc.boolean(), ranges: list(place) }),
  [Op.HTTP_ENDED]: frame(Op.HTTP_ENDED, { net: oneOf(NetStatus), status: u16, retryAfter: u32, detail: text }),
  [Op.FILE_COPY]: frame(Op.FILE_COPY, { from: span, to: u32, toOffset: u53 }),
  [Op.FILE_OPEN]: frame(Op.FILE_OPEN, {
    file: u32,
    root: text,
    components: list(text),
    size: u53,
    create: fc.boolean(),
    allocate: fc.boolean(),
  }),
  [Op.FILE_OPENED]: frame(Op.FILE_OPENED, { file: u32, status: oneOf(FileStatus), size: u53, mtimeMs: time }),
  [Op.FILE_SYNC]: frame(Op.FILE_SYNC, { files: list(u32) }),
  [Op.FILE_CLOSE]: frame(Op.FILE_CLOSE, { file: u32 }),
  [Op.FILE_DELETE]: frame(Op.FILE_DELETE, { trash: fc.boolean(), root: text, components: list(text), size: u53 }),
  [Op.FILE_MOVE]: frame(Op.FILE_MOVE, { size: u53, from: filePath, to: filePath }),
  [Op.FILE_DONE]: frame(Op.FILE_DONE, {
    status: oneOf(FileStatus),
    files: list(fc.record({ file: u32, size: u53, mtimeMs: time })),
  }),
  [Op.VERIFY]: frame(Op.VERIFY, {
    items: list(fc.record({ spans: list(span), algorithm: oneOf(Digest), height: u8, expected: bytes(32) })),
  }),
  [Op.VERIFY_RESULT]: frame(Op.VERIFY_RESULT, { verdicts: bytes(50) }),
  [Op.LEAVES]: frame(Op.LEAVES, { spans: list(span) }),
  [Op.LEAVES_RESULT]: frame(Op.LEAVES_RESULT, { leaves: bytes(64) }),
  [Op.RESOLVE]: frame(Op.RESOLVE, { port: u16, host: text }),
  [Op.RESOLVED]: frame(Op.RESOLVED, { status: oneOf(NetStatus), detail: text, addresses: list(text) }),
  [Op.STREAM_WANT]: frame(Op.STREAM_WANT, { stream: u32, file: u32, offset: u53, length: u53 }),
  [Op.STREAM_HAVE]: frame(Op.STREAM_HAVE, { stream: u32, offset: u53, length: u53 }),
  [Op.STREAM_GRANT]: frame(Op.STREAM_GRANT, { grant: u32, file: u32, origin: text }),
  [Op.STREAM_GRANTED]: frame(Op.STREAM_GRANTED, { secret: text }),
  [Op.STREAM_REVOKE]: frame(Op.STREAM_REVOKE, { grant: u32 }),
  [Op.STATS]: frame(Op.STATS, {}),
  [Op.STATS_RESULT]: frame(Op.STATS_RESULT, { busiest: fc.array(socketStats, { maxLength: 16 }), stats }),
  [Op.ERROR]: frame(Op.ERROR, { code: oneOf(ErrorCode), text }),
};

export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(...Object.values(byOp));

/** Bytes that look like a frame for a while: a right envelope, then anything. */
export const nearlyFrame: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(...Object.keys(byOp).map(Number)), u8, fc.constantFrom(0, 0, 0, 1), u32, bytes(120))
  .map(([op, version, flags, id, payload]) => {
    const message = new Uint8Array(8 + payload.length);
    const view = new DataView(message.buffer);
    view.setUint8(0, version < 250 ? 1 : version);
    view.setUint8(1, op);
    view.setUint16(2, flags, true);
    view.setUint32(4, id, true);
    message.set(payload, 8);
    return message;
  });
