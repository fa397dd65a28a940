/** Who gets in. */
import type { Guarded } from './guard.ts';

const IO_DOOR = 'test/daemon/door.test.ts';
const HOST = 'test/host/http.test.ts';

const ioStrangers = { file: IO_DOOR, title: 'opens to the one host, origin and path, and to none that looks like them' };
const plainRequests = { file: IO_DOOR, title: 'answers no plain request of a foreign page, nor one without the ticket' };
const hostHosts = { file: HOST, title: 'Host: exactly one, exactly ours, before anything is looked at' };
const hostOrigins = { file: HOST, title: 'Origin: ours or, where a browser sends none, none; no answer allows another' };
const hostUpgrades = {
  file: HOST,
  title: 'upgrades: /control alone, from our origin or one that is paired, and no 101 to anyone else',
};

const beforeAuth = {
  file: 'test/host/control.test.ts',
  title: 'before AUTH nothing else is heard, nothing long is taken, and time is short',
};

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
    file: 'daemon/host/http/request-guard.ts',
    text: 'host === undefined || moreHosts.length > 0',
    instead: 'host === undefined',
    tests: [hostHosts],
  },
  {
    row: 1,
    name: 'exactly our Host at the host',
    file: 'daemon/host/http/request-guard.ts',
    text: 'host !== new URL(own).host',
    instead: '!host.startsWith(new URL(own).hostname)',
    tests: [hostHosts],
  },
  {
    row: 2,
    name: 'paths in their plain form at the host',
    file: 'daemon/host/http/request-guard.ts',
    text: "  if (new URL(own + url).href !== own + url) return { status: 400, text: 'A path in its plain form is expected.' };\n",
    instead: '',
    tests: [{ file: HOST, title: 'a path that leads on to another one is none' }],
  },
  {
    row: 2,
    name: 'Origin at the host',
    file: 'daemon/host/http/request-guard.ts',
    text: 'origin === own || (isOpen',
    instead: 'origin.startsWith(own) || (isOpen',
    tests: [hostOrigins],
  },
  {
    row: 2,
    name: 'an Origin where something changes, at the host',
    file: 'daemon/host/http/request-guard.ts',
    text: '(origins.length === 0 && mustNameOrigin) || ',
    instead: '',
    tests: [hostOrigins, hostUpgrades],
  },
  {
    row: 2,
    name: 'Origin of plain requests at the io-daemon',
    file: 'daemon/io/http-in.ts',
    text: "    if (stranger !== '') throw new Refusal(Number.parseInt(stranger), 'origin');\n",
    instead: '',
    tests: [plainRequests],
  },
  {
    row: 3,
    name: 'Origin of upgrades at the host',
    file: 'daemon/host/http/http.ts',
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
    row: 4,
    name: 'Origin of what changes something',
    file: 'daemon/host/http/http.ts',
    text: '      if (refusal === null) {\n',
    instead: '      if (refusal?.status === 403 || refusal === null) {\n',
    tests: [{ file: HOST, title: 'what a foreign page can send without asking changes nothing' }],
  },
  {
    row: 4,
    name: 'JSON alone',
    file: 'daemon/host/pairing/pair-routes.ts',
    text: "if (c.req.header('content-type')?.split(';')[0] !== 'application/json')",
    instead: 'if (false)',
    tests: [hostOrigins],
  },
  {
    row: 4,
    name: 'a question changes nothing at the io-daemon',
    file: 'daemon/io/http-in.ts',
    text: '!isPreflight && !route.methods.some(method => method === request.method)',
    instead: 'false',
    tests: [plainRequests],
  },
  {
    row: 5,
    name: 'our Host, whatever the browser takes a name for',
    file: 'daemon/host/http/request-guard.ts',
    text: '  if (host !== new URL(own).host) return { status: 421, text: `This is ${own}/ and answers to no other name.` };\n',
    instead: '',
    tests: [{ file: 'test/e2e/rebinding.test.ts', title: 'gets nothing of the %s, as one origin with it' }],
  },
  {
    row: 6,
    name: 'five seconds to say who it is, at the io-daemon',
    file: 'daemon/io/server.ts',
    text: "tally.count('door', 'no AUTH in time');\n      ws.terminate();",
    instead: "tally.count('door', 'no AUTH in time');",
    tests: [{ file: IO_DOOR, title: 'closes on who says nothing for 5 s' }],
  },
  {
    row: 6,
    name: 'few bytes before it is known, in pieces, at the io-daemon',
    file: 'daemon/io/server.ts',
    text: 'if (socket.bytesRead - before > PRE_AUTH_FRAME + FRAMING) ws.terminate();',
    instead: '',
    tests: [{ file: IO_DOOR, title: 'closes on more than 4 KiB before AUTH, whole or in pieces' }],
  },
  {
    row: 6,
    name: 'AUTH first, at the io-daemon',
    file: 'daemon/io/server.ts',
    text: 'if (frame === null || !this.#admits(frame)) {',
    instead: 'if (frame !== null && !this.#admits(frame)) {',
    tests: [{ file: IO_DOOR, title: 'hears nothing before AUTH' }],
  },
  {
    row: 6,
    name: 'five seconds to say who it is, at the host',
    file: 'daemon/host/control/control-connection.ts',
    text: "setTimeout(() => this.refuse(CloseCode.AUTH, 'no AUTH in time'), AUTH_MS)",
    instead: 'setTimeout(() => undefined, AUTH_MS)',
    tests: [beforeAuth],
  },
  {
    row: 6,
    name: 'few bytes before it is known, at the host',
    file: 'daemon/host/control/control-connection.ts',
    text: '      else if (received > PRE_AUTH_FRAME + PRE_AUTH_SLACK) ws.terminate();\n',
    instead: '',
    tests: [{ file: 'test/host/control.test.ts', title: 'before AUTH no message is taken in pieces beyond a few KiB' }],
  },
  {
    row: 6,
    name: 'AUTH first, at the host',
    file: 'daemon/host/control/control-connection.ts',
    text: 'if (!this.isAuthenticated) this.first(frame);\n    else if',
    instead: 'if',
    tests: [beforeAuth],
  },
  {
    row: 7,
    name: 'a pause after guesses of a pairing secret',
    file: 'daemon/host/pairing/pairing.ts',
    text: "    if (now < this.lockedUntil) return { outcome: 'locked', retryMs: this.lockedUntil - now };\n",
    instead: '',
    tests: [
      { file: 'test/host/pairing.test.ts', title: 'wrong guesses are locked out for a while, a right secret is not' },
      { file: HOST, title: 'POST /pair: paired once, then a clear answer; the redirect file goes with its link' },
    ],
  },
  {
    row: 7,
    name: 'a right ticket at the io-daemon',
    file: 'daemon/io/server.ts',
    text: 'return this.#isTicket(token) && origin === this.#admission?.origin;',
    instead: 'return origin === this.#admission?.origin;',
    tests: [
      { file: IO_DOOR, title: 'takes no guess for a ticket, however many come, and who is inside does not notice' },
      { file: IO_DOOR, title: 'takes the newest ticket alone' },
    ],
  },
  {
    row: 7,
    name: 'a right token at the host',
    file: 'daemon/host/pairing/tokens.ts',
    text: 'if ((isIt || isNext) && ',
    instead: 'if (',
    tests: [
      { file: 'test/host/control.test.ts', title: 'wrong credentials get no further' },
      {
        file: 'test/host/control.test.ts',
        title: 'guesses of a token: each costs a connection, and who is let in does not notice',
      },
    ],
  },
  {
    row: 7,
    name: 'a token for its origin and browser alone',
    file: 'daemon/host/pairing/tokens.ts',
    text: ' && app.origin === origin && app.installId === installId) found',
    instead: ') found',
    tests: [{ file: 'test/host/control.test.ts', title: 'wrong credentials get no further' }],
  },
  {
    row: 7,
    name: 'the ticket of plain requests',
    file: 'daemon/io/http-in.ts',
    text: "    if (!isAdmitted()) throw new Refusal(401, 'ticket', { 'www-authenticate': 'Bearer' });\n",
    instead: '',
    tests: [plainRequests, { file: 'test/daemon/stream.test.ts', title: 'lets in the one page with the one ticket' }],
  },
];
