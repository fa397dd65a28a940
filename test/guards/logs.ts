/** What must not come to stand in a log. */
import type { Guarded, NamedTest } from './guard.ts';

const SCRUB = 'daemon/host/logs/scrub.ts';
const LINES = 'daemon/host/logs/log-lines.ts';
const logs = (title: string): NamedTest => ({ file: 'test/host/logs.test.ts', title });
const io: NamedTest = {
  file: 'test/host/secrets.test.ts',
  title: 'whatever the io-daemon says, its log holds neither secrets nor names',
};

const figures: NamedTest = {
  file: 'test/host/metrics.test.ts',
  title: 'figures are for who has the token of the home, and for no page',
};

const hostileName = { file: 'test/host/notifier.test.ts', title: 'keeps a name out of options, markup and scripts on %s' };

export const LOGS: readonly Guarded[] = [
  {
    row: 8,
    name: 'no text of a log holds a secret',
    file: SCRUB,
    text: ".replace(SECRET, '[secret]')",
    instead: '',
    tests: [logs('is never a token, a digest, an info-hash or the address of a tracker, verbose or not'), io],
  },
  {
    row: 8,
    name: 'no field of a log holds a secret',
    file: SCRUB,
    text: "  if (HIDDEN.has(name)) return '[secret]';\n",
    instead: '',
    tests: [logs('is never a token, a digest, an info-hash or the address of a tracker, verbose or not')],
  },
  {
    row: 8,
    name: 'no log holds the address of a tracker',
    file: SCRUB,
    text: ".replace(URL, '[url]')",
    instead: '',
    tests: [logs('is never a token, a digest, an info-hash or the address of a tracker, verbose or not')],
  },
  {
    row: 8,
    name: 'a secret is not cut in two',
    file: SCRUB,
    text: ".replace(/[\\w-]+$/, '')",
    instead: '',
    tests: [logs('is no part of a secret that stands where a long text is cut')],
  },
  {
    row: 8,
    name: 'no log names a file',
    file: SCRUB,
    text: ".replace(isCut ? CUT_PATH : QUOTED_PATH, '$1[path]$1').replace(PATH, '[path]')",
    instead: '',
    tests: [logs('is the name of a file or an address only where everything was asked for'), io],
  },
  {
    row: 8,
    name: 'no control character reaches a log',
    file: SCRUB,
    text: '.replace(CONTROL, spelled)',
    instead: '',
    tests: [logs('cannot begin a line, move a cursor or turn text around')],
  },
  {
    row: 8,
    name: 'what the io-daemon says is scrubbed',
    file: LINES,
    text: "msg: scrubText(typeof msg === 'string' ? msg : '', isVerbose)",
    instead: 'msg: String(msg)',
    tests: [io],
  },
  {
    row: 8,
    name: 'only so many kinds of lines a minute',
    file: LINES,
    text: "this.#kinds.has(own) || this.#kinds.size < KINDS ? own : ''",
    instead: 'own',
    tests: [logs('that all differ are no more than so many a minute')],
  },
  {
    row: 8,
    name: 'figures are for who has their token',
    file: 'daemon/host/http/http.ts',
    text: "!options.metrics.admits(c.req.header('authorization') ?? '')",
    instead: 'false',
    tests: [figures],
  },
  {
    row: 8,
    name: 'figures are for no page',
    file: 'daemon/host/http/http.ts',
    text: "c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined",
    instead: 'false',
    tests: [figures],
  },
  {
    row: 61,
    name: 'markup in a notification',
    file: 'daemon/host/screen/notifier.ts',
    text: 'escapeMarkup(text)',
    instead: 'text',
    tests: [hostileName],
  },
  {
    row: 61,
    name: 'escapes in a notification',
    file: 'daemon/host/screen/notifier.ts',
    text: ".replaceAll('\\\\', '\\\\\\\\')",
    instead: '',
    tests: [hostileName],
  },
  {
    row: 61,
    name: 'options of the program that notifies',
    file: 'daemon/host/screen/notifier.ts',
    text: "'--', TITLE",
    instead: 'TITLE',
    tests: [hostileName],
  },
];
