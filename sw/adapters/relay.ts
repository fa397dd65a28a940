/** Streams of connections that somebody else carries, as a window does those of WebRTC: what a carrier and a net say to each other. */
import type { Stream, StreamEvents } from '../engine/ports.ts';

/** What carries the bytes of a {@link Relay}. */
export interface Carrier {
  /** Takes them over, to be passed on and told as `taken` then. */
  send(bytes: Uint8Array): void;
  /** So many of the bytes received were passed on: as many more may come. */
  taken(bytes: number): void;
  /** The stream is closed, by either side. */
  closed(): void;
}

/** A stream whose connection is carried from elsewhere. */
export interface Relay {
  readonly stream: Stream;
  /** What came over the connection: no more under way than RELAY_WINDOW. */
  receive(bytes: Uint8Array): void;
  taken(bytes: number): void;
  /** The connection is gone. */
  end(reason: string): void;
}

export interface RelayNet {
  /** A stream of a connection that stands already and is carried by `carrier`. */
  relay(carrier: Carrier, events: StreamEvents): Relay;
}
