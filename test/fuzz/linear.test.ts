/** What each decoder does for the worst input of the largest size that it takes, beside one of half that size. */
import { describe, expect, it } from 'vitest';
import { WorkCounter } from './coverage.ts';
import type { Target, TargetName } from './targets.ts';

// Before all that is counted.
const counter = new WorkCounter();
const { targets } = await import('./targets.ts');
const { encodeBatch } = await import('../../daemon/wire/codec.ts');
const { MAX_METADATA } = await import('../../sw/engine/codec/extensions.ts');
const { encode } = await import('../../sw/engine/codec/bencode.ts');
const { sha1Of } = await import('../../sw/engine/codec/digest.ts');
const { MAX_KRPC_BYTES } = await import('../../sw/engine/codec/krpc.ts');
const { MAX_TORRENT_BYTES, parseInfo } = await import('../../sw/engine/codec/metainfo.ts');
const { MAX_ANNOUNCE_BYTES } = await import('../../sw/engine/codec/tracker.ts');
const { toHex } = await import('../../sw/engine/model/ids.ts');
const { EngineError } = await import('../../sw/engine/errors.ts');

const MIB = 1 << 20;
/** No decoder may hold the worker up for longer, on a machine as busy as it likes; most take a hundredth of it. */
const LONGEST_MS = 15_000;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const repeat = (text: string, size: number, [before, after]: readonly [string, string] = ['', '']): Uint8Array =>
  utf8(before + text.repeat(Math.floor((size - before.length - after.length) / text.length)) + after);

const torrent = (more: string, size: number, unit: string, end: string): Uint8Array =>
  repeat(unit, size, [`d4:infod${more}`, `${end}12:piece lengthi67108864e6:pieces20:${'x'.repeat(20)}ee`]);

/** A tree of v2 with as many folders inside one another as may be, and as many such chains as have room. */
function chains(size: number): Uint8Array {
  const leaf = `d0:d6:lengthi1e11:pieces root32:${'r'.repeat(32)}ee`;
  const chain = '1:a' + 'd1:a'.repeat(90) + leaf + 'e'.repeat(90);
  const count = Math.floor((size - 200) / (chain.length + 6));
  const names = Array.from({ length: count }, (_, at) => `6:${String(100_000 + at)}${chain.slice(3)}`);
  return utf8(`d4:infod9:file treed${names.join('')}e12:meta versioni2e4:name1:n12:piece lengthi16384eee`);
}

