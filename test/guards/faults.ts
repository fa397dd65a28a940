/** What the machine does: slow readers and disks, power that fails, disks that fill up or go away. */
import type { Guarded } from './guard.ts';

const FLOW = 'test/daemon/flow.test.ts';
const SWARM = 'test/sim/swarm.test.ts';
const DISKS = 'test/sim/disk-faults.test.ts';
const BOUNDS = 'test/daemon/limits.test.ts';
const MENDING = 'test/engine/mending.test.ts';

const kills = {
  file: 'test/kills/kills.test.ts',
  title: 'what was killed at any moment has claimed nothing that is not there, and ends with every byte right${missing}',
};
const tornRecord = {
  file: 'test/host/state.test.ts',
  title: 'a torn or bit-flipped file gives way to the generation before, however often it is opened',
};

export const FAULTS: readonly Guarded[] = [
  {
    row: 34,
    name: 'no byte is read that there is no credit for',
    file: 'daemon/io/peer-socket.ts',
    text: 'this.#inbound.wantsMore && (',
    instead: '(',
    tests: [{ file: FLOW, title: 'what there is no credit for waits with the peer, and comes later, all of it' }],
  },
  {
    row: 34,
    name: 'a client that does not read is left',
    file: 'daemon/io/server.ts',
    text: 'ws.bufferedAmount <= OUT_QUEUE',
    instead: 'ws.bufferedAmount >= 0',
    tests: [
      { file: FLOW, title: 'a client that reads nothing loses its connection before that costs much, and the next is served' },
    ],
  },
  {
    row: 34,
    name: 'a client of /control that does not read is left',
    file: 'daemon/host/control/control-connection.ts',
    text: 'this.ws.bufferedAmount > MAX_UNSENT',
    instead: 'this.ws.bufferedAmount < 0',
    tests: [{ file: 'test/host/flood.test.ts', title: 'a client of /control that reads nothing loses its connection' }],
  },
  {
    row: 34,
    name: 'an io-daemon that does not read is ended',
    file: 'daemon/host/process/supervisor.ts',
    text: 'stdin.writableLength > MAX_UNHEARD',
    instead: 'stdin.writableLength < 0',
    tests: [
      {
        file: 'test/host/supervisor.test.ts',
        title: 'a child that reads nothing is taken for dead before much waits for it, and started again',
      },
    ],
  },
  {
    row: 34,
    name: 'memory for the frames of all sockets',
    file: 'daemon/io/peer-socket.ts',
    text: 'shared.assembly.bytes + bytes > ASSEMBLY',
    instead: 'shared.assembly.bytes + bytes < 0',
    tests: [{ file: BOUNDS, title: 'is closed where its frames do not fit the memory for those of all' }],
  },
  {
    row: 34,
    name: 'results that nobody acknowledges',
    file: 'daemon/io/landing.ts',
    text: '    if (this.#assemblies.size >= OPEN_BUFFERS + UNACKNOWLEDGED) return false;\n',
    instead: '',
    tests: [{ file: BOUNDS, title: 'has so many results that nobody has acknowledged, and opens no buffer beyond them' }],
  },
  {
    row: 35,
    name: 'reading rests while the disk does not keep up',
    file: 'daemon/io/peer-socket.ts',
    text: '(this.rules.isEmpty || !this.#shared.landing.isFull)',
    instead: '(this.rules.isEmpty || true)',
    tests: [
      {
        file: FLOW,
        title: 'stops whom it would be for, with what is there held within its limits, and nobody else; all comes once it writes',
      },
    ],
  },
  {
    row: 48,
    name: 'a piece is had once it is written',
    file: 'daemon/io/hash-worker.ts',
    text: '    withLock(fd, () => writeWhole(fd, bytes.subarray(offset, offset + length), position));\n',
    instead:
      '    const late = bytes.slice(offset, offset + length);\n    setTimeout(() => withLock(fd, () => writeWhole(fd, late, position)), 500);\n',
    tests: [kills],
  },
  {
    row: 48,
    name: 'what may have been written is read before it is believed',
    file: 'sw/engine/checker.ts',
    text: 'if (verdicts[at] === true) this.content.found(piece, now);',
    instead: 'if (verdicts[at] !== undefined) this.content.found(piece, now);',
    tests: [kills],
  },
  {
    row: 49,
    name: 'nothing is recorded that was not flushed',
    file: 'sw/engine/recorder.ts',
    text: 'const have = durable.toBytes()',
    instead: 'const have = content.downloader.have.toBytes()',
    tests: [{ file: DISKS, title: 'no record claims a piece that was not flushed before' }],
  },
  {
    row: 50,
    name: 'a state file is compared with its digest',
    file: 'daemon/host/store/state-file.ts',
    text: "return digest.equals(file.subarray(DIGEST_AT, KEY_AT)) ? { key: key.toString('latin1'), value } : null;",
    instead: "return digest.length > 0 ? { key: key.toString('latin1'), value } : null;",
    tests: [
      tornRecord,
      {
        file: 'test/host/state.test.ts',
        title: 'a record file decodes to what was encoded, and to nothing once any bit is turned or any byte is missing',
      },
    ],
  },
  {
    row: 50,
    name: 'the generation before of a state file',
    file: 'daemon/host/store/state.ts',
    text: 'const record = this.wholeRecord(name) ?? this.olderRecord(name);',
    instead: 'const record = this.wholeRecord(name);',
    tests: [tornRecord],
  },
  {
    row: 50,
    name: 'a torn record is no end of the engine',
    file: 'sw/engine/resume.ts',
    text: '  } catch {\n    return null;\n  }\n}\n\nfunction hexOf',
    instead: '  } catch (error) {\n    throw error;\n  }\n}\n\nfunction hexOf',
    tests: [
      {
        file: 'test/sim/restarts.test.ts',
        title: 'a torn record of its progress costs a check, not the download (seed %i)',
      },
    ],
  },
  {
    row: 51,
    name: 'a disk that is away is no empty folder',
    file: 'daemon/io/roots.ts',
    text: '!(await this.#mounts.isThere(path))',
    instead: '!(await this.#mounts.isThere(path).then(() => true))',
    tests: [
      {
        file: 'test/daemon/vanished.test.ts',
        title: 'nothing is read from or written to the empty folder that an unmounted disk leaves',
      },
    ],
  },
  {
    row: 51,
    name: 'a disk that is full is not tried until there is room',
    file: 'sw/engine/mending.ts',
    text: 'now >= this.dueAt && !this.isBarred',
    instead: 'now >= this.dueAt',
    tests: [{ file: MENDING, title: 'a full disk goes on as soon as the rest fits, and is not tried before' }],
  },
  {
    row: 51,
    name: 'tries grow rare',
    file: 'sw/engine/mending.ts',
    text: 'Math.min(this.wait * 2, LONGEST_WAIT)',
    instead: 'FIRST_WAIT',
    tests: [{ file: MENDING, title: 'it is tried after ten seconds, then ever more seldom, every ten minutes at last' }],
  },
  {
    row: 51,
    name: 'what could not be read is not held to be lost',
    file: 'sw/engine/checker.ts',
    text: 'verdicts[at] === null && this.isWithin(piece)',
    instead: 'false',
    tests: [{ file: DISKS, title: 'costs nothing that is on it when files are checked' }],
  },
  {
    row: 52,
    name: 'a failed flush makes nothing durable',
    file: 'sw/engine/outcome.ts',
    text: 'if (problem !== null) {\n    // After a failed flush',
    instead: "if (problem === 'denied') {\n    // After a failed flush",
    tests: [
      { file: DISKS, title: 'makes nothing durable: what the system has dropped is read again, found missing and fetched again' },
    ],
  },
  {
    row: 53,
    name: 'a file at rest is compared by its time',
    file: 'sw/engine/checker.ts',
    text: 'known.size !== size || known.mtime !== Math.floor(mtime)',
    instead: 'known.size !== size',
    tests: [
      {
        file: SWARM,
        title:
          'a file edited while nobody looked is verified and mended; a vanished one stops the torrent until a person says go on',
      },
    ],
  },
  {
    row: 53,
    name: 'a file at rest is compared by its size',
    file: 'sw/engine/checker.ts',
    text: 'this.isShort(index, size) || (!this.inMotion(index) && this.isOther(known, size, mtime))',
    instead: '!this.inMotion(index) && known?.mtime !== Math.floor(mtime)',
    tests: [{ file: DISKS, title: 'a file cut short while nobody looked is read, and what it lacks is fetched' }],
  },
  {
    row: 51,
    name: 'a handle of its own for who writes what others may only read',
    file: 'daemon/io/files.ts',
    text: 'create && !known.isWritable ? undefined : known',
    instead: 'known === undefined ? undefined : known',
    tests: [
      {
        file: 'test/daemon/read-only.test.ts',
        title: 'a file is made for who wants to write it, whoever had just asked to read what is not there',
      },
      {
        file: 'test/daemon/read-only.test.ts',
        title: 'a file that some opened while its disk was read-only is written to once it is not, and they read on',
      },
    ],
  },
  {
    row: 62,
    name: 'what goes wrong in the thread ends no host',
    file: 'daemon/host/away/keeper.ts',
    text: "    thread.on('error', error => log('error', 'the away engine has crashed', { why: error.stack ?? error.message }));\n",
    instead: '',
    tests: [{ file: 'test/host/away-keeper.test.ts', title: 'that %s takes nothing with it, and its end is told' }],
  },
];
