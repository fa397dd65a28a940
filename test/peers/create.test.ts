/** Torrents that we make and libtorrent makes of the same folder. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFiles } from '../../daemon/cli/hash-files.ts';
import { listFiles } from '../../daemon/cli/list-files.ts';
import { createTorrent, parseTorrent, placeFiles, type TorrentKind } from '../../sw/engine/index.ts';
import { haveLibtorrent } from './libtorrent.ts';
import { makePayload } from './payload.ts';

const PIECE = 65_536;
const why = haveLibtorrent() ? '' : ' (needs python3-libtorrent)';

/** Prints the info-hashes of the torrent that libtorrent makes, and of the one we made as it reads it. */
const script = `
import sys, os, json, libtorrent as lt
top, kind, piece, ours = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
files = lt.file_storage()
name = os.path.basename(top)
def add(path, listed):
    if os.path.isdir(path):
        for entry in sorted(os.listdir(path), key=os.fsencode):
            add(os.path.join(path, entry), listed + '/' + entry)
    else:
        files.add_file(listed, os.path.getsize(path))
add(top, name)
make = lt.create_torrent
flags = {'v1': make.v1_only, 'v2': make.v2_only, 'hybrid': make.canonical_files_no_tail_padding}[kind]
made = make(files, piece, flags)
lt.set_piece_hashes(made, os.path.dirname(top))
def hashes(info):
    both = info.info_hashes()
    return [str(both.v1) if both.has_v1() else None, str(both.v2) if both.has_v2() else None]
print(json.dumps([hashes(lt.torrent_info(made.generate())), hashes(lt.torrent_info(ours))]))
`;

async function ours(top: string, name: string, kind: TorrentKind): Promise<Uint8Array> {
  const { files: listed } = await listFiles(top);
  const files = placeFiles(listed, kind, PIECE);
  const onProgress = (): void => undefined;
  const hashes = await hashFiles({ kind, pieceLength: PIECE, files, pathOf: file => join(top, ...file.path), onProgress });
  const rest = { trackers: [], webSeeds: [], httpSeeds: [], isPrivate: false, comment: '', createdBy: '', createdAt: null };
  return createTorrent({ kind, name, pieceLength: PIECE, ...rest }, files, hashes);
}

describe.skipIf(why !== '')(`a torrent made by libtorrent${why}`, () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'starling-create-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const folder = [
    { path: ['a', 'x.bin'], size: 300_000 },
    { path: ['a', 'one block'], size: 16_384 },
    { path: ['deep', 'er', 'ünï.bin'], size: PIECE },
    { path: ['deep', 'z'], size: 3 * PIECE + 1 },
    { path: ['small'], size: 5 },
  ];
  const single = [{ path: [], size: 1_000_001 }];

  it.each(['v1', 'v2', 'hybrid'].flatMap(kind => [[kind, 'folder'] as const, [kind, 'single.bin'] as const]))(
    'has our info-hashes: %s, %s',
    async (kind, name) => {
      const payload = makePayload(join(dir, kind), name, name === 'folder' ? folder : single, { pieceLength: PIECE });
      const top = join(payload.dir, name);
      const bytes = await ours(top, name, kind as TorrentKind);
      const file = join(dir, `${kind}-${name}.torrent`);
      writeFileSync(file, bytes);
      const { v1Hash, v2Hash } = parseTorrent(bytes);
      const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, top, kind, String(PIECE), file], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const [theirs, read] = JSON.parse(stdout) as [unknown, unknown];
      expect(read).toEqual([v1Hash, v2Hash]);
      expect(theirs).toEqual([v1Hash, v2Hash]);
    },
  );
});
