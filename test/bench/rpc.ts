/**
 * Milliseconds from a request of `starling rpc` to its answer, read whole: get_status with many torrents in the list, some of them
 * at work. The peer to compare with is the same with one torrent alone: what the others cost.
 *
 * npm run bench -- rpc [--torrents N] [--rounds N] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makePayload } from '../peers/payload.ts';
import { buildRpc, Driver, removeRpc } from '../rpc/driver.ts';
import { median, round, type Report } from './report.ts';

const PIECE = 16_384;

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      torrents: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const dist = await buildRpc();
  try {
    const alone = await answers(dist, 1, rounds);
    const many = await answers(dist, Number(values.torrents), rounds);
    if (!values.json) {
      console.log(
        `get_status: ${median(alone)} ms with one torrent, ${median(many)} ms with ${values.torrents}, ${Math.max(...many)} ms at most`,
      );
    }
    return {
      name: 'rpc',
      unit: 'ms',
      ours: { median: median(many), samples: many },
      peer: { name: 'the same with one torrent', median: median(alone), samples: alone },
      ratio: round(median(alone) / median(many), 3),
      torrents: Number(values.torrents),
    };
  } finally {
    removeRpc(dist);
  }
}

async function answers(dist: string, torrents: number, rounds: number): Promise<number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const program = new Driver(dist, { home: join(dir, 'home'), downloads: join(dir, 'downloads') });
  try {
    for (let i = 0; i < torrents; i++) {
      const { bytes } = makePayload(join(dir, 'payload'), `torrent ${i}`, [{ path: [], size: PIECE }], { pieceLength: PIECE });
      await program.call('add_torrent', { base64: Buffer.from(bytes).toString('base64') });
    }
    const samples: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      const { torrents: listed } = await program.call('get_status');
      samples.push(round(performance.now() - start));
      if ((listed as unknown[]).length !== torrents) throw new Error('not all are listed');
    }
    return samples;
  } finally {
    await program.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}
