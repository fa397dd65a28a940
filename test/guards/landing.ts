/** What of a peer's payload may be written. */
import type { Guarded } from './guard.ts';

const LANDING = 'test/daemon/landing.test.ts';
const BACKED = 'test/daemon/landing-backed.test.ts';
const hostile = {
  file: 'test/daemon/landing-hostile.test.ts',
  title: 'never changes what is written, nor has anything called right that is not',
};

export const PAYLOAD: readonly Guarded[] = [
  {
    row: 42,
    name: 'payload that is there already',
    file: 'daemon/io/landing.ts',
    text: '    if (assembly.have.contains(ask.offset, ask.length)) return null;\n',
    instead: '',
    tests: [{ file: BACKED, title: 'keeps what landed first, whoever sends it again or stalls in mid-block' }],
  },
  {
    row: 42,
    name: 'payload that came too late',
    file: 'daemon/io/landing.ts',
    text: '    if (!isLive) return false;\n',
    instead: '',
    tests: [{ file: LANDING, title: 'lets the first whole copy win over one that stalls half-way' }],
  },
  {
    row: 42,
    name: 'payload that is half-way in at the commit',
    file: 'daemon/io/landing.ts',
    text: '    for (const claim of assembly.claims) this.#silence(claim);\n    this.#hold(assembly);\n    if (',
    instead: '    this.#hold(assembly);\n    if (',
    tests: [{ file: LANDING, title: 'is sealed once it is whole: what is half-way in counts no more' }],
  },
  {
    row: 42,
    name: 'payload where zeros stand',
    file: 'daemon/io/landing.ts',
    text: '    if (assembly.memory !== null) assembly.fillZeros();\n',
    instead: '',
    tests: [{ file: LANDING, title: 'is sealed once it is whole: what is half-way in counts no more' }],
  },
  {
    row: 42,
    name: 'payload of another length than asked for',
    file: 'daemon/wire/rules.ts',
    text: 'if (ask === undefined || ask.length !== length - size - 4)',
    instead: 'if (ask === undefined)',
    tests: [{ file: LANDING, title: 'lands exactly what was asked of this socket, and tells what it threw away' }],
  },
  {
    row: 42,
    name: 'payload that is wrong, in memory',
    file: 'daemon/io/hash-worker.ts',
    text: '  if (!holds) return outcome(LandStatus.MISMATCH, blockDigests(bytes, job.digests));\n',
    instead: '',
    tests: [{ file: LANDING, title: 'keeps what does not match, names its blocks, and takes the wrong ones anew' }, hostile],
  },
  {
    row: 42,
    name: 'payload that is wrong, on disk',
    file: 'daemon/io/hash-worker.ts',
    text: '  const status = holds ? LandStatus.OK : LandStatus.MISMATCH;\n',
    instead: '  const status = LandStatus.OK;\n',
    tests: [
      { file: BACKED, title: 'names the blocks of what does not match, and takes the wrong ones anew in their place' },
      hostile,
    ],
  },
  {
    row: 42,
    name: 'payload that waits for the disk',
    file: 'daemon/io/landing.ts',
    text: '    if (this.#backings.queued > LIMITS.diskQueue) return true;\n',
    instead: '',
    tests: [
      { file: 'test/daemon/pressure.test.ts', title: 'rests while too much waits to be written for buffers in their files' },
    ],
  },
  {
    row: 42,
    name: 'payload that waits for its file',
    file: 'daemon/io/landing.ts',
    text: '    if (assembly.backing !== null && !this.#backings.takes(assembly.backing, ask.length)) return null;\n',
    instead: '',
    tests: [{ file: 'test/daemon/backing.test.ts', title: 'holds so much and no more, and rests nobody' }],
  },
  {
    row: 42,
    name: 'second copies that are half-way in',
    file: 'daemon/io/landing.ts',
    text: '    if (isStaged && this.#staged + ask.length > STAGED) return null;\n',
    instead: '',
    tests: [{ file: 'test/daemon/limits.test.ts', title: 'is held apart in so many bytes and no more, and thrown away beyond' }],
  },
  {
    row: 42,
    name: 'pieces in the making',
    file: 'sw/engine/budget.ts',
    text: 'this.open >= MAX_OPEN || ',
    instead: '',
    tests: [
      {
        file: 'test/engine/assembly.test.ts',
        title: 'are 768 over all torrents, and one more begins once another is let go',
      },
    ],
  },
  {
    row: 42,
    name: 'pieces that are parked',
    file: 'sw/engine/budget.ts',
    text: 'return this.parked < MAX_PARKED;',
    instead: 'return this.parked >= 0;',
    tests: [
      {
        file: 'test/engine/assembly.test.ts',
        title: 'are parked 256 at once over all torrents; those beyond are let go',
      },
    ],
  },
];
