import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode, type BDict, type BValue } from '../../sw/engine/codec/bencode.ts';
import { MAX_TORRENT_BYTES, parseInfo, parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { EngineError } from '../../sw/engine/errors.ts';

const PIECE = 16384;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (algorithm: 'sha1' | 'sha256', data: Uint8Array): Buffer => createHash(algorithm).update(data).digest();

function single(fields: Record<string, BValue> = {}): Record<string, BValue> {
  return { name: bytes('file.bin'), length: 40_000, 'piece length': PIECE, pieces: new Uint8Array(60).fill(7), ...fields };
}

function multi(files: BValue[], pieces: number): Record<string, BValue> {
  return { name: bytes('folder'), files, 'piece length': PIECE, pieces: new Uint8Array(20 * pieces) };
}

function file(length: number, ...path: string[]): Record<string, BValue> {
  return { length, path: path.map(bytes) };
}

function torrent(info: BDict, outside: BDict = {}): Uint8Array {
  return encode({ ...outside, info });
}

function without(dict: Record<string, BValue>, key: string): BDict {
  return Object.fromEntries(Object.entries(dict).filter(([name]) => name !== key));
}

/** The root of a v2 hash tree over blocks that all hash to `leaf`, for a file of a power of two of them. */
function rootOver(leaf: Buffer, leaves: number): Buffer {
  let hash = leaf;
  for (let covered = 1; covered < leaves; covered *= 2) hash = hashOf('sha256', Buffer.concat([hash, hash]));
  return hash;
}

describe('a torrent file', () => {
  it('of one file is read', () => {
    const info = single();
    const read = parseTorrent(torrent(info, { announce: bytes('http://t.example/a'), comment: bytes('hi\nthere') }));
    expect(read).toMatchObject({
      name: 'file.bin',
      isPrivate: false,
      v2Only: false,
      trackers: [['http://t.example/a']],
      comment: 'hi there',
      createdBy: '',
      createdAt: null,
    });
    expect(read.infoHash).toBe(hashOf('sha1', encode(info)).toString('hex'));
    expect(read.info).toEqual(encode(info));
    expect(read.pieceHashes).toEqual(new Uint8Array(60).fill(7));
    expect(read.layout.files).toEqual([{ path: ['file.bin'], length: 40_000, offset: 0, pad: false }]);
    expect(read.layout.pieceCount).toBe(3);
  });

  it('of several files puts them below its name', () => {
    const files = [
      file(10, 'a', 'b.txt'),
      { ...file(PIECE - 10, '.pad', '1'), attr: bytes('p') },
      file(0, 'empty'),
      file(5, '_____padding_file_0_x'),
      file(PIECE, 'c'),
    ];
    const { layout } = parseTorrent(torrent(multi(files, 3)));
    expect(layout.files.map(({ path, length, pad }) => [path.join('/'), length, pad])).toEqual([
      ['folder/a/b.txt', 10, false],
      ['folder/.pad/1', PIECE - 10, true],
      ['folder/empty', 0, false],
      ['folder/_____padding_file_0_x', 5, true],
      ['folder/c', PIECE, false],
    ]);
    expect(layout.spans(0)).toEqual([
      { file: 0, offset: 0, length: 10 },
      { file: -1, offset: 0, length: PIECE - 10 },
    ]);
  });

  it('gives files safe paths, whatever theirs are', () => {
    const listed = [
      ['..', 'a', '', '.', 'b'],
      ['..', '..'],
      ['/', '\\', 'bar'],
      ['a', 'b'],
      ['a', '..', 'c'],
      Array<string>(100).fill('d'),
    ];
    const { layout } = parseTorrent(
      torrent(
        multi(
          listed.map(path => file(1, ...path)),
          1,
        ),
      ),
    );
    expect(layout.files.map(({ path }) => path.join('/'))).toEqual([
      'folder/a/b',
      'folder/_.1',
      'folder/_/_/bar',
      'folder/a/b.1',
      'folder/a/c',
      `folder${'/d'.repeat(100)}`,
    ]);
  });

  it('is hashed as it stands, not as we would write it', () => {
    const unsorted = `d4:name1:x6:lengthi5e12:piece lengthi${PIECE}e6:pieces20:${'h'.repeat(20)}e`;
    const read = parseTorrent(bytes(`d4:info${unsorted}e`));
    expect(read.infoHash).toBe(hashOf('sha1', bytes(unsorted)).toString('hex'));
  });

  it('may be followed by anything', () => {
    expect(parseTorrent(bytes(`${Buffer.from(torrent(single())).toString('latin1')}\r\n<!-- -->`)).name).toBe('file.bin');
  });

  it('prefers the names that are said to be UTF-8', () => {
    const files = [{ length: 5, path: [bytes('x')], 'path.utf-8': [bytes('ö')] }];
    const read = parseTorrent(torrent({ ...multi(files, 1), 'name.utf-8': bytes('Ü') }));
    expect(read.layout.files[0]?.path).toEqual(['Ü', 'ö']);
  });

  it('keeps its tiers of trackers, each once, and falls back on the one', () => {
    const list = (...tiers: string[][]): BValue => tiers.map(tier => tier.map(bytes));
    const announce = bytes('http://single.example/');
    const trackers = (outside: BDict): unknown => parseTorrent(torrent(single(), { announce, ...outside })).trackers;
    expect(trackers({ 'announce-list': list(['udp://a:1', ' http://b/x '], ['udp://a:1', 'wss://c/']) })).toEqual([
      ['udp://a:1', 'http://b/x'],
      ['wss://c/'],
    ]);
    expect(trackers({ 'announce-list': list(['javascript:x', 'not an address'], []) })).toEqual([['http://single.example/']]);
    expect(trackers({ 'announce-list': 5 })).toEqual([['http://single.example/']]);
    const many = Array.from({ length: 300 }, (_, i) => [`http://t${i}/`]);
    expect(trackers({ 'announce-list': list(...many) })).toHaveLength(100);
  });

  it('is private if it says so', () => {
    expect(parseTorrent(torrent(single({ private: 1 }))).isPrivate).toBe(true);
    expect(parseTorrent(torrent(single({ private: 0 }))).isPrivate).toBe(false);
    expect(parseTorrent(torrent(single({ private: bytes('1') }))).isPrivate).toBe(false);
  });

  it('that is larger than any real one is not read', () => {
    expect(() => parseTorrent(new Uint8Array(MAX_TORRENT_BYTES + 1).fill(0x64))).toThrow(/larger/);
  });

  it.each<[string, BDict, RegExp]>([
    ['no name', without(single(), 'name'), /no name/],
    ['no pieces', without(single(), 'pieces'), /no hashes/],
    ['no piece length', without(single(), 'piece length'), /pieces have no length/],
    ['pieces of no length', single({ 'piece length': 0 }), /pieces have no length/],
    ['pieces of a negative length', single({ 'piece length': -1 }), /pieces have no length/],
    ['pieces of a terabyte', single({ 'piece length': 2 ** 40 }), /pieces have no length/],
    ['no files', without(single(), 'length'), /lists no files/],
    ['an empty list of files', multi([], 0), /empty/],
    ['a file of no bytes', single({ length: 0, pieces: new Uint8Array() }), /empty/],
    ['a file of a negative length', single({ length: -1 }), /no length/],
    ['a file longer than any disk', single({ length: Number.MAX_SAFE_INTEGER }), /larger than any disk/],
    ['one hash too few', single({ pieces: new Uint8Array(40) }), /does not fit/],
    ['one hash too many', single({ pieces: new Uint8Array(80) }), /does not fit/],
    ['more pieces than any', single({ length: 2 ** 40 }), /more pieces/],
    ['a file that is a number', multi([5], 1), /no entry/],
    ['a file without a path', multi([{ length: 5 }], 1), /no name/],
    ['a path of numbers', multi([{ length: 5, path: [1] }], 1), /no text/],
    ['a path too deep', multi([file(5, ...Array<string>(101).fill('a'))], 1), /deep/],
    ['a version to come', single({ 'meta version': 3 }), /newer/],
    ['a tree of files and no version', single({ 'file tree': {} }), /version/],
  ])('is refused with %s', (_, info, reason) => {
    expect(() => parseTorrent(torrent(info))).toThrow(reason);
  });

  it('with a number beyond all numbers is refused only where it matters', () => {
    const huge = '9'.repeat(30);
    const rest = `4:name1:x12:piece lengthi${PIECE}e6:pieces20:${'h'.repeat(20)}e`;
    expect(() => parseTorrent(bytes(`d4:infod6:lengthi${huge}e${rest}e`))).toThrow(/larger than any disk/);
    expect(parseTorrent(bytes(`d13:creation datei${huge}e4:infod6:lengthi5e${rest}e`)).createdAt).toBeNull();
  });

  it('whatever is changed in it, is read or refused with an EngineError', () => {
    const good = torrent(multi([file(10, 'a', 'b'), file(PIECE, 'c')], 2), {
      announce: bytes('http://t/'),
      'url-list': bytes('http://s/'),
    });
    const change = fc.tuple(
      fc.nat(good.length - 1),
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...bytes('dlei0159:'))),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const bad = good.slice();
        for (const [at, byte] of changes) bad[at] = byte;
        try {
          const { layout, pieceHashes } = parseTorrent(bad);
          expect(pieceHashes.length).toBe(20 * layout.pieceCount);
          for (const { path } of layout.files) expect(path.join('')).not.toMatch(/[/\\]/);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('an info dictionary from peers', () => {
  it('is read as a torrent file would be', () => {
    const info = encode(single());
    const hash = hashOf('sha1', info).toString('hex');
    const { infoHash, layout, pieceHashes } = parseTorrent(torrent(single()));
    expect(parseInfo(info, { v1Hash: hash, v2Hash: null })).toMatchObject({ infoHash, layout, pieceHashes, trackers: [] });
  });

  it('is refused unless it is the one asked for', () => {
    expect(() => parseInfo(encode(single()), { v1Hash: '0'.repeat(40), v2Hash: null })).toThrow(
      expect.objectContaining({ code: 'info-hash' }),
    );
  });

  it('has nothing after it', () => {
    const info = bytes(`${Buffer.from(encode(single())).toString('latin1')}x`);
    expect(() => parseInfo(info, { v1Hash: hashOf('sha1', info).toString('hex'), v2Hash: null })).toThrow(EngineError);
  });
});

describe('a hybrid', () => {
  const leaf = hashOf('sha256', new Uint8Array(PIECE));
  const root = rootOver(leaf, 4);
  const leafEntry = (length: number, pieces: Uint8Array = root): BDict => ({ '': { length, 'pieces root': pieces } });
  const tree: BDict = { a: leafEntry(4 * PIECE), b: { c: leafEntry(5) }, z: { '': { length: 0 } } };
  const v1 = [file(4 * PIECE, 'a'), file(5, 'b', 'c'), file(0, 'z')];
  const hybrid = (fields: Record<string, BValue> = {}): BDict => ({
    ...multi(v1, 5),
    'meta version': 2,
    'file tree': tree,
    ...fields,
  });
  // Keys of piece layers are raw bytes, which the encoder's text keys cannot be.
  const withLayer = (layer: Uint8Array, key: Uint8Array = root): Uint8Array =>
    Buffer.concat([
      bytes('d4:info'),
      encode(hybrid()),
      bytes(`12:piece layersd${key.length}:`),
      key,
      bytes(`${layer.length}:`),
      layer,
      bytes('ee'),
    ]);

  it('is taken by its v1 part', () => {
    const read = parseTorrent(torrent(hybrid()));
    expect(read.v2Only).toBe(false);
    expect(read.infoHash).toBe(hashOf('sha1', encode(hybrid())).toString('hex'));
    expect(read.layout.files.map(({ path }) => path.join('/'))).toEqual(['folder/a', 'folder/b/c', 'folder/z']);
  });

  it('may bring its piece layers, which must hash to the roots', () => {
    const layer = Buffer.concat([leaf, leaf, leaf, leaf]);
    expect(parseTorrent(withLayer(layer)).name).toBe('folder');
    const wrong = Buffer.from(layer);
    wrong[5]! ^= 1;
    expect(() => parseTorrent(withLayer(wrong))).toThrow(/does not fit/);
    expect(() => parseTorrent(withLayer(layer.subarray(0, 96)))).toThrow(/does not fit/);
    expect(() => parseTorrent(withLayer(layer.subarray(0, 97)))).toThrow(/cut short/);
    expect(() => parseTorrent(withLayer(layer, root.subarray(1)))).toThrow(/cut short/);
    expect(parseTorrent(withLayer(leaf, Buffer.alloc(32, 9))).name).toBe('folder');
  });

  it.each<[string, BDict]>([
    ['another file', hybrid({ files: [file(4 * PIECE, 'a'), file(5, 'b', 'd'), file(0, 'z')] })],
    ['another length', hybrid({ files: [file(4 * PIECE, 'a'), file(6, 'b', 'c'), file(0, 'z')] })],
    ['a file fewer', hybrid({ files: [file(4 * PIECE, 'a'), file(5, 'b', 'c')] })],
    ['a file more', hybrid({ files: [...v1, file(1, 'zz')] })],
    ['another order', hybrid({ files: [v1[1]!, v1[0]!, v1[2]!] })],
  ])('is refused where v1 lists %s', (_, info) => {
    expect(() => parseTorrent(torrent(info))).toThrow(/different files/);
  });

  it('must align its files by pads', () => {
    const twoFiles: BDict = { a: leafEntry(10), b: leafEntry(20) };
    const padded = [file(10, 'a'), { ...file(PIECE - 10, '.pad', '1'), attr: bytes('p') }, file(20, 'b')];
    const info = (files: BValue[], pieces: number): BDict => ({
      ...multi(files, pieces),
      'meta version': 2,
      'file tree': twoFiles,
    });
    expect(parseTorrent(torrent(info(padded, 2))).layout.pieceCount).toBe(2);
    expect(() => parseTorrent(torrent(info([file(10, 'a'), file(20, 'b')], 1)))).toThrow(/different files/);
  });

  it.each<[string, BDict, RegExp]>([
    ['unsorted keys', hybrid(), /order/],
    ['a file without a hash', hybrid({ 'file tree': { a: { '': { length: 5 } } } }), /no hash/],
    ['a hash of zeros', hybrid({ 'file tree': { a: leafEntry(5, new Uint8Array(32)) } }), /no hash/],
    ['something that is neither file nor folder', hybrid({ 'file tree': { a: 5 } }), /neither/],
    ['something that is both', hybrid({ 'file tree': { a: { '': { length: 0 }, b: {} } } }), /both/],
    ['a nameless file', hybrid({ 'file tree': { '': { length: 0 } } }), /without a name/],
    ['a pad in its tree', hybrid({ 'file tree': { a: { '': { length: 5, attr: bytes('p') } } } }), /pad/],
    ['pieces that are no power of two', hybrid({ 'piece length': 3 * PIECE }), /pieces have no length/],
    ['pieces smaller than a block', hybrid({ 'piece length': PIECE / 2 }), /pieces have no length/],
    ['no tree', without(hybrid(), 'file tree'), /lists no files/],
  ])('is refused with %s', (what, info, reason) => {
    const good = Buffer.from(torrent(info)).toString('latin1');
    const input = what === 'unsorted keys' ? good.replace('i2e4:name6:folder', 'i2e4:zame6:folder') : good;
    expect(() => parseTorrent(Buffer.from(input, 'latin1'))).toThrow(reason);
  });

  it('cannot make many long paths of a few folders', () => {
    const leaf = { '': { length: 0 } };
    let tree: BDict = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`f${i}`, leaf]));
    for (let depth = 0; depth < 90; depth++) tree = { d: tree };
    expect(() => parseTorrent(torrent(hybrid({ 'file tree': tree })))).toThrow(/folders inside one another/);
  });

  it('without its v1 part is read, and says so', () => {
    const info = without(without(hybrid(), 'files'), 'pieces');
    const read = parseTorrent(torrent(info));
    expect(read).toMatchObject({ v2Only: true, infoHash: hashOf('sha256', encode(info)).toString('hex').slice(0, 40) });
    expect(read.pieceHashes.length).toBe(0);
    expect(read.layout.pieceCount).toBe(5);
  });
});
