/** The browser's own WebSockets, for text. */
import type { TextSocket, WebSockets } from '../engine/ports.ts';

export const browserSockets: WebSockets = {
  open(url, events): TextSocket {
    let isOpen = true;
    const end = (): void => {
      if (isOpen) events.closed();
      isOpen = false;
    };
    const socket = makeSocket(url);
    if (socket === null) {
      queueMicrotask(end);
      return { send: () => undefined, close: () => (isOpen = false) };
    }
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (isOpen) events.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      // Some servers send their text in binary messages.
      const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data;
      if (isOpen && typeof text === 'string') events.message(text);
    };
    socket.onclose = end;
    return {
      send: text => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => {
        isOpen = false;
        socket.close();
      },
    };
  },
};

/** Null where the browser refuses the address, as it does one of a forbidden port. */
function makeSocket(url: string): WebSocket | null {
  try {
    return new WebSocket(url);
  } catch {
    return null;
  }
}
