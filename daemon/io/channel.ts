/** What a peer's connection is made of: a TCP socket of the system, or one of our own uTP. */
export interface Channel {
  /** Bytes that were written and that the system, or the network, has not taken. */
  readonly writableLength: number;
  /** Bytes that have arrived at the other side, where that is known. */
  readonly acknowledged?: number;
  /** What Node keeps behind a socket of the system. */
  readonly _handle?: { readonly bytesWritten?: number; readonly writeQueueSize?: number } | null;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect' | 'end' | 'close', listener: () => void): unknown;
  write(bytes: Uint8Array, written?: (error?: Error | null) => void): unknown;
  cork(): unknown;
  uncork(): unknown;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  destroy(): unknown;
}

/**
 * How much of `written` bytes has been taken by the other side, as far as can be told: of a socket of the system what that has
 * taken, which it does in parts of what it is given at once, while `writableLength` falls by all of that or not at all.
 */
export function takenOf(channel: Channel, written: number): number {
  const { bytesWritten, writeQueueSize } = channel._handle ?? {};
  if (bytesWritten !== undefined && writeQueueSize !== undefined) return bytesWritten - writeQueueSize;
  return channel.acknowledged ?? written - channel.writableLength;
}

/** Where what is read from a channel is put, and who is told: the buffer is the reader's again when that returns. */
export interface Reading {
  buffer(): Buffer;
  callback(count: number, bytes: Buffer): void;
}
