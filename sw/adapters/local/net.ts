/**
 * Net of the browser alone: connections that a window carries, and limits on their rates. Nobody can be dialled from here, and nobody can come.
 */
import { WireError } from '../../../daemon/wire/bytes.ts';
import { RateDirection } from '../../../daemon/wire/frames.ts';
import { Throttle, type Time } from '../../../daemon/wire/throttle.ts';
import type { Net, Stream, StreamEvents } from '../../engine/ports.ts';
import { after } from '../platform.ts';
import type { Carrier, Relay, RelayNet } from '../relay.ts';
import type { BlockSink, SpanSource } from './blocks.ts';
import { LocalStream } from './stream.ts';

/** Connections at once. */
const MAX_STREAMS = 64;
const OUT_OF_REACH = 'Peers over TCP and UDP need the helper.';

/** One that was never made. */
const NOWHERE: Omit<Stream, 'close'> = {
  send: () => undefined,
  credit: () => undefined,
  cipher: () => undefined,
  framed: () => undefined,
  expect: () => undefined,
  unexpect: () => undefined,
  discard: () => undefined,
  sendSpans: () => undefined,
  cancelSend: () => undefined,
  join: () => undefined,
};

const PLATFORM_TIME: Time = { now: () => performance.now(), after: (ms, run) => after(Math.ceil(ms), run) };

export class LocalNet implements Net, RelayNet {
  /** Who moves bytes another way keeps to the same limits. */
  readonly throttle: Throttle;
  private readonly streams = new Set<Carrier>();
  private readonly assembly = { bytes: 0 };

  constructor(
    private readonly sink: BlockSink,
    private readonly source: SpanSource,
    time: Time = PLATFORM_TIME,
  ) {
    this.throttle = new Throttle(time);
  }

  relay(carrier: Carrier, events: StreamEvents): Relay {
    const { sink, source, throttle, assembly, streams } = this;
    const own: Carrier = {
      send: bytes => carrier.send(bytes),
      taken: bytes => carrier.taken(bytes),
      closed: () => {
        streams.delete(own);
        carrier.closed();
      },
    };
    const stream = new LocalStream({ sink, source, throttle, assembly, count: () => streams.size }, own, events);
    streams.add(own);
    if (streams.size > MAX_STREAMS) queueMicrotask(() => stream.end('Too many connections.'));
    return stream;
  }

  connect(_host: string, _port: number, events: StreamEvents): Stream {
    let isOpen = true;
    queueMicrotask(() => {
      if (isOpen) events.closed(OUT_OF_REACH);
    });
    return {
      ...NOWHERE,
      close: () => {
        isOpen = false;
      },
    };
  }

  limit(group: number, parent: number, direction: 'down' | 'up', rate: number): void {
    const towards = direction === 'down' ? RateDirection.READ : RateDirection.SEND;
    this.change(() => this.throttle.set({ id: 0, group, parent, direction: towards, rate }));
  }

  unlimit(group: number): void {
    this.change(() => this.throttle.drop({ id: 0, group }));
  }

  listen(_ports: readonly number[], bound: (port: number) => void): void {
    queueMicrotask(() => bound(0));
  }

  /** A group beyond their number has no limit of its own, and nobody joins it. */
  private change(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }
}
