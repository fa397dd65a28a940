/** Browsers that follow this one, served as if they were windows. */
import type { ApiServer, WindowPort } from './api-server.ts';

/** A way to the far browser. */
export interface FarChannel {
  send(message: unknown): void;
  close(): void;
}

export interface FarEvents {
  message(message: unknown): void;
  closed(): void;
}

/**
 * For each channel that one opens: its first message is what a window posts to connect, with a version and without a port; with
 * `list: false` it is for details alone.
 */
export function serveRelayed(server: ApiServer, channel: FarChannel, number: number): FarEvents {
  let hear: ((message: unknown) => void) | null = null;
  let closed = (): void => undefined;
  const port: WindowPort = {
    post: message => channel.send(message),
    close: () => channel.close(),
    listen(hearing, closing) {
      hear = hearing;
      closed = closing;
    },
  };
  let isConnected = false;
  return {
    message(message) {
      if (isConnected) {
        hear?.(message);
        return;
      }
      isConnected = true;
      const version = typeof message === 'object' && message !== null && 'version' in message ? message.version : null;
      const hasList = typeof message !== 'object' || message === null || !('list' in message) || message.list !== false;
      server.connectRelayed(port, `relayed ${number}`, version, hasList);
    },
    closed: () => closed(),
  };
}
