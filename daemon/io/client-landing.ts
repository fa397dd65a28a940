/** What one client has landed: its buffers, the rules of its sockets, and bodies that come by HTTP. */
import { WireError } from '../wire/bytes.ts';
import { ErrorCode, type Frame, type FrameOf, Op } from '../wire/frames.ts';
import type { ClientFiles } from './client-files.ts';
import type { HttpOut } from './http-out.ts';
import type { Kept } from './kept.ts';
import type { Landing } from './landing.ts';
import { DIGESTS, HTTP_LAND_BYTES } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { blocksOf } from '../wire/rules.ts';
import type { Services } from './services.ts';
import type { Tcp } from './tcp.ts';

export class ClientLanding {
  readonly #landing: Landing;
  readonly #kept: Kept;
  readonly #files: ClientFiles;
  readonly #tcp: Tcp;
  readonly #http: HttpOut;
  readonly #push: (frame: Frame) => void;
  readonly #later: (tell: () => void) => void;

  constructor(
    { landing, kept }: Services,
    files: ClientFiles,
    tcp: Tcp,
    http: HttpOut,
    { push, later }: Pick<Outbox, 'push' | 'later'>,
  ) {
    this.#landing = landing;
    this.#kept = kept;
    this.#files = files;
    this.#tcp = tcp;
    this.#http = http;
    this.#push = push;
    this.#later = later;
  }

  open({ id, buffer, length, tag, spans, there }: FrameOf<typeof Op.LAND_OPEN>): void {
    const landing = this.#landing;
    if (this.#kept.isUnclaimed(buffer) && landing.matches(buffer, length, tag)) return this.#kept.adopt(buffer);
    if (buffer === 0 || landing.has(buffer)) throw new WireError(ErrorCode.BAD_STATE, `buffer ${buffer} is taken`, id);
    if (spans.reduce((sum, span) => sum + span.length, 0) !== length)
      throw new WireError(ErrorCode.BAD_STATE, 'the spans are not as long as the buffer', id);
    if (there.some(range => range.offset + range.length > length))
      throw new WireError(ErrorCode.BAD_STATE, 'more is there than the buffer has', id);
    const places = this.#files.places(spans, id);
    if (!landing.open(buffer, length, tag, places, there))
      throw new WireError(ErrorCode.LIMIT, 'too much is open for landing', id);
  }

  rule(frame: FrameOf<typeof Op.LAND_RULE>): void {
    const landing = this.#landing;
    const { sock, buffer, prefix, runs, withdraw } = frame;
    const peer = this.#tcp.get(sock);
    // It may have closed while this was under way.
    if (peer === undefined) return;
    if (withdraw) peer.rules.withdraw(prefix, buffer, runs);
    else {
      if (buffer !== 0 && !landing.has(buffer)) throw noSuchBuffer(frame);
      this.#kept.adopt(buffer);
      const isAdded = peer.rules.add(prefix, buffer, runs, candidate => landing.isOpen(candidate));
      if (!isAdded) throw new WireError(ErrorCode.LIMIT, 'too many rules or ranges', frame.id);
      const ranges = [...landing.arrived(buffer, blocksOf(runs))];
      if (ranges.length > 0) this.#push({ op: Op.LANDED, id: 0, sock, earlier: true, ranges });
    }
    peer.steer();
  }

  put(frame: FrameOf<typeof Op.LAND_PUT>): void {
    const { id, buffer, offset, bytes } = frame;
    this.#kept.adopt(buffer);
    if (this.#landing.put(buffer, offset, bytes)) return;
    if (!this.#landing.isOpen(buffer)) throw noSuchBuffer(frame);
    throw new WireError(ErrorCode.LIMIT, 'there is no room for that just now', id);
  }

  commit(frame: FrameOf<typeof Op.LAND_COMMIT>): void {
    const { id, buffer, digests, wantBlocks } = frame;
    this.#kept.adopt(buffer);
    if (!this.#landing.has(buffer)) throw noSuchBuffer(frame);
    if (digests.length > DIGESTS) throw new WireError(ErrorCode.LIMIT, 'too many digests', id);
    this.#landing.commit(buffer, digests, wantBlocks, result => {
      if (result !== null) this.#later(() => this.#push({ op: Op.LAND_RESULT, id, buffer, ...result }));
      else this.#push({ op: Op.ERROR, id, code: ErrorCode.BAD_STATE, text: 'a digest that does not fit the buffer' });
    });
  }

  reset(frame: FrameOf<typeof Op.LAND_RESET>): void {
    this.#kept.adopt(frame.buffer);
    if (!this.#landing.reset(frame.buffer, frame.ranges)) throw noSuchBuffer(frame);
  }

  park(frame: FrameOf<typeof Op.LAND_PARK>): void {
    const { id, buffer } = frame;
    this.#kept.adopt(buffer);
    const isParking = this.#landing.park(buffer, (file, there) => {
      this.#push({ op: Op.LAND_PARKED, id, buffer, file, there });
    });
    if (!isParking) throw noSuchBuffer(frame);
  }

  drop({ buffer }: FrameOf<typeof Op.RESULT_ACK | typeof Op.LAND_DROP>): void {
    this.#kept.adopt(buffer);
    this.#landing.drop(buffer);
  }

  http(frame: FrameOf<typeof Op.HTTP_LAND>): Promise<void> {
    const { id, range, from, total, places } = frame;
    const length = places.reduce((sum, place) => sum + place.length, 0);
    const isSound = length > 0 && (!range || from + length <= total) && places.every(place => place.length > 0);
    if (!isSound) throw new WireError(ErrorCode.BAD_STATE, 'a range that cannot be', id);
    if (length > HTTP_LAND_BYTES) throw new WireError(ErrorCode.LIMIT, 'too long for one request', id);
    for (const { buffer } of places) {
      this.#kept.adopt(buffer);
      if (!this.#landing.has(buffer)) throw noSuchBuffer({ id, buffer });
    }
    return this.#http.land(id, frame);
  }
}

function noSuchBuffer({ id, buffer }: { readonly id: number; readonly buffer: number }): WireError {
  return new WireError(ErrorCode.NO_SUCH_BUFFER, `buffer ${buffer} is not there, or not in that state`, id);
}
