/** Torrents of v2 and hybrids (BEP 52) with libtorrent, downloaded from it and given back to it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { buildIo } from '../adapters/daemon.ts';
import { RealEngine } from './engine.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { haveOpentracker, Opentracker } from './opentracker.ts';
import { until } from './wait.ts';

const FILES: Readonly<Record<string, number>> = { 'a.bin': 1_000_000, 'b.bin': 50_000, 'c/d.bin': 300_001, 'e.bin': 65_536 };
const MAKE = `
import libtorrent as lt, sys
folder, out, v2 = sys.argv[1], sys.argv[2], sys.argv[3] == 'v2'
fs = lt.file_storage()
lt.add_files(fs, folder)
torrent = lt.create_torrent(fs, int(sys.argv[4]), flags=lt.create_torrent_flags_t.v2_only if v2 else 0)
lt.set_piece_hashes(torrent, folder.rsplit('/', 1)[0])
open(out, 'wb').write(lt.bencode(torrent.generate()))
`;

const missing = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

describe.skipIf(missing !== '')(`libtorrent and BitTorrent v2${missing}`, () => {
  let dir = '';
  let io = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'starling-v2-'));
    for (const [path, size] of Object.entries(FILES)) {
      mkdirSync(join(dir, 'seed/folder', path, '..'), { recursive: true });
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) * 17 + size) & 0xff);
      writeFileSync(join(dir, 'seed/folder', path), bytes);
    }
    io = await buildIo();
  });
  afterAll(() => {
    for (const folder of [dir, io]) rmSync(folder, { recursive: true, force: true });
  });

  function expectFiles(folder: string): void {
    for (const path of Object.keys(FILES)) {
      const there = readFileSync(join(folder, 'folder', path));
      expect(there.equals(readFileSync(join(dir, 'seed/folder', path))), path).toBe(true);
    }
  }

  it.each([
    ['v2', 'torrent'],
    ['v2', 'magnet'],
    ['hybrid', 'torrent'],
    ['hybrid', 'magnet'],
  ])('bring over %s by its %s, and back', { timeout: 120_000 }, async (kind, how) => {
    const file = join(dir, `${kind}.torrent`);
    expect(spawnSync('/usr/bin/python3', ['-c', MAKE, join(dir, 'seed/folder'), file, kind, '65536']).status).toBe(0);
    const bytes = new Uint8Array(readFileSync(file));
    const { v2Hash } = parseTorrent(bytes);
    const seed = await LibtorrentPeer.start('seed', { torrent: file, dir: join(dir, 'seed') });
    const engine = await RealEngine.start(io);
    const into = join(dir, `${kind}-${how}`);
    let leech: LibtorrentPeer | null = null;
    try {
      const magnet = `magnet:?xt=urn:btmh:1220${v2Hash}`;
      const meet = (port: number) => engine.session.add({ kind: 'magnet', uri: `${magnet}&x.pe=127.0.0.1:${port}` });
      const id = how === 'torrent' ? engine.download(bytes) : meet(seed.port).id;
      if (how === 'torrent') meet(seed.port);
      else {
        await until('the metadata', () => engine.session.detail(id)?.hasMetadata === true);
        engine.start(id);
      }
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      expectFiles(join(engine.daemon.folder, 'downloads'));
      await seed.stop();
      leech = await LibtorrentPeer.start('leech', { ...(how === 'torrent' ? { torrent: file } : { magnet }), dir: into });
      meet(leech.port);
      await leech.done(60_000);
      expectFiles(into);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([seed.stop(), leech?.stop(), engine.stop()]);
    }
  });

  const both = haveOpentracker() ? '' : ' (needs opentracker)';
  it.skipIf(both !== '')(
    `is greeted by the v2 hash of a hybrid where it knows no other${both}`,
    { timeout: 120_000 },
    async () => {
      const file = join(dir, 'greeted.torrent');
      expect(spawnSync('/usr/bin/python3', ['-c', MAKE, join(dir, 'seed/folder'), file, 'hybrid', '65536']).status).toBe(0);
      const bytes = new Uint8Array(readFileSync(file));
      const { v1Hash, v2Hash } = parseTorrent(bytes);
      const tracker = await Opentracker.start([v1Hash ?? '', v2Hash?.slice(0, 40) ?? '']);
      const engine = await RealEngine.start(io);
      const into = join(dir, 'greeted');
      const magnet = `magnet:?xt=urn:btmh:1220${v2Hash}&tr=${tracker.url}`;
      // It dials nobody: we have to come to it, and name what it knows.
      const leech = await LibtorrentPeer.start('leech', { magnet, dir: into, waits: true });
      try {
        cpSync(join(dir, 'seed'), join(engine.daemon.folder, 'downloads'), { recursive: true });
        const id = engine.download(bytes);
        await until('the check', () => engine.state(id) === 'seeding');
        await until('it to have announced', async () => (await tracker.leechers(v2Hash?.slice(0, 40) ?? '')) > 0);
        engine.session.add({ kind: 'magnet', uri: magnet });
        await leech.done(60_000);
        expectFiles(into);
      } catch (error) {
        throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
      } finally {
        await Promise.all([leech.stop(), engine.stop(), tracker.stop()]);
      }
    },
  );

  it('tells which blocks of a piece a poisoner gave wrong: they alone come again', { timeout: 120_000 }, async () => {
    const SIZE = 4 << 20;
    const [good, bad] = ['good', 'bad'].map(name => join(dir, name));
    if (good === undefined || bad === undefined) return;
    const bytes = Uint8Array.from({ length: SIZE }, (_, at) => (at * 37 + (at >> 9) * 11) & 0xff);
    for (const folder of [good, bad]) {
      mkdirSync(join(folder, 'folder'), { recursive: true });
      writeFileSync(join(folder, 'folder/one.bin'), bytes);
      // Of one file alone libtorrent makes a torrent without a folder.
      writeFileSync(join(folder, 'folder/two.bin'), 'two');
      // Every fourth block.
      for (let at = 100; folder === good && at < SIZE; at += 65_536) bytes[at] = (bytes[at] ?? 0) ^ 1;
    }
    const file = join(dir, 'one.torrent');
    expect(spawnSync('/usr/bin/python3', ['-c', MAKE, join(good, 'folder'), file, 'v2', String(SIZE)]).status).toBe(0);
    // One that has looked at its files knows the hashes of their blocks; one that was told it is a seed does not.
    const options = { torrent: file, uploadLimit: 600_000, waits: true };
    const honest = await LibtorrentPeer.start('leech', { ...options, dir: good, listen: '127.0.0.2:0' });
    const poisoner = await LibtorrentPeer.start('seed', { ...options, dir: bad, listen: '127.0.0.3:0', unchecked: true });
    const engine = await RealEngine.start(io);
    try {
      await honest.done(30_000);
      const id = engine.download(new Uint8Array(readFileSync(file)));
      const { magnet = '' } = engine.session.detail(id) ?? {};
      engine.session.add({ kind: 'magnet', uri: `${magnet}&x.pe=127.0.0.2:${honest.port}&x.pe=127.0.0.3:${poisoner.port}` });
      await until('the download', () => engine.state(id) === 'seeding', 60_000);
      const there = readFileSync(join(engine.daemon.folder, 'downloads/folder/one.bin'));
      expect(there.equals(readFileSync(join(good, 'folder/one.bin')))).toBe(true);
      const banned = engine.log.flatMap(line => /(\S+):\d+ dropped: banned/.exec(line)?.[1] ?? []);
      expect(banned).toEqual(['127.0.0.3']);
      const given = await Promise.all([honest, poisoner].map(async peer => (await peer.fresh()).uploaded));
      expect(Math.min(...given)).toBeGreaterThan(0);
      // The whole piece again would be twice its size at least; asking both for the last blocks costs a part of that as well.
      expect(given.reduce((sum, bytes) => sum + bytes)).toBeLessThan(1.9 * SIZE);
    } catch (error) {
      throw new Error(`${String(error)}\n${engine.log.join('\n')}`, { cause: error });
    } finally {
      await Promise.all([honest.stop(), poisoner.stop(), engine.stop()]);
    }
  });
});