/** By target, what the input is like, the size that is the limit, and how to make one of any size. */
const worst: readonly (readonly [target: TargetName, what: string, limit: number, make: (size: number) => Uint8Array])[] = [
  ['bencode', 'lists in lists', MIB, size => repeat('l'.repeat(14) + 'e'.repeat(14), size, ['l', 'e'])],
  [
    'bencode',
    'keys out of order',
    MIB,
    size =>
      utf8(
        `d${keys(size / 10)
          .reverse()
          .join('')}e`,
      ),
  ],
  ['bencode', 'one long string', MIB, size => utf8(`${size - 10}:${'x'.repeat(size - 10)}`)],
  [
    'metainfo',
    'files of one name',
    MAX_TORRENT_BYTES,
    size => torrent('5:filesl', size, 'd6:lengthi0e4:pathl1:aee', 'e4:name1:n'),
  ],
  ['metainfo', 'files of no name', MAX_TORRENT_BYTES, size => torrent('5:filesl', size, 'd6:lengthi1e4:pathl0:ee', 'e4:name1:n')],
  ['metainfo', 'folders in folders', MAX_TORRENT_BYTES, chains],
  ['metainfo', 'trackers', MAX_TORRENT_BYTES, size => repeat('l8:http://ae', size, ['d13:announce-listl', 'e4:infodee'])],
  ['metainfo', 'a name of dots and spaces', MAX_TORRENT_BYTES, named],
  ['magnet', 'trackers', 8192, size => repeat('&tr=http://a', size, [`magnet:?xt=urn:btih:${'a'.repeat(40)}`, ''])],
  ['magnet', 'files', 8192, size => repeat('1,', size, [`magnet:?xt=urn:btih:${'a'.repeat(40)}&so=`, '1'])],
  ['magnet', 'percent signs', 8192, size => repeat('%', size, [`magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=`, ''])],
  [
    'tracker',
    'packed peers',
    MAX_ANNOUNCE_BYTES,
    size => encode({ interval: 1, peers: new Uint8Array(size - 30).map((_, at) => at * 7) }),
  ],
  ['tracker', 'listed peers', MAX_ANNOUNCE_BYTES, size => repeat('d2:ip1:a4:porti1ee', size, ['d5:peersl', 'ee'])],
  ['tracker', 'a reason', MAX_ANNOUNCE_BYTES, size => encode({ 'failure reason': utf8('\u202e \n'.repeat(size / 6 - 20)) })],
  ['udp-tracker', 'peers', 65_507, size => new Uint8Array(size).map((_, at) => (at < 4 ? (at === 3 ? 1 : 0) : at * 7))],
  ['pex', 'peers', 32 * 1024, size => encode({ added: new Uint8Array(6 * Math.floor((size - 20) / 6)).fill(9) })],
  [
    'krpc',
    'peers',
    MAX_KRPC_BYTES,
    size => repeat('6:abcdef', size, ['d1:rd2:id20:aaaaaaaaaaaaaaaaaaaa6:valuesl', 'ee1:t2:aa1:y1:re']),
  ],
  ['extensions', 'extensions', MIB, size => repeat('1:ai1e', size, ['d1:md', 'ee'])],
  ['extensions', 'a client', MIB, size => encode({ v: utf8('\u202e \n'.repeat(size / 6 - 20)) })],
  ['peer-wire', 'a bitfield', MIB, size => new Uint8Array(size).fill(5)],
  ['peer-wire', 'hashes', MIB, size => new Uint8Array(49 + 32 * Math.floor((size - 49) / 32)).fill(22)],
  ['frames', 'a batch of nothing', MIB, size => new Uint8Array(size).fill(0)],
  [
    'frames',
    'a batch of frames',
    MIB,
    size => encodeBatch(new Array<Uint8Array>(Math.floor(size / 4 - 20)).fill(new Uint8Array(0))),
  ],
  ['control', 'nothing', MIB, size => new Uint8Array(size).fill(0)],
  ['progress-record', 'pieces', 2 * MIB, size => repeat('i1e', size, ['d4:have1:a5:maybel', 'ee'])],
  ['torrent-record', 'layers', 2 * MIB, size => repeat(`l32:${'r'.repeat(32)}0:e`, size, ['d6:layersl', 'e4:root1:re'])],
  [
    'dht-record',
    'nodes',
    MIB,
    size => encode({ nodes4: new Uint8Array(26 * Math.floor((size - 30) / 26)).map((_, at) => at * 7) }),
  ],
  [
    'handover-record',
    'peers',
    MIB,
    size =>
      repeat('7:\x000000\x00\x01', size, [
        'd2:id20:aaaaaaaaaaaaaaaaaaaa8:torrentsll20:aaaaaaaaaaaaaaaaaaaalel',
        'eee7:versioni1ee',
      ]),
  ],
  ['news-record', 'news', MIB, size => repeat('li0ee', size, ['d4:newsl', 'e7:versioni1ee'])],
  ['settings-record', 'settings', MIB, size => utf8(`d${keys(size / 10).join('')}e`)],
  ['paths', 'files of one name', MIB, size => utf8('a\n'.repeat(size / 2))],
  ['urls', 'slashes', MIB, size => repeat('/', size, ['http:', ''])],
  ['addresses', 'colons', MIB, size => repeat(':', size)],
];

function keys(count: number): string[] {
  return Array.from({ length: Math.floor(count) }, (_, at) => `6:${100_000 + at}0:`);
}

function named(size: number): Uint8Array {
  const name = '. '.repeat((size - 200) / 2);
  return utf8(`d4:infod6:lengthi9e4:name${name.length}:${name}12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}ee`);
}

describe('twice as much costs twice the work', () => {
  it.each(worst)('%s: %s', { timeout: 120_000 }, (name, _what, limit, make) => {
    expectLinear(targets[name], limit, make);
  });

  it('metadata of a magnet: files', { timeout: 120_000 }, () => {
    const make = (size: number): Uint8Array =>
      repeat('d6:lengthi0e4:pathl1:aee', size, ['d5:filesl', `e4:name1:n12:piece lengthi16384e6:pieces0:e`]);
    expectLinear(
      info => {
        expect(() => parseInfo(info, { v1Hash: toHex(sha1Of(info)), v2Hash: null })).toThrow(EngineError);
      },
      MAX_METADATA,
      make,
    );
  });
});

function expectLinear(target: Target, limit: number, make: (size: number) => Uint8Array): void {
  const [half, whole] = [make(limit / 2), make(limit)];
  expect(whole.length).toBeGreaterThan(limit * 0.8);
  expect(whole.length).toBeLessThanOrEqual(limit);
  const began = performance.now();
  target(whole);
  expect(performance.now() - began).toBeLessThan(LONGEST_MS);
  // What is refused half-way, and what is cut off at a limit, does not grow at all.
  const work = [half, whole].map(input => {
    counter.take();
    target(input);
    return counter.take();
  });
  const [small = 0, large = 0] = work;
  expect(small).toBeGreaterThan(0);
  expect(large).toBeLessThan(small * 2.1 + 1000);
}
