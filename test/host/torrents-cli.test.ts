/** `starling create` and `starling inspect`, as the real command. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTorrent } from '../../sw/engine/codec/metainfo.ts';
import { buildCli, removeCli, run } from './cli.ts';
import { tempFolder } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
});
afterAll(() => removeCli(dist));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function starling(...args: string[]): Promise<Outcome> {
  const { ended, out, err } = run(dist, args);
  return { code: (await ended).code, out: out(), err: err() };
}

/** A folder with a file of several chunks, an empty one, a hidden one, and a link. */
function folder(): string {
  const top = join(tempFolder(), 'a folder');
  mkdirSync(join(top, 'deep'), { recursive: true });
  writeFileSync(join(top, 'big.bin'), Buffer.alloc(9_000_001, 'starling'));
  writeFileSync(join(top, 'deep', '.hidden'), 'h');
  writeFileSync(join(top, 'empty'), '');
  symlinkSync('big.bin', join(top, 'link'));
  return top;
}

test.each(['v1', 'v2', 'hybrid'] as const)('a %s torrent of a folder has its bytes, and is told as it was made', async kind => {
  const top = folder();
  const file = join(tempFolder(), 'x.torrent');
  const made = await starling(
    ...['create', top, '-o', file, `--${kind}`, '--piece-length', '65536', '--private', '--comment', 'for\x1b[31m you'],
    ...['--tracker', 'http://a.example/x,y,udp://b.example:1', '--tracker', 'wss://c.example', '--web-seed', 'http://d.example'],
    ...['--http-seed', 'http://e.example/seed.php', '--http-seed', 'http://f.example'],
  );
  expect(made).toMatchObject({ code: 0, err: 'Left out: 1 symbolic links or special files.\n' });
  const meta = parseTorrent(readFileSync(file));
  if (kind !== 'v2') {
    const first = createHash('sha1')
      .update(readFileSync(join(top, 'big.bin')).subarray(0, 65_536))
      .digest();
    expect(Buffer.from(meta.pieceHashes.subarray(0, 20))).toEqual(first);
  }
  const { code, out } = await starling('inspect', file, '--json');
  expect(code).toBe(0);
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  const report = JSON.parse(out) as { createdAt: string; magnet: string };
  expect(report).toMatchObject({
    source: 'torrent',
    kind,
    infoHashV1: meta.v1Hash,
    infoHashV2: meta.v2Hash,
    name: 'a folder',
    size: 9_000_002,
    pieceLength: 65_536,
    pieces: kind === 'v1' ? 138 : 139,
    private: true,
    pads: kind === 'hybrid' ? { count: 1, size: 138 * 65_536 - 9_000_001 } : { count: 0, size: 0 },
    trackers: [['http://a.example/x,y', 'udp://b.example:1'], ['wss://c.example/']],
    webSeeds: ['http://d.example/'],
    httpSeeds: ['http://e.example/seed.php', 'http://f.example/'],
    comment: 'for[31m you',
    createdBy: 'Starling 9.9.9',
    files: [
      { path: 'a folder/big.bin', size: 9_000_001 },
      { path: 'a folder/deep/.hidden', size: 1 },
      { path: 'a folder/empty', size: 0 },
    ],
  });
  expect(Math.abs(Date.parse(report.createdAt) - Date.now())).toBeLessThan(60_000);
  const plain = await starling('inspect', file);
  expect(plain.out).toMatch(/^HTTP seeds +http:\/\/e\.example\/seed\.php\n +http:\/\/f\.example\/$/m);
  for (const part of [meta.infoHash, 'a folder/deep/.hidden', '2. wss://c.example/', report.magnet])
    expect(plain.out).toContain(part);
  const magnet = await starling('inspect', report.magnet, '--json');
  expect(JSON.parse(magnet.out)).toMatchObject({ source: 'magnet', kind, infoHashV1: meta.v1Hash, infoHashV2: meta.v2Hash });
});

test('a file is replaced only when asked, and nothing is left beside it', async () => {
  const into = tempFolder();
  const file = join(into, 'x.torrent');
  const source = join(tempFolder(), 'one.bin');
  writeFileSync(source, 'one');
  writeFileSync(file, 'precious');
  const refused = await starling('create', source, '-o', file);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err.trimEnd().split('\n')).toEqual([expect.stringContaining('is there already')]);
  expect(readFileSync(file, 'utf8')).toBe('precious');
  expect(await starling('create', source, '-o', file, '--force', '--name', 'two.bin')).toMatchObject({ code: 0, err: '' });
  expect(parseTorrent(readFileSync(file))).toMatchObject({ name: 'two.bin', layout: { length: 3 } });
  expect(readdirSync(into)).toEqual(['x.torrent']);
});

test('a magnet link is told with what it selects', async () => {
  const uri = `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=x&so=0,2-4&x.pe=[::1]:5&xs=http://a.example/t`;
  const { out } = await starling('inspect', uri);
  for (const part of ['a'.repeat(40), '[::1]:5', '0, 2-4', 'http://a.example/t']) expect(out).toContain(part);
});

test('what cannot be done is one line and status 1', async () => {
  const top = tempFolder();
  const file = join(top, 'x.torrent');
  const junk = join(top, 'junk');
  writeFileSync(junk, '<html>');
  const huge = join(top, 'huge');
  writeFileSync(huge, 'd');
  truncateSync(huge, 20_000_000);
  const broken = join(top, 'broken');
  writeFileSync(broken, 'd4:infod4:name1:xee');
  mkdirSync(join(top, 'nothing'));
  for (const [args, why] of [
    [['inspect', junk], /no torrent/],
    [['inspect', huge], /larger/],
    [['inspect', broken], /cannot be used/],
    [['inspect', join(top, 'absent')], /no such file/],
    [['inspect', top], /is a folder/],
    [['inspect', 'magnet:?xt=urn:btih:abc'], /which torrent/],
    [['create', join(top, 'absent'), '-o', file], /no such file/],
    [['create', join(top, 'nothing'), '-o', file], /nothing in/],
    [['create', junk, '-o', join(top, 'absent', 'x')], /no such file/],
    [['create', junk, '-o', file, '--piece-length', '1000'], /power of two/],
    [['create', junk, '-o', file, '--tracker', 'example'], /“example”/],
  ] as const) {
    const { code, out, err } = await starling(...args);
    expect([code, out, err.trimEnd().split('\n').length], args.join(' ')).toEqual([1, '', 1]);
    expect(err).toMatch(why);
  }
  expect(readdirSync(top)).not.toContain('x.torrent');
}, 60_000);

test('what is not understood is one line and status 2, and help is there', async () => {
  for (const args of [
    ['create'],
    ['create', 'x'],
    ['create', 'x', '-o', 'y', '--v1', '--v2'],
    ['inspect'],
    ['inspect', 'a', '--yaml'],
  ]) {
    const { code, out, err } = await starling(...args);
    expect([code, out, err.trimEnd().split('\n').length], args.join(' ')).toEqual([2, '', 1]);
  }
  for (const option of ['--web-seed URL', '--http-seed URL']) expect((await starling('create', '--help')).out).toContain(option);
  expect((await starling('inspect', '--help')).out).toContain('--json');
}, 60_000);
