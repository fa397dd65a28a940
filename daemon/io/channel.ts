/** What a peer's connection is made of: a TCP socket of the system, or one of our own uTP. */
export interface Channel {
  /** Bytes that were written and that the system, or the network, has not taken. */
  readonly writableLength: number;
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

/** Where what is read from a channel is put, and who is told: the buffer is the reader's again when that returns. */
export interface Reading {
  buffer(): Buffer;
  callback(count: number, bytes: Buffer): void;
}
