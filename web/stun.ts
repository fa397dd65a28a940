/** STUN servers as a person writes them. */
import { isolated } from './format.ts';
import { words } from './words/words.ts';

const MOST = 8;
/** Where a server listens that says nothing else (RFC 8489). */
const USUAL_PORT = '3478';
const SERVER = /^(?:stun:)?(\[[0-9a-f:.]{2,45}\]|[0-9a-z._-]{1,253})(?::([1-9]\d{0,4}))?$/i;

/** Each as `stun:host:port`; or what is wrong, and what to do, in words for people. */
export type StunServers = { readonly servers: readonly string[] } | { readonly problem: string };

/** The servers of a text, one a line or with commas between. */
export function readStunServers(text: string): StunServers {
  const servers = new Set<string>();
  for (const word of text.split(/[\s,]+/).filter(each => each !== '')) {
    const server = isolated(word.slice(0, 100));
    if (/^turns?:/i.test(word)) {
      return { problem: words.settings.stunTurn({ server }) };
    }
    const [, host, port = USUAL_PORT] = SERVER.exec(word) ?? [];
    // Browsers take `[:::]` and port 65536 as well, and ask nobody.
    if (host === undefined || !URL.canParse(`http://${host}:${port}`)) {
      return { problem: words.settings.stunNone({ server }) };
    }
    servers.add(`stun:${host}:${port}`);
  }
  if (servers.size > MOST) return { problem: words.settings.stunTooMany({ count: servers.size, most: MOST }) };
  return { servers: [...servers] };
}
