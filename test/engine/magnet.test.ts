import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMagnet, leftOut, parseMagnet } from '../../sw/engine/codec/magnet.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const HASH = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a';
const HASH2 = 'ab'.repeat(32);
const base = `magnet:?xt=urn:btih:${HASH}`;

/** Any UTF-16 at all, lone surrogates among it. */
const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map(units => String.fromCharCode(...units));

describe('a magnet link', () => {
  it('is read in full', () => {
    const uri =
      `${base}&dn=Big+Buck%20Bunny%2B&tr=udp%3A%2F%2Ftracker.example%3A80&tr=wss%3A%2F%2Fws.example%2Fannounce%3Fk%3D1` +
      '&x.pe=10.0.0.1:6881&x.pe=%5B2001:db8::1%5D:1&ws=https%3A%2F%2Fseed.example%2Ff&xs=http%3A%2F%2Fa.example%2Ft.torrent' +
      '&xs=urn:sha1:x&so=0,2,4-6&xl=5';
    expect(parseMagnet(uri)).toEqual({
      infoHash: HASH,
      v1Hash: HASH,
      v2Hash: null,
      name: 'Big Buck Bunny+',
      trackers: ['udp://tracker.example:80', 'wss://ws.example/announce?k=1'],
      peers: [
        { host: '10.0.0.1', port: 6881 },
        { host: '2001:db8::1', port: 1 },
      ],
      webSeeds: ['https://seed.example/f'],
      exactSources: ['http://a.example/t.torrent'],
      selectOnly: [
        [0, 0],
        [2, 2],
        [4, 6],
      ],
    });
  });

  it('may be no more than a hash', () => {
    expect(parseMagnet(`  ${base}\n`)).toEqual({
      infoHash: HASH,
      v1Hash: HASH,
      v2Hash: null,
      name: null,
      trackers: [],
      peers: [],
      webSeeds: [],
      exactSources: [],
      selectOnly: null,
    });
  });

  it('may write its hash in any case, and in base 32', () => {
    expect(parseMagnet(`MAGNET:?XT=URN:BTIH:${HASH.toUpperCase()}`).infoHash).toBe(HASH);
    expect(parseMagnet('magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK').infoHash).toBe(HASH);
    expect(parseMagnet('magnet:?xt=urn:btih:yex6dqdlxisuvhoj6um3gnnkpqjwpkek').infoHash).toBe(HASH);
  });

  it('may number its fields, and have a v2 hash beside the other', () => {
    const uri = `magnet:?xt.1=urn:btmh:1220${HASH2.toUpperCase()}&xt.2=urn:btih:${HASH}&tr.1=http://a.example/&tr.2=http://b.example/`;
    expect(parseMagnet(uri)).toMatchObject({
      infoHash: HASH,
      v1Hash: HASH,
      v2Hash: HASH2,
      trackers: ['http://a.example/', 'http://b.example/'],
    });
  });

  it('of v2 alone goes by the first 20 bytes of its hash', () => {
    expect(parseMagnet(`magnet:?xt=urn:btmh:1220${HASH2}`)).toMatchObject({
      infoHash: HASH2.slice(0, 40),
      v1Hash: null,
      v2Hash: HASH2,
    });
  });

  it('keeps to the first hash of each kind', () => {
    const other = 'cd'.repeat(32);
    const uri = `${base}&xt=urn:btih:${'0'.repeat(40)}&xt=urn:btmh:1220${HASH2}&xt=urn:btmh:1220${other}`;
    expect(parseMagnet(uri)).toMatchObject({ v1Hash: HASH, v2Hash: HASH2 });
  });

  it('selects files by ranges, pads aside, and all where it names none that is there', () => {
    const files = [false, true, false, false, false].map(pad => ({ pad }));
    expect(leftOut(null, files)).toEqual([]);
    expect(leftOut([[0, 0]], files)).toEqual([2, 3, 4]);
    expect(
      leftOut(
        [
          [0, 2],
          [4, 2_000_000_000],
        ],
        files,
      ),
    ).toEqual([3]);
    expect(leftOut([[1, 1]], files)).toEqual([]);
    expect(leftOut([[5, 9]], files)).toEqual([]);
  });

  it('takes at most 1000 ranges', () => {
    const ranges = Array.from({ length: 1200 }, (_, i) => i).join(',');
    expect(parseMagnet(`${base}&so=${ranges}`).selectOnly).toHaveLength(1000);
  });

  it.each([
    ['nothing', ''],
    ['no magnet', 'https://example.com/'],
    ['no hash', 'magnet:?dn=x'],
    ['a hash too short', `magnet:?xt=urn:btih:${HASH.slice(1)}`],
    ['a hash too long', `${base}0`],
    ['a v2 hash too short', `magnet:?xt=urn:btmh:1220${HASH2.slice(1)}`],
    ['a v2 hash of another kind', `magnet:?xt=urn:btmh:1120${HASH2}`],
    ['a hash of something else', `magnet:?xt=urn:sha1:${HASH}`],
    ['a length beyond reason', `${base}&dn=${'x'.repeat(64 << 10)}`],
  ])('is refused with %s', (_, uri) => {
    expect(() => parseMagnet(uri)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^magnet/) as unknown }));
  });

  it('loses only the fields that cannot be', () => {
    const uri = `${base}&dn=%E0%A4%A&tr=javascript:alert(1)&tr=x&tr=file:///etc&x.pe=1.2.3.4&x.pe=:5&ws=ftp://a/&so=-1,5-3,a&&=&x`;
    expect(parseMagnet(uri)).toEqual({
      infoHash: HASH,
      v1Hash: HASH,
      v2Hash: null,
      name: '%E0%A4%A',
      trackers: [],
      peers: [],
      webSeeds: [],
      exactSources: [],
      selectOnly: null,
    });
    expect(parseMagnet(`${base}&dn=%E2%80%AEgpj.exe%00`).name).toBe('gpj.exe');
  });

  it('gives at most 100 trackers and peers, each tracker once', () => {
    const trackers = Array.from({ length: 150 }, (_, i) => `&tr=http://t${i}/`).join('');
    const peers = Array.from({ length: 150 }, (_, i) => `&x.pe=h:${i + 1}`).join('');
    expect(parseMagnet(base + trackers + peers).trackers.length).toBe(100);
    expect(parseMagnet(base + trackers + peers).peers.length).toBe(100);
    expect(parseMagnet(`${base}&tr=http://t&tr=http://T/`).trackers).toEqual(['http://t/']);
  });

  it('comes back as it went', () => {
    const name = anyText(30);
    const tracker = fc
      .tuple(fc.constantFrom('http', 'https', 'udp', 'wss'), fc.nat(9), fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }))
      .map(([scheme, host, path, query]) => `${scheme}://t${host}.example/${path}?${query}&x=%26`);
    const hash = (digits: number): fc.Arbitrary<string | null> =>
      fc.option(fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits }));
    const range = fc.tuple(fc.nat(1000), fc.nat(1000)).map(([from, more]) => [from, from + more] as const);
    const link = fc
      .record({
        v1Hash: hash(40),
        v2Hash: hash(64),
        name,
        trackers: fc.uniqueArray(tracker, { maxLength: 5 }),
        webSeeds: fc.uniqueArray(
          tracker.filter(url => url.startsWith('http')),
          { maxLength: 3 },
        ),
        selectOnly: fc.option(fc.array(range, { minLength: 1, maxLength: 5 })),
      })
      .filter(({ v1Hash, v2Hash }) => v1Hash !== null || v2Hash !== null);
    fc.assert(
      fc.property(link, shared => {
        const first = parseMagnet(formatMagnet(shared));
        const { v1Hash, v2Hash, selectOnly } = shared;
        expect(first).toMatchObject({ v1Hash, v2Hash, selectOnly });
        expect(parseMagnet(formatMagnet(first))).toEqual(first);
        expect(first.trackers).toEqual([...new Set(shared.trackers.map(url => new URL(url).href))]);
      }),
    );
  });

  it('is read or refused with an EngineError, whatever it is', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'xt=urn:btih:',
        'xt=urn:btmh:1220',
        HASH,
        HASH2,
        '&',
        '=',
        '%',
        '%ff',
        'tr=',
        'so=',
        'x.pe=',
        '1-2',
        ',',
        'http://a',
        '\ud800',
      ),
      anyText(5),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), parts => {
        try {
          const magnet = parseMagnet(`magnet:?${parts.join('')}`);
          expect(magnet.infoHash).toMatch(/^[0-9a-f]{40}$/);
          expect(parseMagnet(formatMagnet(magnet)).infoHash).toBe(magnet.infoHash);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
