/** What the host is given to open, the processes that end under it, and clocks that jump. */
import type { Guarded } from './guard.ts';

const START = 'test/host/start.test.ts';
const LINK = 'test/adapters/link.test.ts';
const SUPERVISOR = 'test/host/supervisor.test.ts';
const TIME = 'test/sim/time.test.ts';

const opened = {
  file: 'test/host/link.test.ts',
  title: 'takes nothing that it is given to open for an option or a program, and nothing but links and torrent files',
};
const handedOver = {
  file: 'test/host/handoff.test.ts',
  title: 'what is no torrent, no link or from a page is refused with a sentence, and goes nowhere',
};
const givenUp = {
  file: SUPERVISOR,
  title: 'five deaths within a minute: it gives up, says so once, and tries again only when revived',
};
const manyAsk = { file: START, title: 'of many that ask at once one gets it, also where a dead host left a lock' };
const otherContract = {
  file: LINK,
  title: 'is left where the host speaks an %s contract, before anything is said, until it is asked again',
};

export const HOST_GUARDS: readonly Guarded[] = [
  {
    row: '8a',
    name: 'options of the link-handler in one form, before what is opened',
    file: 'daemon/link/main.ts',
    text: "first === '--home' && home !== undefined && args[2] === '--') return { home: homeOf(home), given: args.slice(3) }",
    instead: "first === '--home' && home !== undefined) return { home: homeOf(home), given: args.slice(2) }",
    tests: [opened],
  },
  {
    row: '8a',
    name: 'torrent files alone',
    file: 'daemon/link/given.ts',
    text: '!/[.]torrent$/i.test(path)',
    instead: "path === ''",
    tests: [opened],
  },
  {
    row: '8a',
    name: 'files of this computer alone',
    file: 'daemon/link/given.ts',
    text: "url.hostname === '' || url.hostname === 'localhost'",
    instead: "url.hostname !== ''",
    tests: [opened],
  },
  {
    row: '8a',
    name: 'a pipe is not waited for',
    file: 'daemon/link/given.ts',
    text: 'constants.O_RDONLY | constants.O_NONBLOCK',
    instead: 'constants.O_RDONLY',
    tests: [opened],
  },
  {
    row: '8a',
    name: 'regular files alone',
    file: 'daemon/link/given.ts',
    text: '  if (!stat.isFile()) throw new NotGiven(`${label} is no file. Nothing was added.`);\n',
    instead: '',
    tests: [opened],
  },
  {
    row: '8a',
    name: 'what is handed over is read before it goes anywhere',
    file: 'daemon/host/http/handoffs.ts',
    text: 'return parseTorrent(content).name;',
    instead: "return '';",
    tests: [handedOver],
  },
  {
    row: '8a',
    name: 'the secret of the home at the local door',
    file: 'daemon/host/http/local-door.ts',
    text: "!isSame(c.req.header(LOCAL_SECRET_HEADER) ?? '', options.secret)",
    instead: "c.req.header(LOCAL_SECRET_HEADER) === ''",
    tests: [handedOver],
  },
  {
    row: '8a',
    name: 'no page at the local door',
    file: 'daemon/host/http/local-door.ts',
    text: "c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined",
    instead: "c.req.header('origin') === ''",
    tests: [handedOver],
  },
  {
    row: '8a',
    name: 'no markup in the dialog',
    file: 'daemon/link/dialog.ts',
    text: "'--no-markup', ",
    instead: '',
    tests: [{ file: 'test/e2e/links.test.ts', title: 'what is no torrent is said in a dialog' }],
  },
  {
    row: 58,
    name: 'one that died is started again',
    file: 'daemon/host/process/supervisor.ts',
    text: '    this.restart = setTimeout(() => this.startIfStopped(), delay);\n',
    instead: '',
    tests: [{ file: SUPERVISOR, title: 'a child killed from outside is started again' }],
  },
  {
    row: 58,
    name: 'an end to being started again',
    file: 'daemon/host/process/io-states.ts',
    text: '    if (this.deaths.length >= DEATHS_ALLOWED) return null;\n',
    instead: '',
    tests: [givenUp],
  },
  {
    row: 58,
    name: 'given up is given up, whoever needs it',
    file: 'daemon/host/process/supervisor.ts',
    text: 'if (this.isStopped || this.hasGivenUp || this.wanted) return;',
    instead: 'if (this.isStopped || this.wanted) return;',
    tests: [givenUp],
  },
  {
    row: 58,
    name: 'a person has it started again',
    file: 'sw/adapters/daemon-link.ts',
    text: '      this.control.send({ op: ControlOp.IO_START, id: 0 });\n',
    instead: '',
    tests: [
      { file: LINK, title: 'is started when asked for after it was given up' },
      {
        file: 'test/e2e/kill.test.ts',
        title: 'ends of the io-daemon, also so many that it is started again by a person alone',
      },
    ],
  },
  {
    row: 58,
    name: 'where the next io-daemon is, at once',
    file: 'sw/adapters/daemon-link.ts',
    text: 'if (before?.io.port !== welcome.io.port || before.io.ticket !== welcome.io.ticket) {',
    instead: 'if (before === null) {',
    tests: [{ file: LINK, title: 'is left for its successor even before the old socket closes' }],
  },
  {
    row: 58,
    name: 'a host of another contract',
    file: 'sw/adapters/daemon-link.ts',
    text: "      if (contract !== CONTRACT) this.move(contract < CONTRACT ? 'oldHelper' : 'oldApp');\n",
    instead: '      void contract;\n',
    tests: [otherContract],
  },
  {
    row: 58,
    name: 'one host a home',
    file: 'daemon/host/process/lock.ts',
    text: '      if (holder !== null) return holder;\n',
    instead: '      if (holder !== null) return held(path, mine);\n',
    tests: [
      manyAsk,
      {
        file: 'test/rpc/program.test.ts',
        title: 'a home that a running program holds is an error at once, told to each request, and the holder goes on',
      },
    ],
  },
  {
    row: 58,
    name: 'a number that another process has by now is no holder',
    file: 'daemon/host/process/lock-file.ts',
    text: 'isRunning(holder.pid, holder.startTime)',
    instead: "isRunning(holder.pid, '')",
    tests: [manyAsk],
  },
  {
    row: 58,
    name: 'a port that is taken is tried no further',
    file: 'daemon/host/process/ports.ts',
    text: "if (hasCode(error, 'EADDRINUSE')) resolve(null);",
    instead: 'if (error === null) resolve(null);',
    tests: [{ file: START, title: 'the first start takes the first free port of the list' }],
  },
  {
    row: 59,
    name: 'a lease outlives the sleep of the computer',
    file: 'daemon/host/control/lease.ts',
    text: "holding.state === 'held' && now - holding.until >= OVERSLEPT",
    instead: "holding.state === 'grace' && now < holding.until",
    tests: [{ file: 'test/host/lease.test.ts', title: 'is not lost by a silence that this computer slept through' }],
  },
  {
    row: 59,
    name: 'a right to clear that is of the future is old as well',
    file: 'daemon/host/process/lock.ts',
    text: 'Math.abs(now - mtimeMs)',
    instead: '(now - mtimeMs)',
    tests: [{ file: START, title: 'who died while clearing is cleared away, also where the clock was set %i s on since' }],
  },
  {
    row: 59,
    name: 'what waits is forgotten on no single word of a clock',
    file: 'daemon/host/http/handoffs.ts',
    text: 'left <= 0 && !waiting.isOverdue',
    instead: 'left <= 0 && waiting.isOverdue',
    tests: [{ file: 'test/host/handoff.test.ts', title: 'one outlives a clock that is set by a day and back' }],
  },
  {
    row: 59,
    name: 'an engine that beats by a clock that nobody sets',
    file: 'sw/engine/session.ts',
    text: 'this.torrents, parts, now, second',
    instead: 'this.torrents, parts, ports.clock.wall(), second',
    tests: [
      { file: TIME, title: 'the wall clock set a day on, and a day back, changes nothing (seed %i)' },
      { file: TIME, title: 'eight hours of sleep end in one announce each, and the download goes on (seed %i)' },
    ],
  },
  {
    row: 59,
    name: 'such a clock on every platform',
    file: 'sw/adapters/platform.ts',
    text: 'return performance.now();',
    instead: 'return Date.now();',
    tests: [
      { file: 'test/adapters/platform.test.ts', title: 'goes on and wakes as before where the time of day is set by a day' },
    ],
  },
];
