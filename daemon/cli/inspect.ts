/** `starling inspect`: what a torrent file or a magnet link is. */
import { open } from 'node:fs/promises';
import {
  formatMagnet,
  MAX_TORRENT_BYTES,
  parseMagnet,
  parseTorrent,
  type FileRange,
  type Magnet,
  type Metainfo,
  type PeerAddress,
} from '../../sw/engine/index.ts';
import { hasCode } from '../host/store/durable.ts';
import { parseOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandError, UsageError } from './errors.ts';
import { formatPieceLength, formatSize } from './sizes.ts';

const HELP = `Usage: starling inspect FILE|MAGNET [--json]

Prints what a torrent file or a magnet link is, or one line that says what is wrong with it.

Options:
  --json  print one object, sizes in bytes, times as ISO 8601
`;

export const command: Command = {
  help: HELP,
  async run(args) {
    await inspect(args);
    return 0;
  },
};

async function inspect(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseOptions(args, {
    json: { type: 'boolean' },
  });
  const [what, ...more] = positionals;
  if (what === undefined) throw new UsageError('Inspect what? Give a torrent file or a magnet link');
  if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`);
  const found = /^magnet:/i.test(what)
    ? describeMagnet(parseMagnet(what))
    : describeTorrent(parseTorrent(await readBounded(what)));
  // Whoever reads may have seen enough, as `head` does.
  process.stdout.once('error', error => {
    if (!hasCode(error, 'EPIPE')) throw error;
  });
  console.log(values.json ? JSON.stringify(found) : text(found));
}

interface TorrentReport {
  readonly source: 'torrent';
  readonly kind: 'v1' | 'v2' | 'hybrid';
  readonly infoHashV1: string | null;
  readonly infoHashV2: string | null;
  readonly name: string;
  /** Bytes, pads aside. */
  readonly size: number;
  readonly pieceLength: number;
  readonly pieces: number;
  readonly private: boolean;
  readonly pads: { readonly count: number; readonly size: number };
  readonly trackers: readonly (readonly string[])[];
  readonly webSeeds: readonly string[];
  /** Servers that give pieces (BEP 17). */
  readonly httpSeeds: readonly string[];
  readonly nodes: readonly string[];
  readonly comment: string;
  readonly createdBy: string;
  readonly createdAt: string | null;
  readonly magnet: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

interface MagnetReport {
  readonly source: 'magnet';
  readonly kind: TorrentReport['kind'];
  readonly infoHashV1: string | null;
  readonly infoHashV2: string | null;
  readonly name: string | null;
  readonly trackers: readonly string[];
  readonly peers: readonly string[];
  readonly webSeeds: readonly string[];
  readonly exactSources: readonly string[];
  readonly selectOnly: readonly FileRange[] | null;
  readonly magnet: string;
}

function describeTorrent(meta: Metainfo): TorrentReport {
  const { v1Hash, v2Hash, name, layout, trackers, webSeeds, httpSeeds } = meta;
  const files = layout.files.filter(file => !file.pad);
  // What aligns the files of v2 alone is ours and not in the torrent.
  const pads = v1Hash === null ? [] : layout.files.filter(file => file.pad);
  return {
    source: 'torrent',
    kind: kindOf(meta),
    infoHashV1: v1Hash,
    infoHashV2: v2Hash,
    name,
    size: sizeOf(files),
    pieceLength: layout.pieceLength,
    pieces: layout.pieceCount,
    private: meta.isPrivate,
    pads: { count: pads.length, size: sizeOf(pads) },
    trackers,
    webSeeds,
    httpSeeds,
    nodes: meta.nodes.map(addressText),
    comment: meta.comment,
    createdBy: meta.createdBy,
    createdAt: timeText(meta.createdAt),
    magnet: formatMagnet({ v1Hash, v2Hash, name, trackers: trackers.flat(), webSeeds }),
    files: files.map(({ path, length }) => ({ path: path.join('/'), size: length })),
  };
}

function describeMagnet(magnet: Magnet): MagnetReport {
  const { v1Hash, v2Hash, name, trackers, webSeeds, exactSources, selectOnly } = magnet;
  return {
    source: 'magnet',
    kind: kindOf(magnet),
    infoHashV1: v1Hash,
    infoHashV2: v2Hash,
    name,
    trackers,
    peers: magnet.peers.map(addressText),
    webSeeds,
    exactSources,
    selectOnly,
    magnet: formatMagnet(magnet),
  };
}

function text(report: TorrentReport | MagnetReport): string {
  const rows: [label: string, value: string][] = [];
  const row = (label: string, ...values: (string | null)[]): void => {
    const there = values.filter(value => value !== null && value !== '');
    there.forEach((value, index) => rows.push([index === 0 ? label : '', value ?? '']));
  };
  row('Name', report.name);
  row('Kind', { v1: 'BitTorrent v1', v2: 'BitTorrent v2', hybrid: 'hybrid of BitTorrent v1 and v2' }[report.kind]);
  row('Info-hash v1', report.infoHashV1);
  row('Info-hash v2', report.infoHashV2);
  if (report.source === 'torrent') {
    const { files, pads } = report;
    row('Size', `${formatSize(report.size)} (${report.size} bytes) in ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
    row('Pieces', `${report.pieces} of ${formatPieceLength(report.pieceLength)}`);
    if (pads.count > 0) row('Pads', `${pads.count}, ${formatSize(pads.size)}`);
    if (report.private) row('Private', 'yes');
    row('Trackers', ...report.trackers.flatMap((tier, index) => tier.map(url => `${index + 1}. ${url}`)));
    row('Web seeds', ...report.webSeeds);
    row('HTTP seeds', ...report.httpSeeds);
    row('DHT nodes', ...report.nodes);
    row('Comment', report.comment);
    row('Created by', report.createdBy);
    row('Created', report.createdAt);
  } else {
    row('Trackers', ...report.trackers);
    row('Peers', ...report.peers);
    row('Web seeds', ...report.webSeeds);
    row('Sources', ...report.exactSources);
    row('Files', report.selectOnly?.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ') ?? null);
  }
  row('Magnet', report.magnet);
  const lines = rows.map(([label, value]) => `${label.padEnd(14)}${value}`);
  if (report.source === 'magnet') return lines.join('\n');
  const width = report.files.reduce((most, { size }) => Math.max(most, String(size).length), 0);
  return [...lines, '', ...report.files.map(({ path, size }) => `${String(size).padStart(width)}  ${path}`)].join('\n');
}

function kindOf({ v1Hash, v2Hash }: Pick<Magnet, 'v1Hash' | 'v2Hash'>): TorrentReport['kind'] {
  if (v2Hash === null) return 'v1';
  return v1Hash === null ? 'v2' : 'hybrid';
}

function sizeOf(files: readonly { readonly length: number }[]): number {
  return files.reduce((sum, { length }) => sum + length, 0);
}

function addressText({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Null also for a time that no calendar has. */
function timeText(seconds: number | null): string | null {
  const date = new Date((seconds ?? NaN) * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** Never more of a file than a torrent may have. */
async function readBounded(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new CommandError(`${path} is a folder.`);
    const bytes = Buffer.alloc(MAX_TORRENT_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}
