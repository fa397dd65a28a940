/**
 * What the host takes with nothing to do, in MiB and percent of a core, after its own engine has run and ended several times, as
 * each hand-over has it do. Compared with what it is to be at most.
 *
 * npm run bench -- host [--rounds N] [--json]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { ControlOp, type ControlFrame } from '../../daemon/wire/control.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import { Op, type Frame } from '../../daemon/wire/frames.ts';
import { Starling } from '../e2e/starling.ts';
import { sleep, until } from '../peers/wait.ts';
import { median, round, type Report } from './report.ts';
import { cpuSeconds, resident } from './usage.ts';

const MOST_MIB = 80;
const MOST_PERCENT = 0.5;
/** Ms until what has ended is cleared away, and of the watch that follows. */
const SETTLE = 10_000;
const WATCH = 20_000;
const ENDED = 'the away engine has nothing left to do';

export async function bench(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
  });
  const dir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const starling = await Starling.start({ home: join(dir, 'home'), downloads: join(dir, 'downloads') });
  try {
    const ends = (): number => readFileSync(join(starling.home, 'logs/host.log'), 'utf8').split(ENDED).length - 1;
    await until('the engine of the host to find nothing to do', () => ends() === 1, 60_000);
    const fresh = await idleCost(starling.hostPid);
    const token = await pair(starling);
    const rounds = Number(values.rounds);
    for (let i = 1; i <= rounds; i++) {
      await holdAndYield(starling, token);
      await until('the engine of the host to find nothing to do', () => ends() === i + 1, 60_000);
    }
    const idle = await idleCost(starling.hostPid);
    if (!values.json) {
      console.log(`just started ${fresh.mib} MiB, after ${rounds} more runs of its own engine ${idle.mib} MiB`);
      console.log(`${idle.percent} % of a core, of ${MOST_PERCENT} at most`);
    }
    const samples = [idle.mib];
    return {
      name: 'host',
      unit: 'MiB',
      ours: { median: median(samples), samples },
      peer: { name: 'what it may take', median: MOST_MIB, samples: [MOST_MIB] },
      ratio: round(MOST_MIB / idle.mib, 3),
      fresh: fresh.mib,
      percent: idle.percent,
    };
  } finally {
    await starling.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Of the host alone, once what came before has settled. */
export async function idleCost(pid: number): Promise<{ mib: number; percent: number }> {
  await sleep(SETTLE);
  const before = cpuSeconds([pid]);
  await sleep(WATCH);
  const percent = round(((cpuSeconds([pid]) - before) / (WATCH / 1000)) * 100, 2);
  return { mib: round(resident(pid) / 2 ** 20), percent };
}

const installId = 'bench-of-the-host';

async function pair({ origin, redirectFile }: Starling): Promise<string> {
  const secret = /#pair=([\w-]+)/.exec(readFileSync(redirectFile, 'utf8'))?.[1];
  const response = await fetch(`${origin}/pair`, {
    method: 'POST',
    headers: { Origin: origin, 'Content-Type': 'application/json' },
    body: JSON.stringify({ secret, installId }),
  });
  return ((await response.json()) as { token: string }).token;
}

/** An app that comes, is given the lease, and goes with something left to do. */
async function holdAndYield({ origin, port }: Starling, token: string): Promise<void> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/control`, { origin });
  const send = (frame: ControlFrame | Frame): void => ws.send(encodeControl(frame));
  ws.on('open', () => send({ op: Op.AUTH, id: 1, token, origin, installId }));
  let epoch = 0;
  ws.on('message', data => {
    const frame = decodeControl(data as Buffer);
    if (frame.op === ControlOp.WELCOME) epoch = frame.welcome.epoch;
  });
  await until('the lease', () => epoch > 0);
  send({ op: ControlOp.LEASE_YIELD, id: 0, epoch, reserve: 0, work: true });
  ws.close();
}
