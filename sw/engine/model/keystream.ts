/** RC4 under `key`, of whose keystream the first `position` bytes are used up. */
export interface Keystream {
  readonly key: Uint8Array;
  readonly position: number;
}

/** How a stream is enciphered: what comes with one keystream, what is sent with the other. */
export interface StreamCipher {
  readonly receive: Keystream;
  readonly send: Keystream;
}
