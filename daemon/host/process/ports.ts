/**
 * Which port the host stands on. It is part of the app's origin, so once chosen it stays: another port is another app
 * to the browser, with another worker and other pairings.
 */
import type { Server } from 'node:http';
import { HOST_PORTS } from '../../wire/control.ts';
import { hasCode } from '../store/durable.ts';
import { StartError } from '../errors.ts';
import { listenerOn } from './process-info.ts';

export const LOOPBACK = '127.0.0.1';

/** Resolves to the port, or to null where another process has it. */
export function listen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', listening);
      if (hasCode(error, 'EADDRINUSE')) resolve(null);
      else if (hasCode(error, 'EACCES'))
        reject(new StartError(`Port ${port} may not be used by this account. Choose one above 1023.`));
      else reject(error);
    };
    const listening = (): void => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    server.once('error', failed);
    server.once('listening', listening);
    server.listen({ port, host: LOOPBACK, exclusive: true });
  });
}

/**
 * `asked`: the port that the command line names (0: the kept one, else any), null for none. `kept`: the port of earlier
 * starts, null on the first. @throws {StartError} that says who has the port and what to do
 */
export async function takePort(
  server: Server,
  { asked, kept, candidates = HOST_PORTS }: { asked: number | null; kept: number | null; candidates?: readonly number[] },
): Promise<number> {
  const fixed = asked === 0 ? (kept ?? 0) : (asked ?? kept);
  if (fixed !== null) {
    const port = await listen(server, fixed);
    if (port === null) throw new StartError(await taken(fixed));
    return port;
  }
  for (const candidate of candidates) {
    const port = await listen(server, candidate);
    if (port !== null) return port;
  }
  throw new StartError(`Each of the ports ${candidates.join(', ')} is taken. Choose another with --port.`);
}

async function taken(port: number): Promise<string> {
  const [isOurs, who] = await Promise.all([isStarling(port), listenerOn(port)]);
  const holder = isOurs ? `the Starling of another home folder${who && `, ${who}`}` : who || 'another program';
  return (
    `Port ${port} is taken by ${holder}. Stop that and start again, or choose another port with --port; ` +
    'to the browser the app on another port is a new one, to be installed and paired anew.'
  );
}

async function isStarling(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${LOOPBACK}:${port}/health`, { signal: AbortSignal.timeout(500) });
    const health: unknown = await response.json();
    return typeof health === 'object' && health !== null && 'name' in health && health.name === 'starling';
  } catch {
    return false;
  }
}
