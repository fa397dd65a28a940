/**
 * What every request and every upgrade must be before it is looked at: for exactly this host, from exactly this app, or from
 * one that is paired. A page of another origin, a name rebound to 127.0.0.1, or a second Host header gets no further. Three
 * paths, by which an app of a website comes to be paired, answer a page of any https origin.
 */
import { isWebsite } from '../pairing/origins.ts';
import { LOOPBACK } from '../process/ports.ts';

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

/** Who may ask. */
export interface Admitted {
  /** The host's own. */
  readonly own: string;
  /** Whether a token is bound to that origin. */
  readonly isPaired: (origin: string) => boolean;
}

/** What an app asks before it is paired: whether we are here, to be paired, and what became of that. */
export const OPEN_DOORS = ['/health', '/pair', '/status'] as const;

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
export function refuse(head: RequestHead, { own, isPaired }: Admitted, isUpgrade: boolean): Refusal | null {
  const [host, ...moreHosts] = valuesOf('host', head.rawHeaders);
  if (host === undefined || moreHosts.length > 0) return { status: 400, text: 'One Host header is expected.' };
  if (host !== new URL(own).host) return { status: 421, text: `This is ${own}/ and answers to no other name.` };
  if (head.url === undefined || !head.url.startsWith('/')) return { status: 400, text: 'A path is expected.' };
  const { url, method } = head;
  // What is judged here is what is looked up later: no `..`, in whatever spelling, leads from one path to another.
  if (new URL(own + url).href !== own + url) return { status: 400, text: 'A path in its plain form is expected.' };
  const isOpen = !isUpgrade && OPEN_DOORS.some(door => door === url);
  // A browser asks first whether a page of another origin may ask.
  const isPreflight = isOpen && method === 'OPTIONS';
  if (!isPreflight && method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
    return { status: 405, text: 'GET, HEAD and POST are known here.' };
  }
  const origins = valuesOf('origin', head.rawHeaders);
  const mustNameOrigin = isUpgrade || isPreflight || (method === 'POST' && !isLocalDoor(url));
  const isLetIn = (origin: string): boolean => origin === own || (isOpen && isWebsite(origin)) || (isUpgrade && isPaired(origin));
  if (origins.length > 1 || (origins.length === 0 && mustNameOrigin) || !origins.every(isLetIn)) {
    return { status: 403, text: 'Only the app itself may ask this.' };
  }
  return null;
}

/** Requests of other programs of the same person, which hold the secret of the lock file and send no Origin. */
export function isLocalDoor(url: string): boolean {
  return url.startsWith('/local/');
}
