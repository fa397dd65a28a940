/** Many who come to a port at once. */
import { connect, type Socket } from 'node:net';

/** `npm run flood` has them all. */
export const MANY = process.env['STARLING_FLOOD'] === 'full' ? 10_000 : 2_000;

/** Comes to a port so many times, in batches; gives those that stay open. `heard` is told of each that is told something. */
export async function come(port: number, count: number, heard: () => void = () => undefined): Promise<Set<Socket>> {
  const open = new Set<Socket>();
  for (let come = 0; come < count; come += 250) {
    const batch = Array.from({ length: 250 }, () => {
      const socket = connect({ port, host: '127.0.0.1' });
      open.add(socket);
      socket.once('data', heard);
      socket.on('close', () => open.delete(socket));
      return new Promise<void>(resolve => socket.on('error', () => resolve()).once('connect', () => resolve()));
    });
    await Promise.all(batch);
  }
  return open;
}

export function leave(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
