/** The longest piece that libtorrent takes, of zeros but for a few bytes: it goes to the disk as it comes, and is read back at its end. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { bencode } from './payload.ts';
import { until } from './wait.ts';

const MiB = 1 << 20;
const PIECE = 511 * MiB;
const SIZE = PIECE + 3 * MiB;
/** Where other bytes than zeros stand: at the ends of pieces, and inside the long one. */
const MARKS = [0, 300 * MiB - 5, PIECE - 5, SIZE - 10];
const MARK = Buffer.from('not zeros!');
/** In memory where there is such a disk, as nothing of this is kept. */
const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let io = '';
let dir = '';
beforeAll(async () => {
  io = await buildIo();
  dir = mkdtempSync(join(folder, 'starling-long-'));
});
afterAll(() => {
  for (const path of [io, dir]) rmSync(path, { recursive: true, force: true });
});

/** The bytes of a part of it. */
function* content(from: number, length: number): Generator<Buffer> {
  for (let at = from; at < from + length; at += MiB) {
    const chunk = Buffer.alloc(Math.min(MiB, from + length - at));
    for (const mark of MARKS) {
      const before = Math.max(0, at - mark);
      if (before < MARK.length && mark < at + chunk.length) MARK.copy(chunk, Math.max(0, mark - at), before);
    }
    yield chunk;
  }
}

function sha1(from: number, length: number): Buffer {
  const hash = createHash('sha1');
  for (const chunk of content(from, length)) hash.update(chunk);
  return hash.digest();
}

/** A sparse file and its torrent. */
function seeded(seed: string): string {
  mkdirSync(seed);
  const fd = openSync(join(seed, 'long.bin'), 'w');
  ftruncateSync(fd, SIZE);
  for (const mark of MARKS) writeSync(fd, MARK, 0, MARK.length, mark);
  closeSync(fd);
  const pieces = Buffer.concat([sha1(0, PIECE), sha1(PIECE, SIZE - PIECE)]);
  const torrent = join(dir, 'long.torrent');
  writeFileSync(torrent, bencode({ info: { length: SIZE, name: 'long.bin', 'piece length': PIECE, pieces } }));
  return torrent;
}

/** Where what was downloaded is not as it should be; −1 where every byte is right. */
function firstDifference(path: string): number {
  const fd = openSync(path, 'r');
  let at = 0;
  try {
    for (const chunk of content(0, SIZE)) {
      const there = Buffer.alloc(chunk.length);
      if (readSync(fd, there, 0, there.length, at) !== chunk.length || !there.equals(chunk)) return at;
      at += chunk.length;
    }
    return -1;
  } finally {
    closeSync(fd);
  }
}

describe.skipIf(!haveLibtorrent())(`a long piece${haveLibtorrent() ? '' : ' (needs python3-libtorrent)'}`, () => {
  it('of 511 MiB comes whole from libtorrent, in its file from its first block on', async () => {
    const seed = join(dir, 'seed');
    const torrent = seeded(seed);
    const downloads = join(dir, 'downloads');
    mkdirSync(downloads);
    const engine = await RealEngine.start(io, { roots: [downloads] });
    const peer = await LibtorrentPeer.start('seed', { torrent, dir: seed, unchecked: true });
    try {
      const { id } = engine.session.add({ kind: 'file', bytes: readFileSync(torrent) });
      engine.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}&x.pe=127.0.0.1:${peer.port}` });
      engine.session.start(id, null, engine.roots[1] ?? '');
      await until('all of it', () => engine.state(id) === 'seeding', 150_000);
      expect(firstDifference(join(downloads, 'long.bin'))).toBe(-1);
      expect(engine.session.rows()[0]).toMatchObject({ size: SIZE, done: SIZE });
      expect(engine.log.filter(line => line.includes('corrupt'))).toEqual([]);
    } finally {
      await peer.stop();
      await engine.stop();
    }
  }, 180_000);
});
