/**
 * `npm run bench -- metainfo`: how long a torrent file of 10 MB and 100,000 files takes to be read, by us and by
 * parse-torrent, in turns.
 *
 * --rounds N   how often each reads it (default: 9)
 */
import { parseArgs } from 'node:util';
import theirs from 'parse-torrent';
import { createTorrent, parseTorrent, placeFiles, type NewFile } from '../../sw/engine/index.ts';
import { median, round, type Report } from './report.ts';

const FILES = 100_000;
const BYTES = 10_000_000;
const PIECE_LENGTH = 1 << 20;
const FILE_LENGTH = 50_000;

/** Folders of 100 files, some names of which are not ASCII, and hashes that fill it up to its size. */
function makeTorrent(): Uint8Array {
  const files: NewFile[] = Array.from({ length: FILES }, (_, index) => ({
    path: [
      `volume ${Math.floor(index / 10_000)}`,
      `chapter ${Math.floor(index / 100)}`,
      `${index}${index % 10 === 0 ? ' ü' : ' -'} page.jpeg`,
    ],
    length: FILE_LENGTH,
  }));
  const torrent = (comment: string): Uint8Array =>
    createTorrent(
      {
        kind: 'v1',
        name: 'bench',
        pieceLength: PIECE_LENGTH,
        trackers: [['http://tracker.example/announce']],
        webSeeds: [],
        httpSeeds: [],
        isPrivate: false,
        comment,
        createdBy: '',
        createdAt: null,
      },
      placeFiles(files, 'v1', PIECE_LENGTH),
      { pieces: new Uint8Array(20 * Math.ceil((FILES * FILE_LENGTH) / PIECE_LENGTH)), trees: [] },
    );
  const room = BYTES - torrent('c').length;
  return torrent('c'.repeat(room - String(room).length));
}

type Parser = (bytes: Uint8Array) => Promise<{ files: number; infoHash: string }>;

export async function bench(args: string[]): Promise<Report> {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string', default: '9' }, json: { type: 'boolean' } } });
  const bytes = makeTorrent();
  const name = 'parse-torrent';
  const parsers: readonly Parser[] = [
    async read => {
      const meta = await Promise.resolve(parseTorrent(read));
      return { files: meta.layout.files.length, infoHash: meta.infoHash };
    },
    async read => {
      const meta = await theirs(read);
      return { files: meta.files.length, infoHash: meta.infoHash };
    },
  ];
  const samples: [number[], number[]] = [[], []];
  const hashes = new Set<string>();
  for (let i = 0; i < 2 * Number(values.rounds); i++) {
    const which = i % 2 === 0 ? 0 : 1;
    const copy = bytes.slice();
    const start = performance.now();
    const { files, infoHash } = await parsers[which]!(copy);
    samples[which].push(round(performance.now() - start));
    hashes.add(infoHash);
    if (files !== FILES || hashes.size !== 1) throw new Error('the two read different things');
  }
  const [ours, peer] = samples;
  console.log(`${(bytes.length / 1e6).toFixed(1)} MB, ${FILES} files: ours ${median(ours)} ms, ${name} ${median(peer)} ms`);
  return {
    name: 'metainfo',
    unit: 'ms',
    ours: { median: median(ours), samples: ours },
    peer: { name, median: median(peer), samples: peer },
    ratio: round(median(peer) / median(ours), 2),
    bytes: bytes.length,
    files: FILES,
  };
}
