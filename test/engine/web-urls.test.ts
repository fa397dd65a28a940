import bencode from 'bencode';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { fileUrl, pieceUrl, webPaths } from '../../sw/engine/codec/web-urls.ts';

const text = new TextEncoder();

interface Listed {
  readonly path: readonly Uint8Array[];
  readonly length: number;
  readonly attr?: string;
}

function pathsOf(name: Uint8Array, files: readonly Listed[]): (string | null)[] {
  const total = files.reduce((sum, { length }) => sum + length, 0);
  const listed = files.map(({ path, ...rest }) => ({ ...rest, path: path.map(part => Buffer.from(part)) }));
  const pieces = Buffer.alloc(20 * Math.ceil(total / 16_384));
  const info = { files: listed, name: Buffer.from(name), 'piece length': 16_384, pieces };
  const meta = parseTorrent(Uint8Array.from(bencode.encode({ info })));
  return webPaths(meta.info, meta.layout);
}

const names = (...parts: string[]): Uint8Array[] => parts.map(part => text.encode(part));

/** What a server makes of a path: components as bytes. */
function readBack(path: string): Buffer[] {
  return path.split('/').map(component =>
    Buffer.from(
      component.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      'latin1',
    ),
  );
}

const component = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map(part => text.encode(part)),
  fc
    .constantFrom('..', '.', '%2e%2e', '...', 'a/b', '\\', '?', '#', ' ', '%', '\0', 'CON', '~', '\u202e')
    .map(part => text.encode(part)),
);

describe('the address of a file at a web seed', () => {
  it('is its own names, encoded: read back they are the same bytes, below the folder, and nothing else of the address changes', () => {
    fc.assert(
      fc.property(component, fc.array(component, { minLength: 1, maxLength: 4 }), (name, path) => {
        const [found = null] = pathsOf(name, [
          { path, length: 5 },
          { path: names('other'), length: 5 },
        ]);
        const dots = [name, ...path].some(part => ['.', '..'].includes(Buffer.from(part).toString('latin1')));
        expect(found === null).toBe(dots);
        if (found === null) return;
        expect(readBack(found)).toEqual([name, ...path].map(part => Buffer.from(part)));
        const url = new URL(fileUrl('http://seed.example/files/', found, false) ?? '');
        expect([url.host, url.search, url.hash]).toEqual(['seed.example', '', '']);
        expect(url.pathname).toBe(`/files/${found}`);
      }),
      { numRuns: 500 },
    );
  });

  it('is told of every file by its place in the layout, pads left out', () => {
    const files = [
      { path: names('a b'), length: 100 },
      { path: names('.pad', '16284'), length: 16_284, attr: 'p' },
      { path: names('c', 'ü'), length: 3 },
      { path: names('empty'), length: 0 },
    ];
    expect(pathsOf(text.encode('n'), files)).toEqual(['n/a%20b', null, 'n/c/%C3%BC', 'n/empty']);
  });

  it('uses the names in UTF-8 where there are some', () => {
    const info = { 'name.utf-8': 'ü', name: Buffer.from([0xfc]), length: 5, 'piece length': 16_384, pieces: Buffer.alloc(20) };
    const meta = parseTorrent(Uint8Array.from(bencode.encode({ info })));
    expect(webPaths(meta.info, meta.layout)).toEqual(['%C3%BC']);
  });

  it('is the address itself for one file, unless that is a folder', () => {
    expect(fileUrl('http://a/f.bin', 'f.bin', true)).toBe('http://a/f.bin');
    expect(fileUrl('http://a/get?x=1', 'f.bin', true)).toBe('http://a/get?x=1');
    expect(fileUrl('http://a/', 'f.bin', true)).toBe('http://a/f.bin');
    expect(fileUrl('http://a/x', 'n/f.bin', false)).toBe('http://a/x/n/f.bin');
    expect(fileUrl('http://a/x/', 'n/f.bin', false)).toBe('http://a/x/n/f.bin');
    expect(fileUrl('http://a/', 'x'.repeat(5000), true)).toBeNull();
  });

  it('of pieces names the torrent, the piece and the bytes (BEP 17)', () => {
    const hash = Uint8Array.from({ length: 20 }, (_, index) => index * 13);
    const url = new URL(pieceUrl('http://a/seed.php', hash, 7, 16_384, 32_768));
    expect(url.search).toMatch(/^\?info_hash=%00%0d%1a.*&piece=7&ranges=16384-32767$/);
    expect(pieceUrl('http://a/s?k=1', hash, 0, 0, 1)).toMatch(/^http:\/\/a\/s\?k=1&info_hash=/);
  });
});

describe('web seeds of a torrent', () => {
  const made = (more: object): Uint8Array => {
    const info = { length: 5, name: 'f', 'piece length': 16_384, pieces: Buffer.alloc(20) };
    return Uint8Array.from(bencode.encode({ info, ...more }));
  };

  it('are taken a hundred of, of either kind, each once and over HTTP alone', () => {
    const urls = Array.from({ length: 300 }, (_, index) => `http://a/${Math.floor(index / 2)}`);
    const meta = parseTorrent(made({ 'url-list': ['ftp://a/', 'udp://b:1', 5, ...urls], httpseeds: ['javascript:1', ...urls] }));
    expect(meta.webSeeds).toHaveLength(100);
    expect(meta.httpSeeds).toHaveLength(100);
    expect(new Set(meta.webSeeds).size).toBe(100);
    expect(parseTorrent(made({ httpseeds: 'http://a/s' })).httpSeeds).toEqual(['http://a/s']);
  });
});
