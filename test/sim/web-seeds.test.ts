import { describe, expect, test } from 'vitest';
import type { SimHost } from './host.ts';
import { expectAll, isSeeding, makeTorrent, ROOT, seedOn, World } from './host.ts';
import { seeds } from './seeds.ts';
import { makeTreeTorrent } from './trees.ts';
import { SimServer, withSeeds } from './web.ts';
import type { Conduct } from './web.ts';

const MIB = 1 << 20;
const PIECE = 256 * 1024;
const FILES = { 'a.bin': 3 * MIB + 17, 'deep/b c.bin': 700_001, 'empty.txt': 0, 'c#.bin': 5, 'd.bin': PIECE };

interface Made {
  readonly bytes: Uint8Array;
  readonly id: string;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** As a server under the folder `/f/` has them. */
function filesOf({ contents }: Made): Map<string, Uint8Array> {
  return new Map([...contents].map(([path, bytes]) => [`/f/${path}`, bytes]));
}

function download(world: World, torrent: Made, name = '10.0.1.1'): SimHost {
  const leech = world.host(name);
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, null, ROOT);
  return leech;
}

const rowsOf = (host: SimHost, { id }: Made) => host.session.detail(id)?.webSeeds ?? [];

describe('a web seed alone', () => {
  test.each([
    ['v1', makeTorrent(FILES, PIECE, 401)],
    ['v1 of one file', makeTorrent({ 'one.bin': 2 * MIB + 3 }, PIECE, 402)],
    ['v2', makeTreeTorrent(FILES, PIECE, 403)],
    ['a hybrid', makeTreeTorrent(FILES, PIECE, 404, { hybrid: true })],
    [
      'v1 with tiny files',
      makeTorrent(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`t/${n}`, 1 + n * 997])), PIECE, 405),
    ],
  ])('brings %s, each byte once', (_kind, plain) => {
    const world = new World(401);
    const torrent = withSeeds(plain, ['http://web.example/f/']);
    const server = new SimServer(filesOf(torrent));
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    const size = [...torrent.contents.values()].reduce((sum, { length }) => sum + length, 0);
    expect(server.sent).toBe(size);
    expect(leech.session.rows()[0]?.downloaded).toBe(size);
    expect(server.mostAtOnce).toBeLessThanOrEqual(4);
  });

  test('is asked at once, at the start and by an engine that goes on', () => {
    const world = new World(411);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 411), ['http://web.example/f/']);
    const server = new SimServer(filesOf(torrent), 1e5);
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    expect(world.clock.run(200, () => server.asked.length > 0)).toBe(true);
    world.clock.run(3_000, () => false);
    leech.restart();
    const before = server.asked.length;
    expect(world.clock.run(200, () => server.asked.length > before)).toBe(true);
  });

  test('shows no rate any more once all is there', () => {
    const world = new World(409);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 409), ['http://web.example/f/']);
    world.web.set('web.example', new SimServer(filesOf(torrent), 1e6));
    const leech = download(world, torrent);
    const shown: number[] = [];
    for (let second = 0; second < 60; second++) {
      world.clock.run(1000, () => false);
      shown.push(...leech.session.takeChanges().rows.map(({ down }) => down));
    }
    expect(Math.max(...shown)).toBeGreaterThan(100_000);
    expect(shown.at(-1)).toBe(0);
  });

  test('is asked by the names that the torrent has, whatever its files are called here', () => {
    const world = new World(407);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 407), ['http://web.example/f/']);
    const server = new SimServer(filesOf(torrent), 1e6);
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    world.clock.run(1_000);
    leech.session.rename(torrent.id, ['folder', 'a.bin'], 'other.bin');
    expect(world.clock.run(30_000, () => leech.session.rows()[0]?.state === 'downloading')).toBe(true);
    const before = server.asked.length;
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    const asked = server.asked.slice(before).map(({ path }) => path);
    expect(asked).toContain('/f/folder/a.bin');
    expect(asked.every(path => server.files.has(path))).toBe(true);
    const other = torrent.contents.get('folder/a.bin') ?? new Uint8Array(0);
    expect(Buffer.compare(leech.file('folder/other.bin') ?? new Uint8Array(0), other)).toBe(0);
  });

  test('is asked for long runs of neighbours, and for no more at once than takes a few seconds', () => {
    const world = new World(406);
    const torrent = withSeeds(makeTorrent({ 'one.bin': 64 * MIB }, PIECE, 406), ['http://web.example/f/one.bin']);
    const server = new SimServer(filesOf(torrent), 4e6);
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(server.asked[0]?.length).toBe(PIECE);
    expect(Math.max(...server.asked.map(({ length }) => length))).toBeLessThanOrEqual(8 * MIB);
    expect(server.asked.length).toBeLessThan(80);
  });

  test('of pieces (BEP 17) brings all', () => {
    const world = new World(407);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 407), ['http://web.example/seed'], 'httpseeds');
    const all = Buffer.concat([...torrent.contents.values()]);
    const pieces = new Map<string, Uint8Array>();
    for (let at = 0; at < all.length; at += PIECE) pieces.set(`/seed#${at / PIECE}`, all.subarray(at, at + PIECE));
    const server = new SimServer(pieces);
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(server.sent).toBe(all.length);
  });

  test('is found by a magnet, kept in the record, and named in the magnet that we give out', () => {
    const world = new World(408);
    const torrent = makeTorrent(FILES, PIECE, 408);
    const server = new SimServer(filesOf(torrent), 3e5);
    world.web.set('web.example', server);
    const leech = download(world, torrent);
    leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&ws=http%3A%2F%2Fweb.example%2Ff` });
    expect(world.clock.run(5_000, () => server.sent > MIB)).toBe(true);
    world.clock.run(2_000);
    leech.restart();
    expect(rowsOf(leech, torrent)).toMatchObject([{ url: 'http://web.example/f' }]);
    expect(leech.session.detail(torrent.id)?.magnet).toContain('ws=http%3A%2F%2Fweb.example%2Ff');
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });
});

describe('a web seed among peers', () => {
  test.each(seeds(411, 412, 413))('and they bring a torrent together, hardly a byte twice (seed %i)', run => {
    const world = new World(run);
    const plain = makeTorrent({ x: 24 * MIB, y: 3 * MIB + 5, z: 100_000 }, PIECE, run);
    const torrent = withSeeds(plain, ['http://web.example/f/']);
    const server = new SimServer(filesOf(torrent), 2e6);
    world.web.set('web.example', server);
    const peers = [1, 2, 3].map(n => world.host(`10.0.0.${n}`, { rate: 1e6 }));
    for (const host of peers) seedOn(host, plain);
    world.clock.run(5_000);
    const leech = download(world, torrent);
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    const fromPeers = peers.reduce((sum, { name }) => sum + (world.internet.sent.get(name) ?? 0), 0);
    expect(server.sent).toBeGreaterThan(6 * MIB);
    expect(fromPeers).toBeGreaterThan(6 * MIB);
    expect(server.sent + fromPeers).toBeLessThan(torrent.size * 1.15);
  });

  test.each(seeds(421, 422, 423))('that is corrupt is found out and banned, and no peer with it (seed %i)', run => {
    const world = new World(run);
    const plain = makeTorrent({ x: 16 * MIB }, PIECE, run);
    const torrent = withSeeds(plain, ['http://bad.example/f/x', 'http://good.example/f/x']);
    const spoil = (bytes: Uint8Array): void => void bytes.fill(7, 5_000, 5_010);
    const [bad, good] = [new SimServer(filesOf(torrent), 2e6, undefined, spoil), new SimServer(filesOf(torrent), 2e6)];
    world.web.set('bad.example', bad).set('good.example', good);
    const peer = world.host('10.0.0.1', { rate: 1e6 });
    seedOn(peer, plain);
    world.clock.run(5_000);
    const leech = download(world, torrent);
    expect(world.clock.run(90_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    const [first, second] = rowsOf(leech, torrent);
    expect(first).toMatchObject({ state: 'banned', text: 'it sent corrupt data' });
    expect(second?.state).not.toBe('banned');
    expect(leech.log.filter(line => line.includes('dropped: banned'))).toEqual([]);
    expect(bad.sent).toBeLessThan(6 * MIB);
  });
});

describe('a web seed that fails', () => {
  function setUp(conduct: (path: string, time: number) => Conduct | null, rate = 1e6) {
    const world = new World(431);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 431), ['http://web.example/f/']);
    const server = new SimServer(filesOf(torrent), rate, conduct);
    world.web.set('web.example', server);
    return { world, torrent, server, leech: download(world, torrent) };
  }

  test('is asked again when it said, and not before', () => {
    let until = Infinity;
    const { world, torrent, server, leech } = setUp((_path, time) => (time < until ? { status: 503, retryAfter: 90 } : null));
    expect(world.clock.run(10_000, () => server.asked.length > 0)).toBe(true);
    world.clock.run(80_000);
    expect(server.asked.length).toBe(1);
    expect(rowsOf(leech, torrent)).toMatchObject([{ state: 'waiting', text: 'It answers with status 503.' }]);
    until = 0;
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test('again and again is left alone for longer and longer', () => {
    const { world, torrent, server, leech } = setUp(() => ({ status: 500 }));
    world.clock.run(3 * 3600_000);
    const waits = server.asked.slice(1).map(({ at }, index) => at - (server.asked[index]?.at ?? 0));
    expect(waits[0]).toBeLessThan(10_000);
    expect(waits[1]).toBeLessThan(20_000);
    expect(waits[2]).toBeGreaterThan(9 * 60_000);
    expect(waits[3]).toBeGreaterThan(18 * 60_000);
    expect(server.asked.length).toBeLessThan(9);
    expect(rowsOf(leech, torrent)).toMatchObject([{ state: 'resting' }]);
  });

  test.each([
    ['waits', { status: 503, retryAfter: 3600 }, 'waiting'],
    ['is banned', { status: 404 }, 'banned'],
  ] as const)('and %s is asked again at once where a person wants it, and not otherwise', (_, conduct, state) => {
    let isMended = false;
    const { world, torrent, server, leech } = setUp(() => (isMended ? null : conduct));
    world.clock.run(30_000);
    expect(rowsOf(leech, torrent)).toMatchObject([{ state }]);
    const asked = server.asked.length;
    isMended = true;
    world.clock.run(600_000);
    expect(server.asked.length).toBe(asked);
    leech.session.askWebSeed(torrent.id, 'http://web.example/f/');
    expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(rowsOf(leech, torrent)).toMatchObject([{ state: 'idle', text: '' }]);
  });

  test('to have one file is asked for the others, and a peer has the rest', () => {
    const { world, torrent, server, leech } = setUp(path => (path.endsWith('b c.bin') ? { status: 404 } : null));
    world.clock.run(30_000);
    expect(server.asked.filter(({ path }) => path.endsWith('b c.bin')).length).toBe(1);
    const { copies = 0, files = [] } = leech.session.detail(torrent.id) ?? {};
    expect(copies).toBeLessThan(1);
    expect(files.find(({ path }) => path.at(-1) === 'a.bin')?.done).toBe(12 * PIECE);
    const peer = world.host('10.0.0.1', { rate: 1e6 });
    seedOn(peer, torrent);
    expect(world.clock.run(3600_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test.each([
    ['has none of the files', { status: 404 } as const],
    ['sends something else', 'misfit' as const],
    ['must not be gone to', 'forbidden' as const],
  ])('as it %s is never asked again, and says why', (_what, conduct) => {
    const { world, torrent, server, leech } = setUp(() => conduct);
    world.clock.run(30_000);
    const asked = server.asked.length;
    expect(asked).toBeLessThanOrEqual(4);
    expect(rowsOf(leech, torrent)).toMatchObject([{ state: 'banned' }]);
    expect(rowsOf(leech, torrent)[0]?.text).not.toBe('');
    world.clock.run(24 * 3600_000);
    expect(server.asked.length).toBe(asked);
  });

  test('by falling silent is helped out by another', () => {
    const world = new World(441);
    const torrent = withSeeds(makeTorrent({ x: 8 * MIB }, PIECE, 441), ['http://mute.example/f/x', 'http://web.example/f/x']);
    const mute = new SimServer(filesOf(torrent), 2e6, () => ({ silentAfter: 100_000 }));
    world.web.set('mute.example', mute).set('web.example', new SimServer(filesOf(torrent), 2e6));
    const leech = download(world, torrent);
    expect(world.clock.run(20_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });

  test('by breaking off in the middle of a block that two files share leaves it to a peer', () => {
    let isBroken = false;
    const { world, torrent, leech } = setUp(path => {
      isBroken ||= path.endsWith('b c.bin');
      return isBroken ? { status: 500 } : null;
    });
    world.clock.run(20_000);
    const peer = world.host('10.0.0.1', { rate: 1e6 });
    seedOn(peer, torrent);
    expect(world.clock.run(3600_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
  });
});

test('engines that end and start again go on where they were', () => {
  const world = new World(451);
  const torrent = withSeeds(makeTorrent({ x: 16 * MIB, y: 10 }, PIECE, 451), ['http://web.example/f/']);
  const server = new SimServer(filesOf(torrent), 2e6);
  world.web.set('web.example', server);
  const leech = download(world, torrent);
  for (let turn = 0; turn < 4; turn++) {
    world.clock.run(1_700);
    leech.restart();
  }
  world.clock.run(1_000);
  leech.crashDaemon();
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expectAll(leech, torrent);
  expect(server.sent).toBeLessThan(40 * MIB);
});

test('a pause ends what is asked for, and what is not wanted is not asked for', () => {
  const world = new World(461);
  const torrent = withSeeds(makeTorrent({ x: 8 * MIB, y: 8 * MIB }, PIECE, 461), ['http://web.example/f/']);
  const server = new SimServer(filesOf(torrent), 1e6);
  world.web.set('web.example', server);
  const leech = world.host('10.0.1.1');
  leech.session.add({ kind: 'file', bytes: torrent.bytes });
  leech.session.start(torrent.id, ['skip', 'normal'], ROOT);
  world.clock.run(3_000);
  leech.session.pause(torrent.id);
  world.clock.run(1_000);
  expect(server.running).toBe(0);
  const { sent } = server;
  world.clock.run(60_000);
  expect(server.sent).toBe(sent);
  leech.session.resume(torrent.id);
  expect(world.clock.run(60_000, isSeeding(leech, torrent.id))).toBe(true);
  expect(server.asked.every(({ path }) => path === '/f/folder/y')).toBe(true);
});

describe('a magnet that says where its torrent is', () => {
  const setUp = (links: readonly string[]) => {
    const world = new World(471);
    const torrent = withSeeds(makeTorrent(FILES, PIECE, 471), ['http://web.example/f/']);
    world.web.set('web.example', new SimServer(filesOf(torrent)));
    const other = makeTorrent(FILES, PIECE, 472);
    world.documents.set('http://x.example/right.torrent', torrent.bytes).set('http://x.example/other.torrent', other.bytes);
    world.documents.set('http://x.example/page', Buffer.from('<html>'));
    const leech = world.host('10.0.1.1');
    const uri = `magnet:?xt=urn:btih:${torrent.id}&${links.map(link => link.replace('=', '=http%3A%2F%2Fx.example%2F')).join('&')}`;
    leech.session.add({ kind: 'magnet', uri });
    return { world, torrent, leech };
  };

  test('needs no peer: not one of the wrong ones before it is taken for it', () => {
    const { world, torrent, leech } = setUp(['xs=other.torrent', 'xs=gone', 'xs=page', 'as=right.torrent']);
    leech.session.start(torrent.id, null, ROOT);
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    expect(leech.session.rows()).toHaveLength(1);
    expect(leech.log.filter(line => line.includes('no torrent from')).map(line => line.split(': ').at(-1))).toEqual([
      'It is another torrent.',
      'It answers with status 404.',
      expect.stringMatching(/no torrent/),
    ]);
  });

  test('shows its files before it is started, and tries again after a restart', () => {
    const { world, torrent, leech } = setUp(['xs=late.torrent']);
    leech.session.start(torrent.id, null, ROOT);
    world.clock.run(60_000);
    expect(leech.session.detail(torrent.id)?.hasMetadata).toBe(false);
    world.documents.set('http://x.example/late.torrent', torrent.bytes);
    leech.restart();
    expect(world.clock.run(30_000, isSeeding(leech, torrent.id))).toBe(true);
    const before = setUp(['xs=right.torrent']);
    expect(before.world.clock.run(1_000, () => before.leech.session.detail(torrent.id)?.hasMetadata === true)).toBe(true);
  });
});
