import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCanonical, type Canonical } from '../../sw/engine/codec/canonical.ts';
import {
  choosePieceLength,
  createTorrent,
  placeFiles,
  TreeBuilder,
  type NewFile,
  type NewTorrent,
  type TorrentKind,
} from '../../sw/engine/codec/create.ts';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { scan } from '../../sw/engine/codec/scan.ts';

const BLOCK = 16384;
const kinds: readonly TorrentKind[] = ['v1', 'v2', 'hybrid'];
const plain: NewTorrent = {
  kind: 'v1',
  name: 'folder',
  pieceLength: BLOCK,
  trackers: [],
  webSeeds: [],
  httpSeeds: [],
  isPrivate: false,
  comment: '',
  createdBy: '',
  createdAt: null,
};

/** A torrent of files whose bytes are all the same number, their own. */
function make(files: readonly NewFile[], options: Partial<NewTorrent>): Uint8Array {
  const torrent = { ...plain, ...options };
  const placed = placeFiles(files, torrent.kind, torrent.pieceLength);
  const contents = placed.map(({ length, pad }, index) => Buffer.alloc(length, pad ? 0 : index + 1));
  const all = Buffer.concat(contents);
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; at += torrent.pieceLength) {
    const piece = all.subarray(at, at + torrent.pieceLength);
    pieces.push(createHash('sha1').update(piece).digest());
  }
  const trees = contents.map((content, index) => {
    const tree = new TreeBuilder(torrent.pieceLength);
    if (placed[index]!.pad) return null;
    for (let at = 0; at < content.length; at += BLOCK) {
      const block = content.subarray(at, at + BLOCK);
      tree.add(createHash('sha256').update(block).digest());
    }
    return tree.finish();
  });
  return createTorrent(torrent, placed, { pieces: Buffer.concat(pieces), trees });
}

