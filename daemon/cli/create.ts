/** `starling create`: a torrent of a file or a folder. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  checkPieceLength,
  choosePieceLength,
  createTorrent,
  parseTorrent,
  placeFiles,
  type PlacedFile,
  type TorrentKind,
} from '../../sw/engine/index.ts';
import { hasCode } from '../host/store/durable.ts';
import { VERSION } from '../host/version.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { hashFiles } from './hash-files.ts';
import { listFiles } from './list-files.ts';
import { formatPieceLength, formatSize } from './sizes.ts';

const HELP = `Usage: starling create PATH -o FILE [options]

Makes a torrent of a file, or of all files below a folder. Symbolic links are left out.

Options:
  -o, --output FILE    write the torrent here
  --hybrid             for BitTorrent v1 and v2 (default)
  --v1, --v2           for one of them alone
  --piece-length N     bytes of a piece, a power of two from 16384 (default: by size)
  --tracker URL[,URL]  a tracker, or several of one tier; may be given again, for the next tier
  --web-seed URL       a server that has the files; may be given again
  --http-seed URL      a server that gives pieces (BEP 17); may be given again
  --private            take peers from the trackers alone
  --comment TEXT       say something about it
  --name NAME          call it this (default: as the file or folder is called)
  --force              replace FILE where it is there already
`;

/** Ms between two updates of what a terminal shows. */
const SHOW_EVERY = 200;

export const command: Command = {
  help: HELP,
  async run(args) {
    await create(args);
    return 0;
  },
};

async function create(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseOptions(args, {
    output: { type: 'string', short: 'o' },
    v1: { type: 'boolean' },
    v2: { type: 'boolean' },
    hybrid: { type: 'boolean' },
    'piece-length': { type: 'string' },
    tracker: { type: 'string', multiple: true },
    'web-seed': { type: 'string', multiple: true },
    'http-seed': { type: 'string', multiple: true },
    private: { type: 'boolean' },
    comment: { type: 'string' },
    name: { type: 'string' },
    force: { type: 'boolean' },
  });
  const [path, ...more] = positionals;
  if (path === undefined) throw new UsageError('Which file or folder? Give its path');
  if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`);
  if (values.output === undefined) throw new UsageError('Where to? Give a file with -o');
  const kinds = (['v1', 'v2', 'hybrid'] as const).filter(kind => values[kind]);
  if (kinds.length > 1) throw new UsageError(`Choose one of --${kinds.join(' and --')}`);
  const kind: TorrentKind = kinds[0] ?? 'hybrid';
  const output = resolve(values.output);
  // Before hours of reading, and once more when it is written.
  if (!values.force && existsSync(output)) throw alreadyThere(values.output);

  const source = resolve(path);
  const { files: listed, leftOut } = await listFiles(source);
  const size = listed.reduce((sum, file) => sum + file.length, 0);
  if (size === 0)
    throw new CommandError(`There is nothing in ${path} to make a torrent of: its files are all empty, or there are none.`);
  const pieceLength = values['piece-length'] === undefined ? choosePieceLength(size) : readLength(values['piece-length']);
  checkPieceLength(pieceLength);
  const files = placeFiles(listed, kind, pieceLength);
  const pathOf = (file: PlacedFile): string => join(source, ...file.path);
  if (files.some(file => !file.pad && pathOf(file) === output))
    throw new CommandError('A torrent cannot hold itself. Choose another place for it.');

  const options = {
    kind,
    name: values.name ?? basename(source),
    pieceLength,
    trackers: (values.tracker ?? []).map(splitTier),
    webSeeds: values['web-seed'] ?? [],
    httpSeeds: values['http-seed'] ?? [],
    isPrivate: values.private ?? false,
    comment: values.comment ?? '',
    createdBy: `Starling ${VERSION}`,
    createdAt: Math.floor(Date.now() / 1000),
  };
  // What is wrong with them is better known now than after hours of reading.
  createTorrent({ ...options, kind: 'v1' }, [], { pieces: new Uint8Array(0), trees: [] });
  const progress = showProgress(files.reduce((sum, file) => sum + file.length, 0));
  const hashes = await hashFiles({ kind, pieceLength, files, pathOf, onProgress: progress.show }).finally(progress.clear);
  const bytes = createTorrent(options, files, hashes);
  // Whatever Starling makes it can read.
  const made = parseTorrent(bytes);
  await writeNew(output, bytes, values.force === true).catch((error: unknown) => {
    throw hasCode(error, 'EEXIST') ? alreadyThere(values.output ?? output) : error;
  });

  console.log(
    `Wrote ${values.output}: ${formatSize(size)}, ${made.layout.pieceCount} pieces of ${formatPieceLength(pieceLength)}`,
  );
  if (made.v1Hash !== null) console.log(`Info-hash v1: ${made.v1Hash}`);
  if (made.v2Hash !== null) console.log(`Info-hash v2: ${made.v2Hash}`);
  if (leftOut > 0) console.error(`Left out: ${leftOut} symbolic links or special files.`);
}

function readLength(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new UsageError(`Not a number of bytes: '${text}'`);
  return Number(text);
}

/** A comma may stand in an address, too; only one before the next address separates. */
function splitTier(text: string): string[] {
  return text.split(/,(?=\s*[a-z]+:\/\/)/i).map(url => url.trim());
}

function alreadyThere(output: string): CommandError {
  return new CommandError(`${output} is there already. Choose another name, or replace it with --force.`);
}

/** Writes beside, flushes, and moves into place: nobody sees half a torrent. Fails with EEXIST unless it may replace. */
async function writeNew(path: string, bytes: Uint8Array, mayReplace: boolean): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(beside, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, unlike a rename, is refused where the name is taken.
    if (mayReplace) await rename(beside, path);
    else await link(beside, path);
  } finally {
    await rm(beside, { force: true });
  }
}

/** On a terminal, how far it is. */
function showProgress(total: number): { show: (bytes: number) => void; clear: () => void } {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  let shownAt = 0;
  return {
    show: bytes => {
      const now = performance.now();
      if (now - shownAt < SHOW_EVERY) return;
      shownAt = now;
      process.stderr.write(`\r\x1b[KHashing: ${Math.floor((100 * bytes) / total)} % of ${formatSize(total)}`);
    },
    clear: () => {
      process.stderr.write('\r\x1b[K');
    },
  };
}
