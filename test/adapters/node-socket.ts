import { WebSocket } from 'ws';
import type { OpenSocket } from '../../sw/adapters/daemon-channel.ts';

/** A WebSocket of Node's, with the page's Origin, as a browser would send it. */
export function openNodeSocket(origin: string): OpenSocket {
  return (url, events) => {
    const socket = new WebSocket(url, { origin, perMessageDeflate: false });
    socket.binaryType = 'arraybuffer';
    socket.on('open', () => events.opened());
    socket.on('message', data => events.message(new Uint8Array(data as ArrayBuffer)));
    // What is wrong is followed by close.
    socket.on('error', () => undefined);
    socket.on('close', () => events.closed());
    return {
      send: bytes => socket.send(bytes),
      close: () => socket.close(),
      buffered: () => socket.bufferedAmount,
    };
  };
}
