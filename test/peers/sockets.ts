/** The WebSockets of Node, as the browser's adapter has its own. */
import { WebSocket } from 'ws';
import type { WebSockets } from '../../sw/engine/ports.ts';

/** Takes any certificate: those of the trackers here are made for the test. */
export const nodeSockets: WebSockets = {
  open(url, events) {
    let wanted = true;
    const socket = new WebSocket(url, { rejectUnauthorized: false });
    socket.on('open', () => wanted && events.opened());
    socket.on('message', data => wanted && events.message((data as Buffer).toString()));
    // A close follows every error.
    socket.on('error', () => undefined);
    socket.on('close', () => wanted && events.closed());
    return {
      send: text => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => {
        wanted = false;
        socket.close();
      },
    };
  },
};
