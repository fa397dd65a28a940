/** An authenticated connection: every frame that the engine may send, and what it sets going. */
import { WireError } from '../wire/bytes.ts';
import { decodeFrame, splitMessage } from '../wire/codec.ts';
import { ErrorCode, type Frame, type FrameOf, MAX_FRAME, MAX_LEAVES_BYTES, MAX_POSITION, Op } from '../wire/frames.ts';
import { ClientFiles } from './client-files.ts';
import { Gather } from './gather.ts';
import { HttpOut } from './http-out.ts';
import { HTTP_LAND_BYTES, LIMITS } from './limits.ts';
import { Outbox } from './outbox.ts';
import { Rc4 } from './rc4.ts';
import { Relays } from './relay.ts';
import { blocksOf } from './rules.ts';
import type { Services } from './services.ts';
import { statsOf } from './stats.ts';
import { Streams } from './streams.ts';
import { Tcp } from './tcp.ts';
import { PROCESS_TIME, Throttle } from './throttle.ts';
import { Udp } from './udp.ts';
import { Utp } from './utp/utp.ts';
import { isVerifiable, leavesOf, verify } from './verify.ts';

const CAPABILITIES = ['tcp', 'relay', 'cipher', 'udp', 'utp', 'landing', 'gather', 'rates', 'http', 'verify', 'stream'];
/** Requests that are being worked on at once. */
const TASKS = 8_192;
const CONTINUE: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.UNKNOWN_OPCODE,
  ErrorCode.LIMIT,
  ErrorCode.NO_SUCH_SOCK,
  ErrorCode.NO_SUCH_BUFFER,
  ErrorCode.NO_SUCH_FILE,
  ErrorCode.BAD_STATE,
]);

export class Client {
  readonly #services: Services;
  readonly #outbox: Outbox;
  readonly #tcp: Tcp;
  readonly #relays: Relays;
  readonly #udp: Udp;
  readonly files: ClientFiles;
  /** The answers to its requests of `/stream`. */
  readonly streams: Streams;
  readonly #gather: Gather;
  readonly #http: HttpOut;
  readonly #throttle = new Throttle(PROCESS_TIME);
  readonly #fail: () => void;
  #tasks = 0;
  #isEnded = false;

