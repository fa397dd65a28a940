/** Who gets in, and where what goes out may go. */
import type { Guarded } from './guard.ts';

const IO_DOOR = 'test/daemon/door.test.ts';
const GUARD = 'test/daemon/guard.test.ts';
const HOST = 'test/host/http.test.ts';

const refusedAddresses = { file: GUARD, title: 'refuses %s for every purpose' };
const ioStrangers = { file: IO_DOOR, title: 'opens to the one host, origin and path, and to none that looks like them' };
const hostHosts = { file: HOST, title: 'Host: exactly one, exactly ours, before anything is looked at' };
const hostOrigins = { file: HOST, title: 'Origin: ours or, where a browser sends none, none; no answer allows another' };
const hostUpgrades = { file: HOST, title: 'upgrades: /control alone, from our origin alone, and no 101 to anyone else' };

export const DOOR: readonly Guarded[] = [
  {
    row: 1,
    name: 'one Host at the io-daemon',
    file: 'daemon/io/server.ts',
    text: 'hosts !== 1 || ',
    instead: '',
    tests: [ioStrangers],
  },
  {
    row: 1,
    name: 'exactly our Host at the io-daemon',
    file: 'daemon/io/server.ts',
    text: 'headers.host !== `127.0.0.1:${this.#port}`',
    instead: '!headers.host?.startsWith(`127.0.0.1`)',
    tests: [ioStrangers],
  },
  {
    row: 1,
    name: 'one Host at the host',
    file: 'daemon/host/request-guard.ts',
    text: 'host === undefined || moreHosts.length > 0',
    instead: 'host === undefined',
    tests: [hostHosts],
  },
  {
    row: 1,
    name: 'exactly our Host at the host',
    file: 'daemon/host/request-guard.ts',
    text: 'host !== new URL(origin).host',
    instead: '!host.startsWith(new URL(origin).hostname)',
    tests: [hostHosts],
  },
  {
    row: 2,
    name: 'Origin at the host',
    file: 'daemon/host/request-guard.ts',
    text: 'origins.some(value => value !== origin)',
    instead: 'origins.some(value => !value.startsWith(origin))',
    tests: [hostOrigins],
  },
  {
    row: 2,
    name: 'an Origin where something changes, at the host',
    file: 'daemon/host/request-guard.ts',
    text: '(origins.length === 0 && mustNameOrigin) || ',
    instead: '',
    tests: [hostOrigins, hostUpgrades],
  },
  {
    row: 3,
    name: 'Origin of upgrades at the host',
    file: 'daemon/host/http.ts',
    text: 'if (refusal !== null) {\n      options.refused(refusal.text);\n      refuseUpgrade(socket, refusal);\n    } else if',
    instead: 'if',
    tests: [hostUpgrades],
  },
  {
    row: 3,
    name: 'Origin of upgrades at the io-daemon',
    file: 'daemon/io/server.ts',
    text: ' || headers.origin !== this.#admission.origin',
    instead: '',
    tests: [ioStrangers],
  },
  {
    row: 15,
    name: 'ranges that are for nobody',
    file: 'daemon/io/guard.ts',
    text: 'return ALLOWED[purpose].has(range) ? null : range;',
    instead: "return range !== 'loopback' ? null : range;",
    tests: [refusedAddresses, { file: GUARD, title: 'lets peers be at %s, and no HTTP' }],
  },
  {
    row: 15,
    name: 'IPv6 that was given to nobody, and may hide IPv4',
    file: 'daemon/io/guard.ts',
    text: ' && !parsed.match(GIVEN_OUT)',
    instead: ' && false',
    tests: [refusedAddresses],
  },
  {
    row: 15,
    name: 'metadata services',
    file: 'daemon/io/guard.ts',
    text: "    if (METADATA.has(parsed.toString())) return 'metadata';\n",
    instead: '',
    tests: [refusedAddresses],
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
    row: 16,
    name: 'every address of a name',
    file: 'daemon/io/guard.ts',
    text: "if (!this.permits(address, port, purpose)) return refused('the address is not to be reached from here');",
    instead: 'if (!this.permits(address, port, purpose)) continue;',
    tests: [{ file: GUARD, title: 'gives all addresses of a name, if every one of them may be reached' }],
  },
];
