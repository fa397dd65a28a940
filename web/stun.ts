/** STUN servers as a person writes them. */
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
    const quoted = `“${word.slice(0, 100)}”`;
    if (/^turns?:/i.test(word)) {
      return { problem: `${quoted} is a TURN server, through which all data would go. Only STUN servers are used here.` };
    }
    const [, host, port = USUAL_PORT] = SERVER.exec(word) ?? [];
    // Browsers take `[:::]` and port 65536 as well, and ask nobody.
    if (host === undefined || !URL.canParse(`http://${host}:${port}`)) {
      return { problem: `${quoted} is no STUN server. Write each as stun:host:port.` };
    }
    servers.add(`stun:${host}:${port}`);
  }
  if (servers.size > MOST) return { problem: `These are ${servers.size} servers. Keep at most ${MOST}.` };
  return { servers: [...servers] };
}
