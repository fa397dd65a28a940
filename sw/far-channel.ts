/** A way to another browser: from the one at work to one that follows it, and back. */
export interface FarChannel {
  send(message: unknown): void;
  close(): void;
}

export interface FarEvents {
  message(message: unknown): void;
  /** By the far end, or with the connection; not by `close`. */
  closed(): void;
}
