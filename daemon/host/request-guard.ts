/**
 * What every request and every upgrade must be before it is looked at: for exactly this host, from exactly this app.
 * A page of another origin, a name rebound to 127.0.0.1, or a second Host header gets no further.
 */
import { LOOPBACK } from './ports.ts';

export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Names and values in turn, as they came; Node's `headers` keep the first of two Host headers alone. */
  readonly rawHeaders: readonly string[];
}

export interface Refusal {
  readonly status: 400 | 403 | 405 | 421;
  readonly text: string;
}

export function originOf(port: number): string {
  return new URL(`http://${LOOPBACK}:${port}`).origin;
}

function valuesOf(name: string, rawHeaders: readonly string[]): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() === name) values.push(rawHeaders[at + 1]!);
  }
  return values;
}

/** Null where the request may go on. `isUpgrade`: one that asks for a WebSocket. */
export function refuse(head: RequestHead, origin: string, isUpgrade: boolean): Refusal | null {
  const [host, ...moreHosts] = valuesOf('host', head.rawHeaders);
  if (host === undefined || moreHosts.length > 0) return { status: 400, text: 'One Host header is expected.' };
  if (host !== new URL(origin).host) return { status: 421, text: `This is ${origin}/ and answers to no other name.` };
  if (head.url === undefined || !head.url.startsWith('/')) return { status: 400, text: 'A path is expected.' };
  if (head.method !== 'GET' && head.method !== 'HEAD' && head.method !== 'POST') {
    return { status: 405, text: 'GET, HEAD and POST are known here.' };
  }
  const origins = valuesOf('origin', head.rawHeaders);
  const mustNameOrigin = isUpgrade || (head.method === 'POST' && !isLocalDoor(head.url));
  if (origins.length > 1 || (origins.length === 0 && mustNameOrigin) || origins.some(value => value !== origin)) {
    return { status: 403, text: 'Only the app itself may ask this.' };
  }
  return null;
}

/** Requests of other programs of the same person, which hold the secret of the lock file and send no Origin. */
export function isLocalDoor(url: string): boolean {
  return url.startsWith('/local/');
}
