/** Peers that lie about a magnet's metadata, with honest ones among them (BEP 9). */
import { createHash } from 'node:crypto';
import bencode from 'bencode';
import { describe, expect, test } from 'vitest';
import { encodeMetadataData, encodeMetadataReject, encodeMetadataRequest } from '../../sw/engine/codec/extensions.ts';
import { makeTorrent, ROOT, seedOn, stateOf, World } from './host.ts';
import type { SimHost } from './host.ts';
import { Stranger } from './stranger.ts';

const PART = 16_384;
/** Enough pieces for a dictionary of four parts. */
const torrent = makeTorrent({ x: 44_000_000 }, 16_384, 801);

/** What a liar does once the engine asks it for a part. */
type Lie = (liar: Stranger, part: number, size: number) => void;

const data = (liar: Stranger, part: number, total: number, bytes: Uint8Array): void =>
  liar.metadata(encodeMetadataData(part, total, bytes));
const lengthOf = (part: number, size: number): number => Math.min(PART, size - part * PART);
const wrong: Lie = (liar, part, size) => data(liar, part, size, new Uint8Array(lengthOf(part, size)).fill(part + 1));

/** A magnet that knows no peer but those that come to it. */
function magnet(run: number) {
  const world = new World(run);
  world.trackerNames = 0;
  const leech = world.host('10.0.0.1');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}` });
  world.clock.run(500);
  const size = sizeOf();
  const lie = (name: string, says: { metadataSize?: number }, answer: Lie = () => undefined): Stranger => {
    const liar = new Stranger(world, name, torrent.id, says);
    liar.asked = part => answer(liar, part, says.metadataSize ?? 0);
    liar.call('10.0.0.1');
    return liar;
  };
  /** One that has it all comes by, later. */
  const rescue = (): void => {
    const seed = world.host('10.0.0.2');
    seedOn(seed, torrent);
    expect(world.clock.run(30_000, () => stateOf(seed, torrent.id) === 'seeding')).toBe(true);
    seed.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${torrent.id}&x.pe=10.0.0.1:6881` });
  };
  const hasMetadata = (): boolean => leech.session.detail(torrent.id)?.hasMetadata === true;
  return { world, leech, size, lie, rescue, hasMetadata };
}

/** Bytes of the dictionary: what stands behind its key, up to the end of the torrent. */
function sizeOf(): number {
  const at = Buffer.from(torrent.bytes).indexOf('4:info') + 6;
  return torrent.bytes.length - at - 1;
}

function reasons(host: SimHost): string[] {
  return host.log.filter(line => line.includes('dropped:'));
}

describe('the metadata comes from an honest peer, whatever others', () => {
  test.each([
    ['say of its size: nothing', { metadataSize: 0 }, wrong, ''],
    ['say of its size: more than 30 MiB', { metadataSize: (30 << 20) + 1 }, wrong, ''],
    ['say of its size: another than the rest, and then nothing', { metadataSize: 20 << 20 }, () => undefined, ''],
    ['send as another size', { metadataSize: 3 * PART - 7 }, wrong, 'banned: its metadata was wrong'],
    ['send as all of it', { metadataSize: sizeOf() }, wrong, 'banned: its metadata was wrong'],
    ['refuse', { metadataSize: sizeOf() }, (liar, part) => liar.metadata(encodeMetadataReject(part)), ''],
    [
      'send with bytes behind it',
      { metadataSize: sizeOf() },
      (liar, part, size) => data(liar, part, size, new Uint8Array(lengthOf(part, size) + 1)),
      'wrong length',
    ],
    [
      'send of another total',
      { metadataSize: sizeOf() },
      (liar, part, size) => data(liar, part, size + PART, new Uint8Array(PART)),
      'another size than it had named',
    ],
    [
      'send without being asked',
      { metadataSize: sizeOf() },
      (liar, _, size) => {
        for (let time = 0; time < 40; time++) data(liar, 3, size, new Uint8Array(lengthOf(3, size)));
      },
      'not asked for',
    ],
    ['name as its size next', { metadataSize: sizeOf() }, liar => liar.introduce(sizeOf() + PART), 'names another size'],
    [
      'ask for without end',
      { metadataSize: sizeOf() },
      liar => {
        for (let time = 0; time < 200; time++) liar.metadata(encodeMetadataRequest(0));
      },
      'asks for metadata without end',
    ],
  ] as const satisfies readonly (readonly [string, { metadataSize: number }, Lie, string])[])('%s', (_, says, answer, reason) => {
    const { world, leech, lie, rescue, hasMetadata } = magnet(802);
    for (let host = 0; host < 5; host++) lie(`10.0.1.${host}`, says, answer);
    world.clock.run(2_000);
    rescue();
    expect(world.clock.run(100_000, hasMetadata)).toBe(true);
    expect(leech.session.detail(torrent.id)?.files.map(({ size }) => size)).toEqual([44_000_000]);
    if (reason === '') expect(reasons(leech)).toEqual([]);
    else expect(reasons(leech).join('\n')).toContain(reason);
    for (const line of reasons(leech)) expect(line).not.toContain('10.0.0.2');
  });
});

