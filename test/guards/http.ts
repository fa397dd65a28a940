/** Requests to the io-daemon: who may ask, for what, and for how long. */
import type { Guarded } from './guard.ts';

const REQUESTS = 'test/daemon/requests.test.ts';
const FILES = 'test/daemon/requests-files.test.ts';
const LIMITS = 'test/daemon/requests-limits.test.ts';

const everyRoute = { file: REQUESTS, title: 'lets in one origin with one ticket, on every route' };
const noNumber = { file: REQUESTS, title: 'takes no number that is none' };
const beyond = { file: REQUESTS, title: 'gives nothing beyond the end' };
const trickle = { file: LIMITS, title: 'a body that trickles is cut off, and what it held is given back' };

export const HTTP: readonly Guarded[] = [
  {
    row: 2,
    name: 'one Origin for requests to the io-daemon',
    file: 'daemon/io/http-in.ts',
    text: "    if (stranger !== '') throw new Refusal(Number.parseInt(stranger), 'origin');\n",
    instead: '',
    tests: [everyRoute],
  },
  {
    row: 4,
    name: 'the method of a route',
    file: 'daemon/io/http-in.ts',
    text: '!isPreflight && !route.methods.some(method => method === request.method)',
    instead: 'route.methods.length === 0',
    tests: [everyRoute],
  },
  {
    row: 4,
    name: 'no body where none belongs',
    file: 'daemon/io/http-in.ts',
    text: "    if (hasBody(request) && (isPreflight || !route.takesBody)) throw new Refusal(400, 'body');\n",
    instead: '',
    tests: [
      { file: REQUESTS, title: 'takes no request with a body where none belongs, and none without its length where it is held' },
    ],
  },
  {
    row: 14,
    name: 'the ticket, for every route',
    file: 'daemon/io/http-in.ts',
    text: "    if (!isAdmitted()) throw new Refusal(401, 'ticket', { 'www-authenticate': 'Bearer' });\n",
    instead: '',
    tests: [everyRoute],
  },
  {
    row: 14,
    name: 'the token of who ends the host',
    file: 'daemon/host/http/http.ts',
    text: 'options.tokens.find({ token, origin: originOf(options.port()), installId }) === null',
    instead: 'token === options.localSecret',
    tests: [{ file: 'test/host/http.test.ts', title: 'the end is for the app that is paired to ask for, and for nobody else' }],
  },
  {
    row: 28,
    name: 'a path that names something',
    file: 'daemon/io/requests/headers.ts',
    text: "  if (components.length === 0) throw malformed('x-path-base64');\n",
    instead: '',
    tests: [{ file: FILES, title: 'deletes nothing without a path: the root survives' }],
  },
  {
    row: 29,
    name: 'a root that is known',
    file: 'daemon/io/roots.ts',
    text: 'if (path === undefined || !(await this.#mounts.isThere(path))) throw new FileProblem(FileStatus.NO_SUCH_ROOT);\n    return path;',
    instead: "return path ?? '/';",
    tests: [{ file: REQUESTS, title: 'answers a root that is unknown or forged as any other that is none' }],
  },
  {
    row: 29,
    name: 'a ticket that is still the one when the bytes are there',
    file: 'daemon/io/requests/write.ts',
    text: "    if (!call.isAdmitted()) throw new Refusal(401, 'ticket');\n",
    instead: '',
    tests: [{ file: LIMITS, title: 'a write whose ticket is taken back while its body comes changes nothing' }],
  },
  {
    row: 30,
    name: 'numbers in digits alone',
    file: 'daemon/io/requests/headers.ts',
    text: '/^(?:0|[1-9]\\d{0,15})$/.test(text) ? Number(text) : NaN',
    instead: 'Number(text)',
    tests: [
      noNumber,
      { file: 'test/daemon/requests-headers.test.ts', title: 'numbers are decimal integers below 2^53, spelt in one way' },
    ],
  },
  {
    row: 30,
    name: 'headers that stand there once',
    file: 'daemon/io/requests/headers.ts',
    text: '    if (value !== undefined) throw malformed(name);\n',
    instead: '',
    tests: [noNumber, { file: 'test/daemon/requests-headers.test.ts', title: 'stand there once or not at all' }],
  },
  {
    row: 30,
    name: 'reads within the file',
    file: 'daemon/io/requests/read.ts',
    text: '    if (from > size || to > size) throw beyond(size);\n',
    instead: '',
    tests: [beyond],
  },
  {
    row: 30,
    name: 'writes within the declared size',
    file: 'daemon/io/requests/write.ts',
    text: "  if (target.offset + length > target.size) throw new Refusal(416, 'x-file-size');\n",
    instead: '',
    tests: [{ file: REQUESTS, title: 'keeps to the declared size, and to the longest body' }],
  },
  {
    row: 30,
    name: 'the longest body',
    file: 'daemon/io/requests/headers.ts',
    text: "  if (length > most) throw new Refusal(413, 'too-large');\n",
    instead: '',
    tests: [
      { file: REQUESTS, title: 'keeps to the declared size, and to the longest body' },
      { file: REQUESTS, title: 'has a longest body' },
    ],
  },
  {
    row: 31,
    name: 'ranges within the file',
    file: 'daemon/wire/byte-range.ts',
    text: "return from >= size ? 'beyond' : { from, to };",
    instead: 'return { from, to };',
    tests: [beyond],
  },
  {
    row: 31,
    name: 'the end of an answer that nobody takes',
    file: 'daemon/io/requests/body.ts',
    text: '    response.destroy();\n    ended.abort();\n',
    instead: '',
    tests: [{ file: LIMITS, title: 'an answer that nobody takes is cut off, and its file closed' }],
  },
  {
    row: 31,
    name: 'the end of an answer that waits behind another',
    file: 'daemon/io/http-in.ts',
    text: '    endWithSocket(request, response);\n',
    instead: '',
    tests: [{ file: LIMITS, title: 'an answer behind another %s is over, and its file closed' }],
  },
  {
    row: 31,
    name: 'the end of a file with its answer',
    file: 'daemon/io/requests/read.ts',
    text: '    await file.close();\n',
    instead: '',
    tests: [{ file: LIMITS, title: 'an answer that nobody takes is cut off, and its file closed' }],
  },
  {
    row: 31,
    name: 'an answer that turns out short',
    file: 'daemon/io/http-in.ts',
    text: 'if (response.headersSent) response.destroy();',
    instead: 'if (response.headersSent) request.resume();',
    tests: [{ file: LIMITS, title: 'a file that turns out shorter than it was ends the answer short' }],
  },
  {
    row: 32,
    name: 'the time for a head',
    file: 'daemon/io/server.ts',
    text: 'headersTimeout: 5_000',
    instead: 'headersTimeout: 600_000',
    tests: [{ file: 'test/daemon/door.test.ts', title: 'lets no stranger hold a place, by half an ending or half a request' }],
  },
  {
    row: 32,
    name: 'the least pace of a body',
    file: 'daemon/io/requests/body.ts',
    text: '    if (came - seen < BODY_PACE && !isOurs) request.destroy();\n',
    instead: '',
    tests: [trickle],
  },
  {
    row: 32,
    name: 'what a body held is given back',
    file: 'daemon/io/requests/write.ts',
    text: '    services.writes.give(length);\n',
    instead: '',
    tests: [trickle],
  },
  {
    row: 32,
    name: 'bodies of strangers are not read',
    file: 'daemon/io/requests/answers.ts',
    text: '!isHeardOut || ',
    instead: '',
    tests: [{ file: LIMITS, title: 'a stranger is answered and not listened to: %j' }],
  },
  {
    row: 32,
    name: 'memory for bodies',
    file: 'daemon/io/writes.ts',
    text: 'this.#held + bytes > WRITE_HELD',
    instead: 'this.#held < 0',
    tests: [
      { file: LIMITS, title: 'bodies of writes wait unread while others hold the memory for them' },
      { file: LIMITS, title: 'wait for memory in the order that they came' },
    ],
  },
  {
    row: 32,
    name: 'a body is read no faster than it is hashed',
    file: 'daemon/io/requests/body.ts',
    text: '      await take(part);\n',
    instead: '      void Promise.resolve(take(part)).catch(() => undefined);\n',
    tests: [
      {
        file: 'test/daemon/requests-hash.test.ts',
        title: 'a body waits unread while a chunk of it is hashed, and is not cut off for that',
      },
    ],
  },
  {
    row: 32,
    name: 'what a body held with its thread is given back',
    file: 'daemon/io/requests/hash.ts',
    text: '      hashing.end();\n',
    instead: '',
    tests: [
      {
        file: 'test/daemon/requests-hash.test.ts',
        title: 'a body waits unread while a chunk of it is hashed, and is not cut off for that',
      },
    ],
  },
  {
    row: 32,
    name: 'requests at once',
    file: 'daemon/io/http-in.ts',
    text: "    if (this.#running > LIMITS.requests) throw new Refusal(503, 'limit');\n",
    instead: '',
    tests: [{ file: LIMITS, title: 'requests at once have a limit, those behind each other on one connection as well' }],
  },
  {
    row: 65,
    name: 'a save needs a key',
    file: 'sw/saving.ts',
    text: '    if (!isOurs) return',
    instead: '    if (false) return',
    tests: [
      {
        file: 'test/adapters/saving.test.ts',
        title:
          'begins for who has asked a window of ours a moment ago, once and for that alone, and for nobody whom a link leads there',
      },
    ],
  },
  {
    row: 66,
    name: 'a share that is noted is of files that are nobody else’s',
    file: 'sw/share-notes.ts',
    text: ' && !engine.roots.owns(BROWSER_ROOT, top)',
    instead: '',
    tests: [
      {
        file: 'test/adapters/share-notes.test.ts',
        title: 'what a worker left that ended as it listed a share comes into the list, if its files are there and nobody else’s',
      },
    ],
  },
];
