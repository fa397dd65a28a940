/** Who comes to be paired, and who is paired no more. */
import type { Guarded } from './guard.ts';

const WEBSITE = 'test/host/website.test.ts';
const REQUESTS = 'test/host/pair-requests.test.ts';
const APPROVAL = 'test/host/approval.test.ts';

const upgrades = {
  file: 'test/host/http.test.ts',
  title: 'upgrades: /control alone, from our origin or one that is paired, and no 101 to anyone else',
};
const doors = {
  file: WEBSITE,
  title: 'three doors answer any https origin, and say so to that one alone; no other door does',
};
const lateYes = {
  file: REQUESTS,
  title: 'a yes that comes after the page took its question back, went away, or let its time pass gives no token',
};
const once = { file: REQUESTS, title: 'a yes is a token for the page that asked, once' };
const rest = { file: REQUESTS, title: 'after a no there is a rest for everybody, twice as long each time' };
const flood = {
  file: WEBSITE,
  title: 'a flood of pairing requests is one question, whoever they come from, and leaves room for everybody else',
};
const dialogs = {
  file: APPROVAL,
  title: '%s is told origin and code in one argument or in its environment, and says yes by one word alone',
};
const unpaired = {
  file: WEBSITE,
  title: 'one that is unpaired by another goes at once with all it has, and comes in no more',
};

export const PAIRING: readonly Guarded[] = [
  {
    row: 2,
    name: 'websites over https alone ask to be paired',
    file: 'daemon/host/pairing/origins.ts',
    text: 'origin.length > MAX_LENGTH || !WEBSITE.test(origin)',
    instead: "!origin.startsWith('http')",
    tests: [{ file: WEBSITE, title: 'an origin of a website is one as browsers write it, over https' }],
  },
  {
    row: 2,
    name: 'websites at three doors alone',
    file: 'daemon/host/http/request-guard.ts',
    text: '(isOpen && isWebsite(origin))',
    instead: 'isWebsite(origin)',
    tests: [doors, { file: WEBSITE, title: 'a paired website may open /control, and nothing else' }],
  },
  {
    row: 3,
    name: 'upgrades of websites that are paired alone',
    file: 'daemon/host/http/request-guard.ts',
    text: '(isUpgrade && isPaired(origin))',
    instead: '(isUpgrade && isWebsite(origin))',
    tests: [upgrades],
  },
  {
    row: 4,
    name: 'a pairing link for our own page',
    file: 'daemon/host/pairing/pair-routes.ts',
    text: 'if (origin !== originOf(options.port())) {',
    instead: 'if (origin === null) {',
    tests: [
      {
        file: WEBSITE,
        title: 'a pairing link is for our own page: a website that has its secret gets nothing, and does not use it up',
      },
    ],
  },
  {
    row: 7,
    name: 'the origin that the browser vouches for, in AUTH',
    file: 'daemon/host/control/control.ts',
    text: '    if (auth.origin !== connection.origin) return null;\n',
    instead: '',
    tests: [
      {
        file: WEBSITE,
        title: 'a website is paired by a yes, and its engine is let in by host and io-daemon under its own origin',
      },
    ],
  },
  {
    row: 9,
    name: 'the connections of who is paired no more',
    file: 'daemon/host/pairing/paired-clients.ts',
    text: "      connection.close(CloseCode.AUTH, 'not paired any more');\n",

    instead: '',
    tests: [unpaired],
  },
  {
    row: 9,
    name: 'the io-daemon’s connection of who is paired no more',
    file: 'daemon/host/control/control.ts',
    text: "    if (this.lease.holder?.connection === connection) this.options.supervisor.send({ type: 'dismiss' });\n",
    instead: '',
    tests: [unpaired],
  },
  {
    row: 9,
    name: 'no ticket once everybody was dismissed',
    file: 'daemon/io/server.ts',
    text: '  dismiss(): void {\n    this.#admission = null;\n',
    instead: '  dismiss(): void {\n',
    tests: [
      {
        file: 'test/daemon/door.test.ts',
        title: 'lets nobody stay or come once it was told to dismiss, until it admits another',
      },
    ],
  },
  {
    row: 9,
    name: 'nothing of who is paired no more is heard',
    file: 'daemon/host/control/control-connection.ts',
    text: 'isBinary: boolean): void {\n    if (this.isClosing) return;\n',
    instead: 'isBinary: boolean): void {\n',
    tests: [
      {
        file: 'test/host/control.test.ts',
        title: 'who was refused is heard no more on that connection, and loses it whatever it does',
      },
      {
        file: 'test/host/control.test.ts',
        title: 'who was superseded is heard no more, and loses its connection whatever it does',
      },
    ],
  },
  {
    row: 10,
    name: 'one question at a time',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: "if (current?.state === 'waiting' || current?.state === 'allowed') {",
    instead: "if (current?.state === 'claimed') {",
    tests: [{ file: REQUESTS, title: 'one is asked about at a time, whoever else comes' }, flood],
  },
  {
    row: 10,
    name: 'a rest after a no',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: "    if (now < this.restUntil) return { outcome: 'later', retryMs: this.restUntil - now };\n",
    instead: '',
    tests: [rest, flood, { file: WEBSITE, title: 'a no gives no token, and the next has to wait' }],
  },
  {
    row: 10,
    name: 'rests that grow',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: 'ms * 2 ** this.restsInARow++',
    instead: 'ms',
    tests: [rest],
  },
  {
    row: 11,
    name: 'what became of a request is for the page that asked',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: 'current.digest === digestOf(id) && current.origin === origin',
    instead: 'current.digest === digestOf(id)',
    tests: [once, { file: REQUESTS, title: 'nobody else takes it back' }],
  },
  {
    row: 12,
    name: 'what is over stays over',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: '  over: {},\n};',
    instead: "  over: { allow: 'allowed' },\n};",
    tests: [lateYes],
  },
  {
    row: 12,
    name: 'a token once',
    file: 'daemon/host/pairing/pair-requests.ts',
    text: "        this.move(request, 'claim');\n",
    instead: '',
    tests: [once],
  },
  {
    row: 12,
    name: 'a dialog says yes by its own word',
    file: 'daemon/host/pairing/approval/dialog.ts',
    text: 'printed.trim() === YES && endedBy === null && !signal.aborted',
    instead: 'printed.includes(YES)',
    tests: [dialogs],
  },
  {
    row: 12,
    name: 'a yes that came too soon is asked for again',
    file: 'daemon/host/pairing/approval/dialog.ts',
    text: "answer !== 'allow' || performance.now() - from >= hastyMs",
    instead: 'performance.now() >= from',
    tests: [{ file: APPROVAL, title: 'asks again after a yes that came too soon to be meant, and takes the third for a no' }],
  },
  {
    row: 12,
    name: 'the approval page is for who has its secret',
    file: 'daemon/host/pairing/approval/page.ts',
    text: 'this.open !== null && this.open.digest === digestOf(secret) ? this.open : null',
    instead: 'this.open',
    tests: [{ file: APPROVAL, title: 'is for who has the secret in a file of its owner, and its answer counts once' }],
  },
];