  /**
   * `send` takes a whole message, and `unread` are the bytes of them that wait to be taken; `fail` closes the connection
   * after an ERROR that it cannot outlive.
   */
  constructor(services: Services, send: (message: Uint8Array) => void, unread: () => number, fail: () => void) {
    const push = (frame: Frame) => this.push(frame);
    this.#services = services;
    this.#outbox = new Outbox(send);
    this.#fail = fail;
    const { landing, counters, guard, files, reads, openPorts } = services;
    this.#gather = new Gather(files, reads, push);
    const utp = new Utp(guard, (...accepted) => this.#tcp.acceptUtp(...accepted));
    const shared = { landing, counters, push, throttle: this.#throttle, assembly: { bytes: 0 } };
    this.#tcp = new Tcp(guard, openPorts, shared, utp, sock => this.#gather.end(sock));
    this.#udp = new Udp(guard, openPorts, counters, push, unread, utp);
    this.#relays = new Relays(this.#tcp, push);
    this.files = new ClientFiles(files, push);
    this.streams = new Streams(files, push);
    this.#http = new HttpOut(guard, landing, this.#throttle, counters, push);
    landing.onPressure = () => {
      this.#tcp.steer();
      this.#http.steer();
    };
  }

  push(frame: Frame): void {
    if (!this.#isEnded) this.#outbox.push(frame);
  }

  receive(message: Uint8Array): void {
    try {
      for (const frame of splitMessage(message, MAX_FRAME)) {
        if (this.#isEnded) return;
        this.#receiveFrame(frame);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Sockets and listeners go at once; buffers, and writes begun, do not. `last` is what the client hears last. */
  end(last: Frame | null): void {
    if (this.#isEnded) return;
    if (last !== null) this.push(last);
    this.#outbox.flush();
    this.#isEnded = true;
    this.#http.end();
    this.#tcp.end();
    this.#throttle.end();
    this.#udp.end();
    this.streams.end();
    this.files.end();
    this.#services.kept.orphan();
  }

  #receiveFrame(bytes: Uint8Array): void {
    try {
      const frame = decodeFrame(bytes);
      this.#handle(frame);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    const frame: Frame = { op: Op.ERROR, id: error.requestId, code: error.code, text: error.message };
    if (CONTINUE.has(error.code)) this.push(frame);
    else if (!this.#isEnded) {
      this.end(frame);
      this.#fail();
    }
  }

  #handle(frame: Frame): void {
    const { landing, kept } = this.#services;
    switch (frame.op) {
      case Op.CLIENT_HELLO:
        return this.push({
          op: Op.SERVER_HELLO,
          id: frame.id,
          hello: { version: this.#services.version, capabilities: CAPABILITIES, limits: LIMITS },
        });
      case Op.TCP_CONNECT:
        return this.#tcp.connect(frame);
      case Op.TCP_SEND:
        return this.#tcp.get(frame.sock)?.write(frame.bytes);
      case Op.TCP_CLOSE:
        return this.#tcp.close(frame.sock);
      case Op.TCP_LISTEN:
        return this.#tcp.listen(frame);
      case Op.TCP_STOP_LISTEN:
        return this.#tcp.stopListening(frame.listener);
      case Op.UDP_BIND:
        return this.#udp.bind(frame);
      case Op.UDP_SEND:
        return this.#udp.send(frame);
      case Op.UDP_CLOSE:
        return this.#udp.close(frame.udp);
      case Op.UDP_JOIN:
        return this.#udp.join(frame);
      case Op.UDP_LEAVE:
        return this.#udp.leave(frame);
      case Op.UDP_UTP:
        return this.#udp.utp(frame);
      case Op.RESOLVE:
        return this.#start(frame.id, this.#udp.resolve(frame));
      case Op.STREAM_CREDIT:
        return this.#tcp.get(frame.sock)?.credit(frame.bytes);
      case Op.STREAM_FRAMED:
        return this.#tcp.get(frame.sock)?.framed(frame.maxFrame, frame.back);
      case Op.STREAM_CIPHER:
        return this.#cipher(frame);
      case Op.RELAY_OPEN:
        return this.#relays.open(frame);
      case Op.RELAY_DATA:
        return this.#relays.feed(frame);
      case Op.RELAY_TAKEN:
        return this.#relays.taken(frame);
      case Op.LAND_OPEN:
        return this.#landOpen(frame);
      case Op.LAND_RULE:
        return this.#landRule(frame);
      case Op.LAND_PUT:
        kept.adopt(frame.buffer);
        if (!landing.put(frame.buffer, frame.offset, frame.bytes)) throw noSuchBuffer(frame);
        return;
      case Op.LAND_COMMIT:
        return this.#landCommit(frame);
      case Op.LAND_RESET:
        kept.adopt(frame.buffer);
        if (!landing.reset(frame.buffer, frame.ranges)) throw noSuchBuffer(frame);
        return;
      case Op.RESULT_ACK:
      case Op.LAND_DROP:
        kept.adopt(frame.buffer);
        return landing.drop(frame.buffer);
      case Op.SEND_SPANS:
        return this.#sendSpans(frame);
      case Op.SEND_CANCEL:
        return this.#gather.cancel(frame.sock, frame.send);
      case Op.RATE_GROUP:
        return this.#throttle.set(frame);
      case Op.RATE_JOIN:
        return this.#join(frame);
      case Op.RATE_DROP:
        return this.#throttle.drop(frame);
      case Op.HTTP_GET:
        return this.#start(frame.id, this.#http.get(frame.id, frame.request));
      case Op.HTTP_LAND:
        return this.#httpLand(frame);
      case Op.HTTP_CANCEL:
        return this.#http.cancel(frame.id);
      case Op.FILE_COPY:
        return this.#start(frame.id, this.files.copy(frame));
      case Op.FILE_OPEN:
        return this.#start(frame.id, this.files.open(frame));
      case Op.FILE_SYNC:
        return this.#start(frame.id, this.files.sync(frame));
      case Op.FILE_CLOSE:
        return this.files.close(frame.file);
      case Op.FILE_DELETE:
        return this.files.delete(frame);
      case Op.FILE_MOVE:
        return this.files.move(frame);
      case Op.VERIFY:
        return this.#start(frame.id, this.#verify(frame));
      case Op.LEAVES:
        return this.#start(frame.id, this.#leaves(frame));
      case Op.STREAM_HAVE:
        return this.streams.have(frame);
      case Op.STATS:
        return this.push({ op: Op.STATS_RESULT, id: frame.id, stats: statsOf(this.#services, this.#tcp.count) });
      case Op.AUTH:
        throw new WireError(ErrorCode.BAD_STATE, 'authenticated already', frame.id);
      case Op.ERROR:
        return;
      case Op.SERVER_HELLO:
      case Op.AUTH_RESULT:
      case Op.TCP_CONNECTED:
      case Op.TCP_RECV:
      case Op.TCP_LISTEN_RESULT:
      case Op.TCP_ACCEPT:
      case Op.UDP_BOUND:
      case Op.UDP_RECV:
      case Op.RESOLVED:
      case Op.LEAVES_RESULT:
      case Op.LANDED:
      case Op.LAND_DISCARDED:
      case Op.LAND_RESULT:
      case Op.SENT:
      case Op.HTTP_RESULT:
      case Op.HTTP_BODY:
      case Op.HTTP_LANDED:
      case Op.HTTP_ENDED:
      case Op.FILE_OPENED:
      case Op.FILE_DONE:
      case Op.VERIFY_RESULT:
      case Op.STREAM_WANT:
      case Op.STATS_RESULT:
        throw new WireError(ErrorCode.UNKNOWN_OPCODE, 'a frame that only the daemon sends', frame.id);
      default:
        return frame satisfies never;
    }
  }

  #cipher({ id, sock, receive, send, back }: FrameOf<typeof Op.STREAM_CIPHER>): void {
    for (const { key, position } of [receive, send]) {
      if (key.length === 0 || position > MAX_POSITION) throw new WireError(ErrorCode.BAD_STATE, 'no such keystream', id);
    }
    const isTaken = this.#tcp.get(sock)?.cipher(Rc4.at(receive), Rc4.at(send), back) ?? true;
    if (!isTaken) throw new WireError(ErrorCode.BAD_STATE, 'the stream is framed or enciphered already', id);
  }

  #landOpen(frame: FrameOf<typeof Op.LAND_OPEN>): void {
    const { landing, kept } = this.#services;
    const { id, buffer, length, tag, spans } = frame;
    if (kept.isUnclaimed(buffer) && landing.matches(buffer, length, tag)) return kept.adopt(buffer);
    if (buffer === 0 || landing.has(buffer)) throw new WireError(ErrorCode.BAD_STATE, `buffer ${buffer} is taken`, id);
    if (spans.reduce((sum, span) => sum + span.length, 0) !== length)
      throw new WireError(ErrorCode.BAD_STATE, 'the spans are not as long as the buffer', id);
    const places = this.files.places(spans, id);
    if (!landing.open(buffer, length, tag, places)) throw new WireError(ErrorCode.LIMIT, 'too much is open for landing', id);
  }

  #landRule(frame: FrameOf<typeof Op.LAND_RULE>): void {
    const { landing, kept } = this.#services;
    const { sock, buffer, prefix, runs, withdraw } = frame;
    const peer = this.#tcp.get(sock);
    // It may have closed while this was under way.
    if (peer === undefined) return;
    if (withdraw) peer.rules.withdraw(prefix, buffer, runs);
    else {
      if (buffer !== 0 && !landing.has(buffer)) throw noSuchBuffer(frame);
      kept.adopt(buffer);
      const isAdded = peer.rules.add(prefix, buffer, runs, candidate => landing.isOpen(candidate));
      if (!isAdded) throw new WireError(ErrorCode.LIMIT, 'too many rules or ranges', frame.id);
      const ranges = [...landing.arrived(buffer, blocksOf(runs))];
      if (ranges.length > 0) this.push({ op: Op.LANDED, id: 0, sock, earlier: true, ranges });
    }
    peer.steer();
  }

  #landCommit(frame: FrameOf<typeof Op.LAND_COMMIT>): void {
    const { landing, kept } = this.#services;
    const { id, buffer, digests, wantBlocks } = frame;
    kept.adopt(buffer);
    if (!landing.has(buffer)) throw noSuchBuffer(frame);
    landing.commit(buffer, digests, wantBlocks, result => {
      if (result !== null) this.push({ op: Op.LAND_RESULT, id, buffer, ...result });
      else this.push({ op: Op.ERROR, id, code: ErrorCode.BAD_STATE, text: 'a digest that does not fit the buffer' });
    });
  }

  #sendSpans(frame: FrameOf<typeof Op.SEND_SPANS>): void {
    const peer = this.#tcp.get(frame.sock);
    if (peer === undefined) return;
    const places = this.files.places(frame.spans, frame.id);
    for (const { file } of places) file?.retain();
    this.#gather.send(peer, frame, places);
  }

  #httpLand(frame: FrameOf<typeof Op.HTTP_LAND>): void {
    const { landing, kept } = this.#services;
    const { id, range, from, total, places } = frame;
    const length = places.reduce((sum, place) => sum + place.length, 0);
    const isSound = length > 0 && (!range || from + length <= total) && places.every(place => place.length > 0);
    if (!isSound) throw new WireError(ErrorCode.BAD_STATE, 'a range that cannot be', id);
    if (length > HTTP_LAND_BYTES) throw new WireError(ErrorCode.LIMIT, 'too long for one request', id);
    for (const { buffer } of places) {
      kept.adopt(buffer);
      if (!landing.has(buffer)) throw noSuchBuffer({ id, buffer });
    }
    this.#start(id, this.#http.land(id, frame));
  }

  #join({ id, sock, group }: FrameOf<typeof Op.RATE_JOIN>): void {
    const direction = this.#throttle.directionOf(group);
    if (direction === null) throw new WireError(ErrorCode.BAD_STATE, 'no such group', id);
    this.#tcp.get(sock)?.flow(direction).join(group);
  }

  async #verify({ id, items }: FrameOf<typeof Op.VERIFY>): Promise<void> {
    const wanted = items.map(({ spans, algorithm, height, expected }) => ({
      places: this.files.places(spans, id),
      digest: { algorithm, height, expected: expected.slice() },
    }));
    if (!wanted.every(isVerifiable)) throw new WireError(ErrorCode.BAD_STATE, 'a digest that does not fit its spans', id);
    const files = wanted.flatMap(({ places }) => places.map(({ file }) => file));
    for (const file of files) file?.retain();
    const verdicts = await verify(this.#services.pool, wanted);
    for (const file of files) file?.release();
    this.push({ op: Op.VERIFY_RESULT, id, verdicts });
  }

  async #leaves({ id, spans }: FrameOf<typeof Op.LEAVES>): Promise<void> {
    const places = this.files.places(spans, id);
    if (spans.reduce((sum, { length }) => sum + length, 0) > MAX_LEAVES_BYTES)
      throw new WireError(ErrorCode.LIMIT, 'too much for one request', id);
    for (const { file } of places) file?.retain();
    const leaves = await leavesOf(this.#services.pool, places);
    for (const { file } of places) file?.release();
    this.push({ op: Op.LEAVES_RESULT, id, leaves });
  }

  /** Follows what answers by itself later; only what it throws is told here. */
  #start(id: number, task: Promise<void>): void {
    this.#tasks++;
    task
      .catch((error: unknown) => {
        this.#refuse(error instanceof WireError ? error : new WireError(ErrorCode.BAD_STATE, 'it failed', id));
      })
      .finally(() => this.#tasks--)
      .catch(() => undefined);
    if (this.#tasks > TASKS) {
      this.end({ op: Op.ERROR, id, code: ErrorCode.LIMIT, text: 'too many requests at once' });
      this.#fail();
    }
  }
}

function noSuchBuffer({ id, buffer }: { readonly id: number; readonly buffer: number }): WireError {
  return new WireError(ErrorCode.NO_SUCH_BUFFER, `buffer ${buffer} is not there, or not in that state`, id);
}
