/** What each frame of `/io` carries behind its envelope: stated once, read and written from that one statement. */
import {
  bytes,
  type Field,
  flag,
  json,
  list,
  malformed,
  oneOf,
  rest,
  restText,
  struct,
  text,
  time,
  u16,
  u32,
  u53,
  u8,
  word,
} from './bytes.ts';
import {
  CloseReason,
  Digest,
  type DigestOf,
  ErrorCode,
  type FilePath,
  FileStatus,
  type Frame,
  type FrameOf,
  type IoLimits,
  IpFamily,
  type IoStats,
  type KeptBuffer,
  type Keystream,
  LandStatus,
  MAX_KEY,
  MAX_PREFIX,
  MAX_TAG,
  NetStatus,
  Op,
  type Place,
  RateDirection,
  type Run,
  SentStatus,
  type SocketStats,
  type Span,
  Transport,
} from './frames.ts';
import * as shape from './shape.ts';

export type FrameOp = Frame['op'];
/** What a frame carries behind its envelope. */
type Payload<O extends FrameOp> = Omit<FrameOf<O>, 'op' | 'id'>;

const limits = shape.object<IoLimits>({
  frame: shape.count,
  sockets: shape.count,
  relays: shape.count,
  listeners: shape.count,
  udpSockets: shape.count,
  connectsPerSecond: shape.count,
  landing: shape.count,
  diskQueue: shape.count,
  backed: shape.count,
  sendQueue: shape.count,
  rules: shape.count,
  ranges: shape.count,
  files: shape.count,
  groups: shape.count,
  httpBody: shape.count,
  requests: shape.count,
  writeBody: shape.count,
});

const stats = shape.object<IoStats>({
  uptimeMs: shape.number,
  rss: shape.number,
  landing: shape.number,
  diskQueue: shape.number,
  sockets: shape.number,
  buffers: shape.number,
  files: shape.number,
  cpuMs: shape.number,
  netIn: shape.number,
  netOut: shape.number,
  ioIn: shape.number,
  ioOut: shape.number,
  landed: shape.number,
  discarded: shape.number,
  written: shape.number,
  pid: shape.number,
  heap: shape.number,
  external: shape.number,
  listeners: shape.number,
  udpSockets: shape.number,
  groups: shape.number,
  hashing: shape.number,
  hashQueue: shape.number,
  unread: shape.number,
  restedMs: shape.number,
  loopDelayMs: shape.number,
});

const serverHello = shape.object<FrameOf<typeof Op.SERVER_HELLO>['hello']>({
  version: shape.string,
  capabilities: shape.array(shape.string),
  limits,
});

const httpRequest = shape.object<FrameOf<typeof Op.HTTP_GET>['request']>({
  url: shape.string,
  family: shape.literal(0, IpFamily.V4, IpFamily.V6),
  headers: shape.dictionary(shape.string),
  maxBytes: shape.count,
  timeoutMs: shape.count,
});

const span = struct<Span>({ file: u32, offset: u53, length: u32 });
const spans = list(u16, span);
const run = struct<Run>({ offset: u32, length: u32, block: u32 });
const range = struct<{ readonly offset: number; readonly length: number }>({ offset: u32, length: u32 });
const place = struct<Place>({ buffer: u32, offset: u32, length: u32 });
const stamp = struct<{ readonly file: number; readonly size: number; readonly mtimeMs: number }>({
  file: u32,
  size: u53,
  mtimeMs: time,
});
const shortBytes = bytes(u8);
const shortText = text(u16);
const hostText = text(u8);
const datagram = struct<Payload<typeof Op.UDP_SEND>>({ udp: u32, port: u16, host: hostText, bytes: rest });
const group = struct<Payload<typeof Op.UDP_JOIN>>({ udp: u32, group: restText });
const components = list(u8, text(u8));
const filePath = struct<FilePath>({ root: text(u8), components });
const digest = struct<DigestOf>({ algorithm: oneOf(Digest), height: u8, offset: u32, length: u32, expected: shortBytes });
const kept = struct<KeptBuffer>({
  buffer: u32,
  tag: bytes(u8, MAX_TAG),
  length: u32,
  state: word(['open', 'committing', 'ok', 'mismatch', 'error']),
  ranges: list(u32, range),
});
const verifyItem = struct<FrameOf<typeof Op.VERIFY>['items'][number]>({
  spans,
  algorithm: oneOf(Digest),
  height: u8,
  expected: shortBytes,
});
const socketStats = struct<SocketStats>({ sock: u32, received: u53, sent: u53, unsent: u53, held: u53 });
const keystream = struct<Keystream>({ key: bytes(u8, MAX_KEY), position: u32 });
const transport = oneOf(Transport);
const netStatus = oneOf(NetStatus);
const fileStatus = oneOf(FileStatus);

