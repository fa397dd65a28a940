import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTorrent, type Metainfo } from '../../sw/engine/codec/metainfo.ts';
import { EngineError } from '../../sw/engine/errors.ts';

/**
 * Real and hostile torrent files with the verdict of libtorrent's own test suite on each. They lie beside the
 * repository; where they are absent these tests are skipped.
 */
const folder = new URL('../../../shared/corpora/', import.meta.url);
const table = new URL('expect.tsv', folder);
const present = existsSync(table);

interface Row {
  readonly file: string;
  readonly expected: string;
  readonly what: string;
}

const rows: Row[] = present
  ? readFileSync(table, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map(line => line.split('\t'))
      .map(([file = '', expected = '', what = '']) => ({ file, expected, what }))
  : [];

function read(file: string): Metainfo {
  return parseTorrent(new Uint8Array(readFileSync(new URL(`torrents/${file}`, folder))));
}

/** The files that will be written, as one text. */
function paths(file: string): string[] {
  return read(file)
    .layout.files.filter(entry => !entry.pad)
    .map(entry => entry.path.join('/'));
}

function refusal(file: string): string {
  try {
    read(file);
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
  throw new Error(`${file} was accepted`);
}

describe.skipIf(!present)('the corpus of torrent files', () => {
  it('is there in full', () => {
    expect(rows.length).toBe(58);
  });

  // Every verdict is libtorrent's; where we should ever differ on purpose, the row is named here with the reason.
  it.each(rows)('$file: $expected ($what)', ({ file, expected }) => {
    if (expected === 'ok') expect(read(file).layout.length).toBeGreaterThan(0);
    else expect(refusal(file)).toMatch(/^This (torrent|file) .*\.$/);
  });

  it.each([
    ['absolute_filename.torrent', ['temp/abcde', 'temp/foobar']],
    ['backslash_path.torrent', ['temp/_/_/bar']],
    ['slash_path.torrent', ['temp/_/_/bar']],
    ['parent_path.torrent', ['temp/bar']],
    ['hidden_parent_path.torrent', ['temp/foo......bar/bar']],
    ['empty_path.torrent', ['temp/_']],
    ['invalid_directory_name.torrent', ['test2/_/foo', 'test2/_/foo.1']],
    ['duplicate_files.torrent', ['temp/foo/bar.txt', 'temp/foo/bar.1.txt']],
    ['single_multi_file.torrent', ['temp/foo/bar']],
    ['pad_file_no_path.torrent', ['temp/foo/bar.txt']],
    ['sample.torrent', ['sample/text_file2.txt', 'sample/text_file.txt']],
    ['symlink1.torrent', ['temp/a/b/bar', 'temp/a/b/foo']],
    ['base.torrent', ['temp']],
    ['v2_only.torrent', ['test1MB']],
  ])('gives the files of %s safe names', (file, expected) => {
    expect(paths(file)).toEqual(expected);
  });

  it('is read for what else it says', () => {
    expect(read('invalid_name2.torrent').name).toBe('b61560c2918f463768cd122b6d2fdd47b77bdb35');
    expect(read('whitespace_url.torrent').trackers).toEqual([['udp://test.com/announce']]);
    expect(read('url_seed.torrent').webSeeds).toEqual(['http://test.com/file']);
    expect(read('url_seed_multi_space.torrent').webSeeds).toEqual(['http://test.com/test%20file/foo%20bar/']);
    expect(read('url_list3.torrent').webSeeds).toEqual([]);
    expect(read('dht_nodes.torrent').nodes).toEqual([
      { host: '127.0.0.1', port: 6881 },
      { host: '192.168.1.1', port: 6881 },
    ]);
    expect(read('no_creation_date.torrent').createdAt).toBeNull();
    expect(read('sample.torrent')).toMatchObject({ comment: 'sample comment', createdBy: 'libtorrent', createdAt: 1418787579 });
    expect(read('symlink1.torrent').layout.files[1]?.length).toBe(0);
  });

  it('is told apart into v1, hybrid and v2', () => {
    expect(read('base.torrent')).toMatchObject({ v2Only: false, infoHash: 'c0fda1edafdbdbb96443424e0b3899af7159d10e' });
    expect(read('v2_multipiece_file.torrent')).toMatchObject({ v2Only: false });
    expect(read('v2_only.torrent')).toMatchObject({ v2Only: true, infoHash: '95e04d0c4bad94ab206efa884666fd89777dbe4f' });
  });

  it.each([
    ['string.torrent', /no torrent/],
    ['invalid_info.torrent', /nothing about its files/],
    ['negative_file_size.torrent', /no length/],
    ['many_pieces.torrent', /more pieces/],
    ['unaligned_pieces.torrent', /hashes does not fit/],
    ['duplicate_files2.torrent', /same name/],
    ['v2_deep_recursion.torrent', /nested/],
    ['v2_overlong_integer.torrent', /leading zero/],
    ['v2_bad_file_alignment.torrent', /different files/],
    ['v2_mismatching_metadata.torrent', /different files/],
    ['v2_missing_file_root_invalid_symlink.torrent', /no hash/],
    ['v2_invalid_root_hash.torrent', /piece layers does not fit/],
    ['v2_invalid_piece_layer_size.torrent', /piece layers does not fit/],
    ['v2_large_file.torrent', /larger than any disk/],
    ['v2_piece_size.torrent', /pieces have no length/],
  ])('refuses %s for what is wrong with it', (file, reason) => {
    expect(refusal(file)).toMatch(reason);
  });
});
