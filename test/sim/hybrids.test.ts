/** Which of its two hashes a hybrid goes by (BEP 52, upgrade path). */
import { expect, test } from 'vitest';
import { decodeHandshake, HANDSHAKE_BYTES } from '../../sw/engine/codec/peer-wire.ts';
import type { Stream } from '../../sw/engine/ports.ts';
import { Disk } from './disk.ts';
import { SimStore } from './store.ts';
import { expectAll, isSeeding, leechOn, ROOT, seedOn, World } from './host.ts';
import { SimNet } from './net.ts';
import { Stranger } from './stranger.ts';
import { makeTreeTorrent } from './trees.ts';
import { SimUdpTracker } from './udp-tracker.ts';

function setUp(seed: number) {
  const world = new World(seed);
  const tracker = new SimUdpTracker(world.internet, '10.9.9.9', 80);
  const made = makeTreeTorrent({ x: 300_000, y: 5 }, 16_384, seed, { hybrid: true, tracker: 'udp://10.9.9.9:80/' });
  const torrent = { ...made, short: made.v2Hash.slice(0, 40) };
  return { world, tracker, torrent };
}

/** Waits for connections and says nothing; the hashes that it is greeted by, and whether each greeting offers v2. */
function listener(world: World, host: string) {
  const net = new SimNet(world.internet, host, { latency: 10, rate: 10e6 }, new SimStore(world.clock, new Disk()));
  const greetings: { by: string; v2: boolean }[] = [];
  const accept = (_address: string, open: (events: Parameters<SimNet['connect']>[2]) => Stream): void => {
    const stream = open({
      opened: () => undefined,
      received: bytes => {
        const { infoHash, v2 } = decodeHandshake(bytes)!;
        greetings.push({ by: Buffer.from(infoHash).toString('hex'), v2 });
        stream.close();
      },
      landed: () => undefined,
      discarded: () => undefined,
      sent: () => undefined,
      closed: () => undefined,
    });
    stream.credit(HANDSHAKE_BYTES);
  };
  net.listen([6881], () => undefined, accept);
  return greetings;
}

test.each([
  ['its .torrent', false],
  ['a magnet of its v2 hash alone', true],
])('a hybrid taken in by %s greets each peer by the hash under which a tracker names it', (_, byMagnet) => {
  const { world, tracker, torrent } = setUp(801);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(10_000, isSeeding(seed, torrent.id));
  const [one, two] = [listener(world, '10.0.0.11'), listener(world, '10.0.0.12')];
  tracker.know(torrent.id, '10.0.0.11', 6881);
  tracker.know(torrent.short, '10.0.0.12', 6881);
  const leech = world.host('10.0.0.2');
  for (const host of [seed, leech]) host.session.configure({ encryption: 'off' });
  const uri = `magnet:?xt=urn:btmh:1220${torrent.v2Hash}&x.pe=10.0.0.1:6881&tr=udp://10.9.9.9:80/`;
  const { id } = leech.session.add(byMagnet ? { kind: 'magnet', uri } : { kind: 'file', bytes: torrent.bytes });
  expect(id).toBe(byMagnet ? torrent.short : torrent.id);
  leech.session.start(id, null, ROOT);
  expect(world.clock.run(60_000, isSeeding(leech, id))).toBe(true);
  expectAll(leech, torrent);
  expect(world.clock.run(4_000_000, () => one.length > 0 && two.length > 0)).toBe(true);
  expect(one[0]).toEqual({ by: torrent.id, v2: true });
  expect(two[0]).toEqual({ by: torrent.short, v2: true });
});

test.each(['off', 'require'] as const)(
  'two that have a hybrid upgrade to v2, and greet by it from then on (encryption: %s)',
  encryption => {
    const { world, torrent } = setUp(802);
    const seed = world.host('10.0.0.1', { rate: 5e4 });
    const leech = world.host('10.0.0.2');
    for (const host of [seed, leech]) host.session.configure({ encryption });
    seedOn(seed, torrent);
    world.clock.run(10_000, isSeeding(seed, torrent.id));
    const handshakes: string[] = [];
    world.internet.tap = bytes => {
      const handshake = bytes.length >= HANDSHAKE_BYTES && decodeHandshake(bytes);
      if (handshake) handshakes.push(Buffer.from(handshake.infoHash).toString('hex'));
    };
    leechOn(leech, torrent);
    const peers = () => leech.session.detail(torrent.id)?.peers ?? [];
    expect(world.clock.run(10_000, () => peers().some(({ progress }) => progress === 1))).toBe(true);
    world.clock.run(1_000);
    world.internet.partition(() => false);
    world.internet.partition(() => true);
    expect(peers()).toEqual([]);
    expect(world.clock.run(120_000, isSeeding(leech, torrent.id))).toBe(true);
    expectAll(leech, torrent);
    const { id, short } = torrent;
    // Enciphered ones are not to be read.
    expect([handshakes[0], ...new Set(handshakes.slice(1))]).toEqual(encryption === 'off' ? [id, short] : [undefined]);
    expect(handshakes.length).toBeGreaterThanOrEqual(encryption === 'off' ? 4 : 0);
  },
);

test('who comes by the v1 hash and could speak v2 is answered by the v2 hash, who could not by the v1 hash', () => {
  const { world, torrent } = setUp(803);
  const seed = world.host('10.0.0.1');
  seedOn(seed, torrent);
  world.clock.run(10_000, isSeeding(seed, torrent.id));
  const answers = [true, false].map((v2, index) => {
    const stranger = new Stranger(world, `10.0.0.${index + 2}`, torrent.id, { v2 });
    stranger.call('10.0.0.1');
    world.clock.run(2_000);
    return stranger.answeredBy;
  });
  expect(answers).toEqual([torrent.short, torrent.id]);
});
