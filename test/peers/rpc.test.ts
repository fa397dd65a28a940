/** `starling rpc` driven by a script, with libtorrent on the other side. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRpc, Driver, type DriverOptions, removeRpc } from '../rpc/driver.ts';
import { haveLibtorrent, LibtorrentPeer } from './libtorrent.ts';
import { bencode, differences, makePayload } from './payload.ts';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

const FILES = [
  { path: ['a', 'deep.bin'], size: 3_000_000 },
  { path: ['b.bin'], size: 1_234_567 },
];

describe.skipIf(!haveLibtorrent())(`starling rpc and libtorrent${haveLibtorrent() ? '' : ' (needs python3-libtorrent)'}`, () => {
  let dir = '';
  let dist = '';
  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'starling-rpc-')));
    dist = await buildRpc();
  });
  afterAll(() => {
    removeRpc(dist);
    rmSync(dir, { recursive: true, force: true });
  });

  const start = (name: string, options: Partial<DriverOptions> = {}): Driver =>
    new Driver(dist, { home: join(dir, name, 'home'), downloads: join(dir, name, 'downloads'), ...options });

  const payloadOf = (name: string) => {
    const payload = makePayload(join(dir, 'seed'), name, FILES, { pieceLength: 65_536 });
    const torrent = join(dir, `${name}.torrent`);
    writeFileSync(torrent, payload.bytes);
    return { payload, torrent, magnet: `magnet:?xt=urn:btih:${payload.infoHash}` };
  };

  const hasIPv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'));

  it.each([{ host: '127.0.0.1', listen: '127.0.0.2' }, ...(hasIPv6 ? [{ host: '::1', listen: '[::1]' }] : [])])(
    'fetches by a magnet and a peer at $host, and seeds back from $listen',
    async ({ host, listen }) => {
      const { payload, torrent, magnet } = payloadOf(`both ways ${host.length}`);
      const { infoHash } = payload;
      const port = await freePort();
      const bracketed = host.includes(':') ? `[${host}]` : host;
      const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, listen: `${bracketed}:0` });
      const program = start(`fetch ${host.length}`, { listen: `${listen}:${port}` });
      let leech: LibtorrentPeer | null = null;
      try {
        expect(await program.call('add_magnet', { uri: magnet })).toEqual({ info_hash: infoHash, already: false });
        expect(await program.status(infoHash)).toMatchObject({ state: 'metadata', progress: 0, size: 0 });
        expect(await program.call('add_peer', { info_hash: infoHash, host, port: seed.port })).toEqual({});
        await program.notice('torrent_done', infoHash);
        expect(await program.status(infoHash)).toMatchObject({ state: 'seeding', progress: 1, size: payload.size });
        await seed.stop();
        expect(differences(payload, join(dir, `fetch ${host.length}`, 'downloads'))).toEqual([]);
        const into = join(dir, `back ${host.length}`);
        leech = await LibtorrentPeer.start('leech', {
          magnet,
          dir: into,
          listen: `${bracketed}:0`,
          peers: [`${listen}:${port}`],
        });
        await leech.done(60_000);
        expect(differences(payload, into)).toEqual([]);
        expect(program.messages.filter(({ method }) => method !== undefined).map(({ method }) => method)).toEqual([
          'torrent_added',
          'metadata',
          'torrent_done',
        ]);
        expect(await program.call('shutdown')).toEqual({});
        expect(await program.ended).toBe(0);
      } finally {
        await Promise.all([seed.stop(), leech?.stop(), program.kill()]);
      }
    },
  );

  it('goes on after it was killed in the middle, and finds what was changed meanwhile', async () => {
    const { payload, torrent } = payloadOf('killed');
    const { infoHash: info_hash } = payload;
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir, uploadLimit: 1_000_000 });
    const one = start('killed');
    let two: Driver | null = null;
    try {
      await one.call('add_torrent', { path: torrent });
      await one.call('add_peer', { info_hash, host: '127.0.0.1', port: seed.port });
      await until('some of it', async () => (await one.status(info_hash)).progress > 0.2, 60_000);
      await one.kill();
      seed.limitUpload(0);
      two = start('killed');
      const back = two;
      await back.call('get_status');
      await back.call('add_peer', { info_hash, host: '127.0.0.1', port: seed.port });
      await back.notice('torrent_done', info_hash);
      expect(differences(payload, join(dir, 'killed', 'downloads'))).toEqual([]);
      expect(back.notices('torrent_done')).toHaveLength(1);
      truncateSync(join(dir, 'killed', 'downloads', payload.name, 'b.bin'), 1_000);
      await back.call('recheck', { info_hash });
      await until('the second time', () => back.notices('torrent_done').length === 2, 60_000);
      expect(differences(payload, join(dir, 'killed', 'downloads'))).toEqual([]);
      await back.call('remove', { info_hash, delete_data: true });
      expect(await back.call('get_status')).toEqual({ torrents: [] });
    } finally {
      await Promise.all([seed.stop(), one.kill(), two?.kill()]);
    }
  });

  it('leaves alone a torrent file that a torrent has brought into a watched folder, and takes those of others', async () => {
    const [home, downloads, from] = ['home', 'downloads', 'from'].map(name => join(dir, 'watched', name)) as [
      string,
      string,
      string,
    ];
    for (const folder of [home, downloads, from]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const token = createHash('sha256').update('salt').update(downloads).digest('hex');
    writeFileSync(join(home, 'roots.json'), JSON.stringify({ salt: 'salt', default: '', paths: [] }));
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ watched: [{ root: token, since: 0 }] }));
    const inside = payloadOf('inside').payload.bytes;
    writeFileSync(join(from, 'bonus.torrent'), inside);
    const pieces = createHash('sha1').update(inside).digest();
    const info = { length: inside.length, name: 'bonus.torrent', 'piece length': 1 << 20, pieces };
    const info_hash = createHash('sha1').update(bencode(info)).digest('hex');
    const torrent = join(dir, 'outside.torrent');
    writeFileSync(torrent, bencode({ info }));
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: from });
    const program = start('watched');
    const names = (): string[] =>
      readdirSync(downloads)
        .filter(name => !name.startsWith('.'))
        .sort();
    const drop = async (name: string): Promise<string> => {
      const { payload } = payloadOf(name);
      writeFileSync(join(downloads, `${name}.torrent`), payload.bytes);
      await until(`${name} to be taken`, () => names().includes(`${name}.torrent.added`), 60_000);
      return payload.infoHash;
    };
    const listed = async (): Promise<string[]> => {
      const { torrents } = (await program.call('get_status')) as { torrents: { info_hash: string }[] };
      return torrents.map(each => each.info_hash).sort();
    };
    try {
      await program.call('add_torrent', { path: torrent });
      await program.call('add_peer', { info_hash, host: '127.0.0.1', port: seed.port });
      await program.notice('torrent_done', info_hash);
      const first = await drop('first');
      expect(await listed()).toEqual([info_hash, first].sort());
      await program.call('remove', { info_hash, delete_data: false });
      const second = await drop('second');
      expect(await listed()).toEqual([first, second].sort());
      expect(names()).toEqual(['bonus.torrent', 'first.torrent.added', 'second.torrent.added']);
    } finally {
      await Promise.all([seed.stop(), program.kill()]);
    }
  });

  it('tells of a folder that cannot be written to, once, and goes on when it can', async () => {
    const { payload, torrent } = payloadOf('denied');
    const { infoHash: info_hash } = payload;
    const seed = await LibtorrentPeer.start('seed', { torrent, dir: payload.dir });
    const program = start('denied');
    try {
      await program.call('get_status');
      // A file stands where the folder of the torrent belongs.
      writeFileSync(join(dir, 'denied', 'downloads', payload.name), 'mine');
      await program.call('add_torrent', { path: torrent });
      await program.call('add_peer', { info_hash, host: '127.0.0.1', port: seed.port });
      const { params } = await program.notice('torrent_error', info_hash);
      const status = await program.status(info_hash);
      expect(status).toMatchObject({ state: 'error', error: params?.['error'] });
      rmSync(join(dir, 'denied', 'downloads', payload.name));
      await program.call('resume', { info_hash });
      await program.notice('torrent_done', info_hash);
      expect(program.notices('torrent_error')).toHaveLength(1);
    } finally {
      await Promise.all([seed.stop(), program.kill()]);
    }
  });
});
