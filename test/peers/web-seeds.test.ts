/** Web seeds (BEP 19): a real server, our engine and daemon, and libtorrent beside them on the same torrent. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashFiles } from '../../daemon/cli/hash-files.ts';
import { listFiles } from '../../daemon/cli/list-files.ts';
import { createTorrent, parseTorrent, placeFiles, type TorrentKind } from '../../sw/engine/index.ts';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { until } from './wait.ts';
import { serveFolder, type WebServer } from './web-server.ts';

const PIECE = 65_536;
const FOLDER: Readonly<Record<string, number>> = {
  'a file.bin': 1_000_000,
  'b+c&d.bin': 50_000,
  'ünï (1)/e#f%41.bin': 300_001,
  "g'h!~*.bin": PIECE,
  'i/j/k;l=m,n@o$.bin': 5,
};
const KINDS: readonly TorrentKind[] = ['v1', 'v2', 'hybrid'];

let dir = '';
let io = '';
let server: WebServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'starling-web-'));
  for (const [path, size] of Object.entries({ ...FOLDER, '../one file.bin': 2_500_000 })) {
    const file = join(dir, 'www/the folder', path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytesOf(path, size));
  }
  io = await buildIo();
});
afterAll(() => {
  for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  server = await serveFolder(join(dir, 'www'));
});
afterEach(() => server.close());

function bytesOf(path: string, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) * 17 + (at >> 16) * 7 + path.length) & 0xff);
}

/** Some file systems have no asterisk, so ours is kept under another name; the server knows it by its own. */
const safe = (path: string): string => path.replace('*', '_');

/** Percent-encodings may be written in either case. */
const upper = (paths: Iterable<string>): string[] =>
  [...paths].map(path => path.replace(/%[0-9a-f]{2}/g, code => code.toUpperCase())).sort();

async function torrentOf(name: string, kind: TorrentKind, webSeeds: readonly string[], pieceLength = PIECE): Promise<Uint8Array> {
  const top = join(dir, 'www', name);
  const { files: listed } = await listFiles(top);
  const files = placeFiles(listed, kind, pieceLength);
  const onProgress = (): void => undefined;
  const hashes = await hashFiles({ kind, pieceLength, files, pathOf: file => join(top, ...file.path), onProgress });
  const rest = { trackers: [], isPrivate: false, comment: '', createdBy: '', createdAt: null };
  return createTorrent({ kind, name, pieceLength, webSeeds, httpSeeds: [], ...rest }, files, hashes);
}

/** `spelled`: what a name is called on that disk. */
function expectSame(name: string, there: string, spelled = (path: string): string => path): void {
  const files = readdirSync(join(dir, 'www'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const paths = files.map(({ parentPath, name: file }) => relative(join(dir, 'www'), join(parentPath, file)));
  for (const path of paths.filter(path => path.split('/')[0] === name)) {
    expect(readFileSync(join(there, spelled(path))).equals(readFileSync(join(dir, 'www', path))), path).toBe(true);
  }
}

async function download(torrent: Uint8Array, check: (engine: RealEngine, id: string) => void, timeoutMs = 30_000): Promise<void> {
  const engine = await RealEngine.start(io);
  try {
    const id = engine.download(torrent);
    await until('the download', () => engine.state(id) === 'seeding', timeoutMs);
    check(engine, id);
  } catch (error) {
    throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
  } finally {
    await engine.stop();
  }
}

const CASES = KINDS.flatMap(kind => [[kind, 'the folder'] as const, [kind, 'one file.bin'] as const]);

describe('a web server alone', () => {
  it.each(CASES)('brings %s of %s', { timeout: 60_000 }, async (kind, name) => {
    const torrent = await torrentOf(name, kind, [`${server.base}/`]);
    await download(torrent, (engine, id) => {
      expectSame(name, join(engine.daemon.folder, 'downloads'), safe);
      expect(engine.session.detail(id)?.webSeeds).toMatchObject([{ state: 'idle' }]);
    });
  });

  it('is all that a magnet needs which names it, and where its torrent is', { timeout: 60_000 }, async () => {
    const torrent = await torrentOf('the folder', 'hybrid', []);
    // What follows a torrent is let be; here it makes it come in several parts.
    writeFileSync(join(dir, 'www/x.torrent'), Buffer.concat([torrent, Buffer.alloc(3_000_000)]));
    const { v2Hash } = parseTorrent(torrent);
    const [source, seed] = [`${server.base}/x.torrent`, `${server.base}/`].map(encodeURIComponent);
    const engine = await RealEngine.start(io);
    try {
      const uri = `magnet:?xt=urn:btmh:1220${v2Hash}&xs=${source}&ws=${seed}`;
      const { id } = engine.session.add({ kind: 'magnet', uri });
      await until('the files', () => engine.session.detail(id)?.hasMetadata === true);
      engine.start(id);
      await until('the download', () => engine.state(id) === 'seeding');
      expectSame('the folder', join(engine.daemon.folder, 'downloads'), safe);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await engine.stop();
    }
  });

  it('that may not be gone to is named with the reason', { timeout: 60_000 }, async () => {
    const torrent = await torrentOf('one file.bin', 'v1', ['http://192.168.255.1/f', `${server.base}/one%20file.bin`]);
    await download(torrent, (engine, id) => {
      expectSame('one file.bin', join(engine.daemon.folder, 'downloads'));
      const [refused] = engine.session.detail(id)?.webSeeds ?? [];
      expect(refused).toMatchObject({ state: 'banned', text: expect.stringMatching(/not to be reached/) });
    });
  });
});

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`libtorrent at the same web server${missing}`, () => {
  it.each(CASES)('asks for the same paths for %s of %s', { timeout: 60_000 }, async (kind, name) => {
    const torrent = await torrentOf(name, kind, [`${server.base}/`]);
    const file = join(dir, `${kind}.torrent`);
    writeFileSync(file, torrent);
    const into = join(dir, 'theirs', kind);
    mkdirSync(into, { recursive: true });
    const peer = await LibtorrentPeer.start('leech', { torrent: file, dir: into });
    try {
      await peer.done(40_000);
    } finally {
      await peer.stop();
    }
    expectSame(name, into);
    const theirs = upper(server.asked);
    server.asked.clear();
    await download(torrent, () => undefined);
    expect(upper(server.asked)).toEqual(theirs);
  });

  it('reads the web seeds that we write', async () => {
    const urls = [`${server.base}/`, 'https://example.com/x/'];
    const file = join(dir, 'seeds.torrent');
    writeFileSync(file, await torrentOf('the folder', 'hybrid', urls));
    const script =
      'import libtorrent as lt, sys, json; print(json.dumps([w["url"] for w in lt.torrent_info(sys.argv[1]).web_seeds()]))';
    const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, file], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect((JSON.parse(stdout) as string[]).sort()).toEqual([...urls].sort());
  });
});
