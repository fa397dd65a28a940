import { describe, expect, it } from 'vitest';
import { readRequest } from '../../web/address.ts';
import { MAX_OFFERS, readFiles, readText } from '../../web/sources.ts';

const HASH = '6ab24dcd'.repeat(5);

describe('pasted text', () => {
  it('finds magnet links and bare info-hashes, among other words', () => {
    const { offers } = readText(`see magnet:?xt=urn:btih:${HASH}&dn=Open+film and\n${HASH.toUpperCase()} or not`);
    expect(offers.map(offer => offer.label)).toEqual(['Open film', HASH.toUpperCase()]);
    expect(offers[1]?.source).toEqual({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${HASH.toUpperCase()}` });
  });

  it('takes a base32 hash, and a link without a name by its hash', () => {
    expect(readText('A'.repeat(32)).count).toBe(1);
    expect(readText(`magnet:?xt=urn:btih:${HASH}`).offers[0]?.label).toBe(HASH);
    expect(readText('magnet:?').offers[0]?.label).toBe('Magnet link');
  });

  it.each([
    [`(magnet:?xt=urn:btih:${HASH}).`, `magnet:?xt=urn:btih:${HASH}`],
    [`[Film](magnet:?xt=urn:btih:${HASH}&dn=Film+(2010))`, `magnet:?xt=urn:btih:${HASH}&dn=Film+(2010)`],
    [`magnet:?xt=urn:btih:${HASH}&dn=Film+(2010)`, `magnet:?xt=urn:btih:${HASH}&dn=Film+(2010)`],
    [`<a href="magnet:?xt=urn:btih:${HASH}&amp;dn=a">Film</a>`, `magnet:?xt=urn:btih:${HASH}&dn=a`],
    [`info-hash:${HASH},`, null],
    [`“${HASH}”,`, `magnet:?xt=urn:btih:${HASH}`],
    [` ${'ab'.repeat(32)}\n`, `magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}`],
    [`${'ab'.repeat(32)}  film.iso`, null],
    [`${HASH} magnet:?xt=urn:btih:${HASH} ${HASH}`, `magnet:?xt=urn:btih:${HASH}`],
  ])('finds in %j what is meant', (text, uri) => {
    expect(readText(text).offers.map(({ source }) => 'uri' in source && source.uri)).toEqual(uri === null ? [] : [uri]);
  });

  it('finds nothing where there is nothing', () => {
    for (const text of ['', 'hello', 'https://example.org/a.torrent', HASH.slice(1), `${HASH}0`])
      expect(readText(text)).toEqual({ offers: [], count: 0 });
  });

  it('stops at a limit', () => {
    const many = Array.from({ length: MAX_OFFERS + 5 }, (_, index) => String(index).padStart(40, '0')).join(' ');
    const { offers, count } = readText(many);
    expect([offers.length, count]).toEqual([MAX_OFFERS, MAX_OFFERS + 5]);
  });
});

describe('files', () => {
  it('reads them, and says which cannot be torrents', async () => {
    const big = { name: 'film.mkv', size: 1e9 } as File;
    const { offers, refused } = await readFiles([new File(['d1:ae'], 'open film.torrent'), big]);
    expect(offers.map(offer => offer.label)).toEqual(['open film']);
    expect(offers[0]?.source).toEqual({ kind: 'file', bytes: new TextEncoder().encode('d1:ae') });
    expect(refused).toEqual([expect.stringContaining('“film.mkv” is too large')]);
  });

  it('says so where a file cannot be read', async () => {
    const folder = { name: 'folder', size: 4096, arrayBuffer: () => Promise.reject(new Error('a folder')) } as unknown as File;
    const { offers, refused } = await readFiles([folder]);
    expect(offers).toEqual([]);
    expect(refused).toEqual([expect.stringContaining('could not be read')]);
  });
});

describe('the address', () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&dn=a+b&tr=http%3A%2F%2Ft%2F`;
  it.each([
    ['', null, null],
    ['#', null, null],
    ['#other=1', null, null],
    ['#pair=', null, null],
    ['#pair=s3cret_-', 's3cret_-', null],
    [`#magnet=${encodeURIComponent(magnet)}`, null, magnet],
    ['#magnet=100%', null, '100%'],
  ])('reads %s', (hash, secret, found) => {
    expect(readRequest(hash)).toEqual({ secret, magnet: found });
  });
});
