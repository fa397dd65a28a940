/** What each frame of a client sets going. */
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type Frame, Op } from '../wire/frames.ts';
import type { ClientDigests } from './client-digests.ts';
import type { ClientFiles } from './client-files.ts';
import type { ClientLanding } from './client-landing.ts';
import type { ClientSockets } from './client-sockets.ts';
import type { HttpOut } from './http-out.ts';
import { LIMITS } from './limits.ts';
import type { Services } from './services.ts';
import { busiest, statsOf } from './stats.ts';
import type { Streams } from './streams.ts';

const CAPABILITIES = ['tcp', 'relay', 'cipher', 'udp', 'utp', 'landing', 'gather', 'rates', 'http', 'verify', 'stream'];

/** All that one client's frames can reach. */
export interface Handlers {
  readonly services: Services;
  readonly sockets: ClientSockets;
  readonly landing: ClientLanding;
  readonly files: ClientFiles;
  readonly digests: ClientDigests;
  readonly streams: Streams;
  readonly http: HttpOut;
  readonly push: (frame: Frame) => void;
}

/**
 * The promise, where there is one, is of the answer: it is to be counted, and refused with the frame's id if it fails.
 * @throws {WireError} where the frame is refused at once
 */
export function dispatch(frame: Frame, to: Handlers): Promise<void> | undefined {
  const { sockets, landing, files, digests, streams, http, services } = to;
  switch (frame.op) {
    case Op.HTTP_GET:
      return http.get(frame.id, frame.request);
    case Op.HTTP_LAND:
      return landing.http(frame);
    case Op.RESOLVE:
      return sockets.udp.resolve(frame);
    case Op.FILE_COPY:
      return files.copy(frame);
    case Op.FILE_OPEN:
      return files.open(frame);
    case Op.FILE_SYNC:
      return files.sync(frame);
    case Op.VERIFY:
      return digests.verify(frame);
    case Op.LEAVES:
      return digests.leaves(frame);
    case Op.CLIENT_HELLO: {
      const hello = { version: services.version, capabilities: CAPABILITIES, limits: LIMITS };
      to.push({ op: Op.SERVER_HELLO, id: frame.id, hello });
      return;
    }
    case Op.TCP_CONNECT:
      sockets.tcp.connect(frame);
      return;
    case Op.TCP_SEND:
      sockets.tcp.get(frame.sock)?.write(frame.bytes);
      return;
    case Op.TCP_CLOSE:
      sockets.tcp.close(frame.sock);
      return;
    case Op.TCP_LISTEN:
      sockets.tcp.listen(frame);
      return;
    case Op.TCP_STOP_LISTEN:
      sockets.tcp.stopListening(frame.listener);
      return;
    case Op.UDP_BIND:
      sockets.udp.bind(frame);
      return;
    case Op.UDP_SEND:
      sockets.udp.send(frame);
      return;
    case Op.UDP_CLOSE:
      sockets.udp.close(frame.udp);
      return;
    case Op.UDP_JOIN:
      sockets.udp.join(frame);
      return;
    case Op.UDP_LEAVE:
      sockets.udp.leave(frame);
      return;
    case Op.UDP_UTP:
      sockets.udp.utp(frame);
      return;
    case Op.STREAM_CREDIT:
      sockets.tcp.get(frame.sock)?.credit(frame.bytes);
      return;
    case Op.STREAM_FRAMED:
      sockets.tcp.get(frame.sock)?.framed(frame.maxFrame, frame.back);
      return;
    case Op.STREAM_CIPHER:
      sockets.cipher(frame);
      return;
    case Op.RELAY_OPEN:
      sockets.relays.open(frame);
      return;
    case Op.RELAY_DATA:
      sockets.relays.feed(frame);
      return;
    case Op.RELAY_TAKEN:
      sockets.relays.taken(frame);
      return;
    case Op.LAND_OPEN:
      landing.open(frame);
      return;
    case Op.LAND_RULE:
      landing.rule(frame);
      return;
    case Op.LAND_PUT:
      landing.put(frame);
      return;
    case Op.LAND_COMMIT:
      landing.commit(frame);
      return;
    case Op.LAND_RESET:
      landing.reset(frame);
      return;
    case Op.LAND_PARK:
      landing.park(frame);
      return;
    case Op.RESULT_ACK:
    case Op.LAND_DROP:
      landing.drop(frame);
      return;
    case Op.SEND_SPANS:
      sockets.sendSpans(frame);
      return;
    case Op.SEND_CANCEL:
      sockets.gather.cancel(frame.sock, frame.send);
      return;
    case Op.RATE_GROUP:
      sockets.throttle.set(frame);
      return;
    case Op.RATE_JOIN:
      sockets.join(frame);
      return;
    case Op.RATE_DROP:
      sockets.throttle.drop(frame);
      return;
    case Op.HTTP_CANCEL:
      http.cancel(frame.id);
      return;
    case Op.FILE_CLOSE:
      files.close(frame.file);
      return;
    case Op.FILE_DELETE:
      files.delete(frame);
      return;
    case Op.FILE_MOVE:
      files.move(frame);
      return;
    case Op.STREAM_HAVE:
      streams.have(frame);
      return;
    case Op.STREAM_GRANT:
      streams.grants.grant(frame, secret => to.push({ op: Op.STREAM_GRANTED, id: frame.id, secret }));
      return;
    case Op.STREAM_REVOKE:
      streams.grants.revoke(frame.grant);
      return;
    case Op.STATS: {
      const stats = statsOf(services, sockets, services.loopDelays.stats);
      to.push({ op: Op.STATS_RESULT, id: frame.id, busiest: busiest(sockets.tcp.stats()), stats });
      return;
    }
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
    case Op.LAND_PARKED:
    case Op.SENT:
    case Op.HTTP_RESULT:
    case Op.HTTP_BODY:
    case Op.HTTP_LANDED:
    case Op.HTTP_ENDED:
    case Op.FILE_OPENED:
    case Op.FILE_DONE:
    case Op.VERIFY_RESULT:
    case Op.STREAM_WANT:
    case Op.STREAM_GRANTED:
    case Op.STATS_RESULT:
      throw new WireError(ErrorCode.UNKNOWN_OPCODE, 'a frame that only the daemon sends', frame.id);
    default:
      frame satisfies never;
  }
}