/** authType u8 = 0, then token NUL origin NUL installId. */
const auth: Field<Payload<typeof Op.AUTH>> = {
  min: 3,
  write(w, { token, origin, installId }) {
    const parts = [token, origin, installId];
    if (parts.some(part => part.includes('\0'))) throw new RangeError('NUL within a credential');
    w.u8(0);
    restText.write(w, parts.join('\0'));
  },
  read(r) {
    if (r.u8() !== 0) throw malformed('unknown kind of authentication');
    const [token, origin, installId, ...more] = restText.read(r).split('\0');
    if (token === undefined || origin === undefined || installId === undefined || more.length > 0) {
      throw malformed('expected token, origin, install id');
    }
    return { token, origin, installId };
  },
};

export const layouts: { readonly [O in FrameOp]: Field<Payload<O>> } = {
  [Op.CLIENT_HELLO]: struct({ hello: json(shape.object({ version: shape.string })) }),
  [Op.SERVER_HELLO]: struct({ hello: json(serverHello) }),
  [Op.AUTH]: auth,
  [Op.AUTH_RESULT]: struct({ ok: flag, message: shortText, kept: list(u32, kept) }),
  [Op.TCP_CONNECT]: struct({ sock: u32, transport, port: u16, host: restText }),
  [Op.TCP_CONNECTED]: struct({ sock: u32, status: netStatus, detail: restText }),
  [Op.TCP_SEND]: struct({ sock: u32, bytes: rest }),
  [Op.TCP_RECV]: struct({ sock: u32, bytes: rest }),
  [Op.TCP_CLOSE]: struct({ sock: u32, reason: oneOf(CloseReason), detail: restText }),
  [Op.TCP_LISTEN]: struct({ listener: u32, port: u16, host: restText }),
  [Op.TCP_LISTEN_RESULT]: struct({ listener: u32, status: netStatus, port: u16 }),
  [Op.TCP_ACCEPT]: struct({ listener: u32, sock: u32, transport, port: u16, host: restText }),
  [Op.TCP_STOP_LISTEN]: struct({ listener: u32 }),
  [Op.UDP_BIND]: struct({ udp: u32, family: oneOf(IpFamily), port: u16 }),
  [Op.UDP_BOUND]: struct({ udp: u32, status: netStatus, port: u16 }),
  [Op.UDP_SEND]: datagram,
  [Op.UDP_RECV]: datagram,
  [Op.UDP_CLOSE]: struct({ udp: u32 }),
  [Op.UDP_JOIN]: group,
  [Op.UDP_LEAVE]: group,
  [Op.UDP_UTP]: struct({ udp: u32, on: flag }),
  [Op.STREAM_CREDIT]: struct({ sock: u32, bytes: u32 }),
  [Op.STREAM_FRAMED]: struct({ sock: u32, maxFrame: u32, back: rest }),
  [Op.STREAM_CIPHER]: struct({ sock: u32, receive: keystream, send: keystream, back: rest }),
  [Op.RELAY_OPEN]: struct({ sock: u32 }),
  [Op.RELAY_DATA]: struct({ sock: u32, bytes: rest }),
  [Op.RELAY_TAKEN]: struct({ sock: u32, bytes: u32 }),
  [Op.LAND_OPEN]: struct({ buffer: u32, length: u32, tag: bytes(u8, MAX_TAG), spans, there: list(u16, range) }),
  [Op.LAND_RULE]: struct({ sock: u32, buffer: u32, withdraw: flag, prefix: bytes(u8, MAX_PREFIX), runs: list(u16, run) }),
  [Op.LAND_PUT]: struct({ buffer: u32, offset: u32, bytes: rest }),
  [Op.LANDED]: struct({ sock: u32, earlier: flag, ranges: list(u16, place) }),
  [Op.LAND_DISCARDED]: struct({ sock: u32, length: u32, head: rest }),
  [Op.LAND_COMMIT]: struct({ buffer: u32, wantBlocks: flag, digests: list(u16, digest) }),
  [Op.LAND_RESULT]: struct({ buffer: u32, status: oneOf(LandStatus), file: fileStatus, blocks: rest }),
  [Op.RESULT_ACK]: struct({ buffer: u32 }),
  [Op.LAND_RESET]: struct({ buffer: u32, ranges: list(u16, range) }),
  [Op.LAND_DROP]: struct({ buffer: u32 }),
  [Op.LAND_PARK]: struct({ buffer: u32 }),
  [Op.LAND_PARKED]: struct({ buffer: u32, file: fileStatus, there: list(u32, range) }),
  [Op.SEND_SPANS]: struct({ sock: u32, send: u32, header: shortBytes, spans }),
  [Op.SENT]: struct({ sock: u32, status: oneOf(SentStatus), file: fileStatus, sends: list(u16, u32) }),
  [Op.SEND_CANCEL]: struct({ sock: u32, send: u32 }),
  [Op.RATE_GROUP]: struct({ group: u32, parent: u32, direction: oneOf(RateDirection), rate: u53 }),
  [Op.RATE_JOIN]: struct({ sock: u32, group: u32 }),
  [Op.RATE_DROP]: struct({ group: u32 }),
  [Op.HTTP_GET]: struct({ request: json(httpRequest) }),
  [Op.HTTP_RESULT]: struct({ net: netStatus, status: u16, detail: shortText, body: rest }),
  [Op.HTTP_BODY]: struct({ request: u32, bytes: rest }),
  [Op.HTTP_CANCEL]: struct({}),
  [Op.HTTP_LAND]: struct({
    url: text(u16),
    range: flag,
    from: u53,
    total: u53,
    silenceMs: u32,
    group: u32,
    places: list(u16, place),
  }),
  [Op.HTTP_LANDED]: struct({ request: u32, earlier: flag, ranges: list(u16, place) }),
  [Op.HTTP_ENDED]: struct({ net: netStatus, status: u16, retryAfter: u32, detail: restText }),
  [Op.FILE_COPY]: struct({ from: span, to: u32, toOffset: u53 }),
  [Op.FILE_OPEN]: struct({ file: u32, create: flag, allocate: flag, size: u53, root: text(u8), components }),
  [Op.FILE_OPENED]: struct({ file: u32, status: fileStatus, size: u53, mtimeMs: time }),
  [Op.FILE_SYNC]: struct({ files: list(u16, u32) }),
  [Op.FILE_CLOSE]: struct({ file: u32 }),
  [Op.FILE_DELETE]: struct({ trash: flag, size: u53, root: text(u8), components }),
  [Op.FILE_MOVE]: struct({ size: u53, from: filePath, to: filePath }),
  [Op.FILE_DONE]: struct({ status: fileStatus, files: list(u16, stamp) }),
  [Op.VERIFY]: struct({ items: list(u16, verifyItem) }),
  [Op.VERIFY_RESULT]: struct({ verdicts: rest }),
  [Op.LEAVES]: struct({ spans }),
  [Op.LEAVES_RESULT]: struct({ leaves: rest }),
  [Op.RESOLVE]: struct({ port: u16, host: restText }),
  [Op.RESOLVED]: struct({ status: netStatus, detail: shortText, addresses: list(u8, hostText) }),
  [Op.STREAM_WANT]: struct({ stream: u32, file: u32, offset: u53, length: u53 }),
  [Op.STREAM_HAVE]: struct({ stream: u32, offset: u53, length: u53 }),
  [Op.STREAM_GRANT]: struct({ grant: u32, file: u32, origin: text(u16) }),
  [Op.STREAM_GRANTED]: struct({ secret: text(u16) }),
  [Op.STREAM_REVOKE]: struct({ grant: u32 }),
  [Op.STATS]: struct({}),
  [Op.STATS_RESULT]: struct({ busiest: list(u8, socketStats), stats: json(stats) }),
  [Op.ERROR]: struct({ code: oneOf(ErrorCode, u16), text: restText }),
};