describe('a new torrent', () => {
  it.each(kinds)('of %s reads as it was made', kind => {
    const files = [
      { path: ['b', 'z'], length: 40_000 },
      { path: ['b.txt'], length: 5 },
      { path: ['a'], length: 3 * BLOCK },
      { path: ['é', 'empty'], length: 0 },
      { path: ['b', 'ü'], length: 70_000 },
    ];
    const bytes = make(files, {
      kind,
      pieceLength: 2 * BLOCK,
      trackers: [['udp://a.example:1', 'http://b.example/x'], ['wss://c.example/']],
      webSeeds: ['https://d.example/files/'],
      httpSeeds: ['https://e.example/seed.php'],
      isPrivate: true,
      comment: 'hällo',
      createdBy: 'Starling 1',
      createdAt: 1_700_000_000,
    });
    const meta = parseTorrent(bytes);
    expect(meta).toMatchObject({
      name: 'folder',
      isPrivate: true,
      trackers: [['udp://a.example:1', 'http://b.example/x'], ['wss://c.example/']],
      webSeeds: ['https://d.example/files/'],
      httpSeeds: ['https://e.example/seed.php'],
      comment: 'hällo',
      createdBy: 'Starling 1',
      createdAt: 1_700_000_000,
    });
    expect(meta.v1Hash === null).toBe(kind === 'v2');
    expect(meta.v2Hash === null).toBe(kind === 'v1');
    expect(meta.layout.files.filter(file => !file.pad).map(({ path, length }) => [path.join('/'), length])).toEqual([
      ['folder/a', 3 * BLOCK],
      ['folder/b/z', 40_000],
      ['folder/b/ü', 70_000],
      ['folder/b.txt', 5],
      ['folder/é/empty', 0],
    ]);
    if (kind !== 'v2') expect(meta.layout.files.filter(file => file.pad).length).toBe(kind === 'v1' ? 0 : 3);
    expect(scan(bytes).isSorted(0)).toBe(true);
  });

  it.each(kinds)('of %s of one file is no folder', kind => {
    const { layout } = parseTorrent(make([{ path: [], length: 50_000 }], { kind, name: 'one.bin' }));
    expect(layout.files.filter(({ pad }) => !pad).map(({ path, length }) => [path, length])).toEqual([[['one.bin'], 50_000]]);
  });

  it('says no more than it was told', () => {
    const bytes = Buffer.from(make([{ path: [], length: 5 }], { name: 'x' })).toString('latin1');
    expect(bytes).toMatch(/^d4:infod6:lengthi5e4:name1:x12:piece lengthi16384e6:pieces20:[^]{20}ee$/);
    expect(parseTorrent(make([{ path: [], length: 5 }], { trackers: [['http://a/']] })).trackers).toEqual([['http://a/']]);
  });

  it('is always one that can be read, with its files and hash trees right', () => {
    const name = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom(...'abCé ~\u{10ffff}\ufffc') });
    const file = fc.record({ path: fc.array(name, { minLength: 2, maxLength: 3 }), length: fc.nat(9 * BLOCK) });
    const files = fc
      .uniqueArray(file, { maxLength: 8, selector: ({ path }) => path[0] })
      .filter(list => list.some(({ length }) => length > 0));
    fc.assert(
      fc.property(files, fc.constantFrom(...kinds), fc.constantFrom(1, 2, 4), (list, kind, blocks) => {
        const { layout } = parseTorrent(make(list, { kind, pieceLength: blocks * BLOCK }));
        const sizes = layout.files.filter(file => !file.pad).map(({ length }) => length);
        expect(sizes.sort((a, b) => a - b)).toEqual(list.map(({ length }) => length).sort((a, b) => a - b));
        const starts = layout.files.filter(file => !file.pad && file.length > 0).map(({ offset }) => offset);
        if (kind !== 'v1') expect(starts.every(offset => offset % layout.pieceLength === 0)).toBe(true);
      }),
    );
  });

  it.each<[string, Partial<NewTorrent>]>([
    ['a piece length that is no power of two', { pieceLength: 20_000 }],
    ['a piece length below a block', { pieceLength: 8192 }],
    ['a piece length beyond memory', { pieceLength: 2 ** 27 }],
    ['a tracker that is none', { trackers: [['example.com']] }],
    ['a web seed that is none', { webSeeds: ['ftp://example.com/'] }],
    ['an HTTP seed that is none', { httpSeeds: ['ftp://example.com/'] }],
    ['no name', { name: '' }],
    ['a name that is a path', { name: 'a/b' }],
    ['a name that is no name', { name: '..' }],
  ])('is refused with %s', (_, options) => {
    expect(() => createTorrent({ ...plain, ...options }, [], { pieces: new Uint8Array(0), trees: [] })).toThrow(
      expect.objectContaining({ code: 'create' }),
    );
  });

  it('has pieces that fit its size', () => {
    const [MIB, GIB] = [2 ** 20, 2 ** 30];
    expect([1, 23 * MIB, 24 * MIB, GIB, 20 * GIB, 2000 * GIB].map(choosePieceLength)).toEqual([
      BLOCK,
      BLOCK,
      2 * BLOCK,
      MIB,
      16 * MIB,
      16 * MIB,
    ]);
  });
});

describe('canonical bencoding', () => {
  it('orders keys by their bytes, whatever they are', () => {
    const dict = new Map<string | Uint8Array, Canonical>([
      ['\u{10000}', 1],
      ['\uffff', 2],
      [new Uint8Array([255, 0]), [1, 'x', new Uint8Array([7])]],
      ['10', new Map()],
      ['9', -3],
    ]);
    const text = Buffer.from(encodeCanonical(dict)).toString('latin1');
    expect(text).toBe('d2:10de1:9i-3e3:\xef\xbf\xbfi2e4:\xf0\x90\x80\x80i1e2:\xff\x00li1e1:x1:\x07ee');
    expect(scan(encodeCanonical(dict)).isSorted(0)).toBe(true);
  });

  it('refuses what cannot be written', () => {
    expect(() => encodeCanonical(0.5)).toThrow(/0.5/);
    const twice = new Map<string | Uint8Array, Canonical>([
      ['a', 1],
      [new Uint8Array([97]), 2],
    ]);
    expect(() => encodeCanonical(twice)).toThrow(/twice/);
  });
});
