/** The fixtures against each other: what they make and say is true before anything is tested with it. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { haveOpentracker, Opentracker } from './opentracker.ts';
import { differences, magnetOf, makePayload } from './payload.ts';
import { freePort } from './ports.ts';

const missing = [haveLibtorrent() ? '' : 'python3-libtorrent', haveOpentracker() ? '' : 'opentracker'].filter(Boolean);

describe.skipIf(missing.length > 0)(`the peers${missing.length > 0 ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'starling-peers-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('carry a nested payload over a tracker, and see a changed byte', async () => {
    const port = await freePort();
    const payload = makePayload(
      join(dir, 'seed'),
      'nested ünï',
      [
        { path: ['a', 'b', 'deep.bin'], size: 300_000 },
        { path: ['empty'], size: 0 },
        { path: ['読み.txt'], size: 65_537 },
      ],
      { pieceLength: 65_536, trackers: [`http://127.0.0.1:${port}/announce`] },
    );
    const torrent = join(dir, 'nested.torrent');
    writeFileSync(torrent, payload.bytes);
    const tracker = await Opentracker.start([payload.infoHash], port);
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
    const leech = await LibtorrentPeer.start('leech', { torrent, dir: join(dir, 'leech'), listen: '127.0.0.1:0' });
    try {
      await leech.done(60_000);
      expect(differences(payload, join(dir, 'leech'))).toEqual([]);
      expect((await seed.fresh()).uploaded).toBe(payload.size);
      truncateSync(join(dir, 'leech', payload.name, 'a', 'b', 'deep.bin'), 299_999);
      expect(differences(payload, join(dir, 'leech'))).toHaveLength(1);
    } finally {
      await Promise.all([seed.stop(), leech.stop(), tracker.stop()]);
    }
  });

  it('fetch the metadata of a magnet link from a peer', async () => {
    const payload = makePayload(join(dir, 'seed'), 'single.bin', [{ path: [], size: 1_000_000 }], { pieceLength: 32_768 });
    const torrent = join(dir, 'single.torrent');
    writeFileSync(torrent, payload.bytes);
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: 4_000_000 });
    const peer = `127.0.0.1:${seed.port}`;
    const leech = await LibtorrentPeer.start('leech', {
      magnet: magnetOf(payload, [peer]),
      dir: join(dir, 'magnet'),
      peers: [peer],
    });
    try {
      await leech.done(60_000);
      expect(differences(payload, join(dir, 'magnet'))).toEqual([]);
    } finally {
      await Promise.all([seed.stop(), leech.stop()]);
    }
  });
});
