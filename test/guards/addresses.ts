/** Where what goes out may go. */
import type { Guarded } from './guard.ts';

const GUARD = 'test/daemon/guard.test.ts';
const WAYS = 'test/daemon/ways-out.test.ts';
const HTTP = 'test/daemon/http.test.ts';
const PAGE = 'test/adapters/local/web.test.ts';

const refusedAddresses = { file: GUARD, title: 'refuses %s for every purpose' };
const everyWay = { file: WAYS, title: 'is not at %s' };
const homeNetwork = { file: WAYS, title: 'asks nothing of the home network at %s, redirected or not' };

const PORT_TEST = {
  file: 'test/sim/activity.test.ts',
  title: 'the test of a port goes to a public address alone, once at a time, and ends by itself',
};

export const ADDRESSES: readonly Guarded[] = [
  {
    row: 15,
    name: 'the guard of TCP and uTP',
    file: 'daemon/io/tcp.ts',
    text: 'else if (resolved.status !== NetStatus.OK) this.#failed(frame, peer, resolved.status, resolved.detail);\n    else await this.#dialFirst(frame, peer, resolved.addresses.slice(0, DIALLED));',
    instead: 'else await this.#dialFirst(frame, peer, [{ host: frame.host, family: frame.host.includes(":") ? 6 : 4 }]);',
    tests: [everyWay],
  },
  {
    row: 15,
    name: 'the guard of HTTP',
    file: 'daemon/io/http-client.ts',
    text: "this.#guard.resolve(url.hostname, port, 'http')",
    instead: "this.#guard.resolve(url.hostname, port, 'peer')",
    tests: [homeNetwork, { file: HTTP, title: 'is not led to %s by a redirect, nor sent there' }],
  },
  {
    row: 15,
    name: 'ranges that are for nobody',
    file: 'daemon/io/guard.ts',
    text: 'return ALLOWED[purpose].has(range) ? null : range;',
    instead: "return range !== 'loopback' ? null : range;",
    tests: [refusedAddresses, everyWay, homeNetwork, { file: GUARD, title: 'lets peers be at %s, and no HTTP' }],
  },
  {
    row: 15,
    name: 'IPv6 that was given to nobody, and may hide IPv4',
    file: 'daemon/io/guard.ts',
    text: ' && !parsed.match(GIVEN_OUT)',
    instead: ' && false',
    tests: [refusedAddresses, everyWay],
  },
  {
    row: 15,
    name: 'metadata services',
    file: 'daemon/io/guard.ts',
    text: "    if (METADATA.has(parsed.toString())) return 'metadata';\n",
    instead: '',
    tests: [refusedAddresses, everyWay],
  },
  {
    row: 15,
    name: 'numbers that some systems take for addresses',
    file: 'daemon/io/guard.ts',
    text: ' || NUMERIC_NAME.test(bare)',
    instead: '',
    tests: [{ file: GUARD, title: 'takes %j for neither a name nor an address' }],
  },
  {
    row: 15,
    name: 'our own ports at any address of ours',
    file: 'daemon/io/guard.ts',
    text: "    if (this.#ownPorts.has(port) && isOfThisMachine(parsed)) return 'own port';\n",
    instead: '',
    tests: [
      { file: GUARD, title: 'never lets a port of its own be dialled on this machine, whatever is allowed' },
      { file: 'test/daemon/tcp.test.ts', title: 'tells why a connect failed' },
      {
        file: 'test/daemon/udp.test.ts',
        title: 'sends to no address that the guard refuses, no name, no other family, and not to itself',
      },
    ],
  },
  {
    row: 15,
    name: 'ports of other protocols',
    file: 'daemon/io/guard.ts',
    text: "    if (purpose === 'http' && BAD_PORTS.has(port)) return refused('a port of another protocol');\n",
    instead: '',
    tests: [
      { file: GUARD, title: 'asks nobody over HTTP at port %i, which speaks something else; a peer may be there' },
      { file: WAYS, title: 'is led to no port of another protocol' },
    ],
  },
  {
    row: 15,
    name: 'listening at addresses alone',
    file: 'daemon/io/tcp.ts',
    text: " || (host !== '' && isIP(host) === 0)",
    instead: '',
    tests: [{ file: 'test/daemon/tcp.test.ts', title: 'listens at addresses alone: no name is looked up for it' }],
  },
  {
    row: 16,
    name: 'every address of a name',
    file: 'daemon/io/guard.ts',
    text: "if (!this.permits(address, port, purpose)) return refused('the address is not to be reached from here');",
    instead: 'if (!this.permits(address, port, purpose)) continue;',
    tests: [{ file: GUARD, title: 'gives all addresses of a name, if every one of them may be reached' }],
  },
  {
    row: 16,
    name: 'the checked address is the one dialled',
    file: 'daemon/io/http-client.ts',
    text: '      lookup: pinned(addresses.slice(0, DIALLED)),\n',
    instead: '',
    tests: [{ file: HTTP, title: 'tries the next address of a name where one does not answer' }],
  },
  {
    row: 17,
    name: 'the guard of datagrams',
    file: 'daemon/io/udp.ts',
    text: ' || !this.#permits(host, port)) return;',
    instead: ') return;',
    tests: [
      {
        file: 'test/daemon/udp.test.ts',
        title: 'sends to no address that the guard refuses, no name, no other family, and not to itself',
      },
    ],
  },
  {
    row: 17,
    name: 'groups of local discovery alone',
    file: 'daemon/io/udp.ts',
    text: "    if (!GROUPS.has(group)) throw new WireError(ErrorCode.BAD_STATE, 'not a group that may be joined', id);\n",
    instead: '',
    tests: [{ file: 'test/daemon/udp.test.ts', title: 'joins the groups of local discovery and no others' }],
  },
  {
    row: 19,
    name: 'the guard on every hop',
    file: 'daemon/io/http-client.ts',
    text: '      const response = await this.#ask(url, { family, headers: sent, keep }, signal);\n',
    instead:
      "      const guard = hop === 0 ? this.#guard : new (this.#guard.constructor as new (allow: string[]) => Guard)(['0.0.0.0/0', '::/0']);\n      const response = await new HttpClient(guard).#ask(url, { family, headers: sent, keep }, signal);\n",
    tests: [homeNetwork, { file: WAYS, title: 'looks a name up anew on every hop, and checks it anew' }],
  },
  {
    row: 19,
    name: 'from https to https alone',
    file: 'daemon/io/http-client.ts',
    text: "url.protocol === 'https:' && next.protocol === 'http:'",
    instead: 'false',
    tests: [{ file: WAYS, title: "HTTP is not led from https to http${hasOpenssl ? '' : ' (needs openssl)'}" }],
  },
  {
    row: '19a',
    name: 'what a page is not to fetch from',
    file: 'sw/adapters/local/reach.ts',
    text: '    if (!this.isPublic(url.hostname)) return OWN_NETWORK;\n',
    instead: '',
    tests: [{ file: PAGE, title: 'asks nothing of %s' }],
  },
  {
    row: '19a',
    name: 'ranges that no page fetches from',
    file: 'sw/adapters/local/public-host.ts',
    text: "  return address.range() === 'unicast';",
    instead: "  return address.range() !== 'loopback';",
    tests: [{ file: PAGE, title: 'asks nothing of %s' }],
  },
  {
    row: '19a',
    name: 'where a redirect has led a page',
    file: 'sw/adapters/local/reach.ts',
    text: '    if (!response.redirected || this.isPublic(new URL(response.url).hostname)) return response;',
    instead: '    return response;',
    tests: [{ file: PAGE, title: 'reads nothing of what a redirect has led to in its own network' }],
  },
  {
    row: 68,
    name: 'the test of the port, to public addresses alone',
    file: 'sw/engine/port-test.ts',
    text: "told && ip && scopeOf(ip) === 'public' ? told : null",
    instead: 'told && ip ? told : null',
    tests: [PORT_TEST],
  },
  {
    row: 68,
    name: 'the test of the port, once at a time',
    file: 'sw/engine/port-test.ts',
    text: "    if (this.state === 'running') return;\n    const host",
    instead: '    const host',
    tests: [PORT_TEST],
  },
  {
    row: 20,
    name: 'http and https alone',
    file: 'daemon/io/http-client.ts',
    text: "  if (url.protocol !== 'http:' && url.protocol !== 'https:') {\n    throw new HttpProblem(NetStatus.REFUSED_BY_GUARD, 'neither http nor https');\n  }\n",
    instead: '',
    tests: [{ file: WAYS, title: 'is not spoken to %s, redirected or not' }],
  },
  {
    row: 20,
    name: 'no WebSocket to a tracker from Node',
    file: 'daemon/host/away/engine.ts',
    text: 'sockets: null,',
    instead:
      "sockets: { open: url => (void fetch(url.replace('wss', 'https')).catch(() => undefined), { send: () => undefined, close: () => undefined }) },",
    tests: [
      { file: 'test/adapters/node-engine.test.ts', title: 'opens no WebSocket to a tracker, and has nothing to complain of' },
    ],
  },
];