test('who lies about the metadata three times is banned for it, and hosts beside it are not', () => {
  const { world, leech, size, lie } = magnet(803);
  const send: Lie = (liar, part) => data(liar, part, size, new Uint8Array(lengthOf(part, size) + 1));
  for (let time = 0; time < 3; time++) {
    expect(lie('10.0.1.1', { metadataSize: size }, send).isOpen).toBe(false);
    world.clock.run(2_000);
  }
  const before = reasons(leech).length;
  expect(reasons(leech).filter(line => line.includes('wrong length'))).toHaveLength(3);
  expect(reasons(leech).at(-1)).toContain('banned');
  const [again, other] = [lie('10.0.1.1', { metadataSize: size }), lie('10.0.1.2', { metadataSize: size })];
  world.clock.run(2_000);
  expect([again.isOpen, other.isOpen]).toEqual([false, true]);
  expect(reasons(leech)).toHaveLength(before);
});

test('forty hosts that all name other sizes, and answer slowly, hold nobody up', () => {
  const { world, leech, size, lie, rescue, hasMetadata } = magnet(804);
  for (let host = 0; host < 40; host++) {
    const drip: Lie = (liar, part, named) => void world.clock.after(9_000, () => wrong(liar, part, named));
    lie(`10.0.${1 + host}.9`, { metadataSize: (20 << 20) + host * PART }, drip);
  }
  world.clock.run(5_000);
  rescue();
  const began = world.clock.time;
  expect(world.clock.run(300_000, hasMetadata)).toBe(true);
  expect(world.clock.time - began).toBeLessThan(10_000);
  expect(leech.session.detail(torrent.id)?.files).toHaveLength(1);
  expect(size).toBeGreaterThan(3 * PART);
});

test('the right dictionary that cannot be used is nobody’s fault: it is told, asked for no more, and nobody is banned', () => {
  const world = new World(805);
  world.trackerNames = 0;
  const info = Uint8Array.from(bencode.encode({ length: 100_000, 'meta version': 3, name: 'x', 'piece length': PART }));
  const id = createHash('sha1').update(info).digest('hex');
  const leech = world.host('10.0.0.1');
  leech.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${id}` });
  leech.session.start(id, null, ROOT);
  world.clock.run(500);
  let asked = 0;
  const strangers = ['10.0.1.1', '10.0.1.2', '10.0.1.3'].map(name => {
    const stranger = new Stranger(world, name, id, { metadataSize: info.length });
    stranger.asked = part => {
      asked += 1;
      data(stranger, part, info.length, info);
    };
    stranger.call('10.0.0.1');
    return stranger;
  });
  world.clock.run(60_000);
  const told = { code: 'metadata-refused', why: { code: 'torrent-too-new', values: {} } };
  expect(leech.session.rows()[0]).toMatchObject({ state: 'metadata', problem: told });
  expect(asked).toBeLessThanOrEqual(3);
  expect(reasons(leech)).toEqual([]);
  expect(strangers.map(({ isOpen }) => isOpen)).toEqual([true, true, true]);
});
