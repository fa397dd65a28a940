/** The `starling` command as a process of its own, built into a throw-away dist with a small app and a fake io-daemon. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { onTestFinished } from 'vitest';
import { builtOnce, newFolder } from '../built-once.ts';
import { until } from './temp.ts';

const top = join(import.meta.dirname, '../..');

/** Builds the command; gives its folder, to be removed after all tests. */
export async function buildCli(): Promise<string> {
  const folder = newFolder('host-test');
  const dist = join(folder, 'dist');
  await builtOnce('cli', join(dist, 'daemon'), outDir =>
    build({
      configFile: false,
      root: top,
      publicDir: false,
      logLevel: 'error',
      define: { __VERSION__: '"9.9.9"' },
      build: {
        ssr: true,
        outDir,
        target: 'node20',
        rolldownOptions: {
          input: { cli: join(top, 'daemon/cli.ts'), link: join(top, 'daemon/link/main.ts') },
          output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
        },
      },
    }),
  );
  copyFileSync(join(top, 'test/fakes/io-child.mjs'), join(dist, 'daemon/io.mjs'));
  mkdirSync(join(dist, 'web'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(dist, 'web/index.html'), '<!doctype html><title>app</title>');
  writeFileSync(
    join(folder, 'bin/starling.mjs'),
    "import { main } from '../dist/daemon/cli.mjs';\nprocess.exitCode = await main(process.argv.slice(2));\n",
  );
  return folder;
}

export function removeCli(dist: string): void {
  rmSync(dist, { recursive: true, force: true });
}

export interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function run(dist: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  return runProgram(join(dist, 'bin/starling.mjs'), args, env);
}

/** What the system starts for a link. */
export function runLink(dist: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  return runProgram(join(dist, 'dist/daemon/link.mjs'), args, env);
}

function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Run {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended: Run['ended'] = new Promise(resolve => child.once('close', (code, signal) => resolve({ code, signal })));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, out: () => out, err: () => err, ended };
}

export interface Started extends Run {
  readonly origin: string;
  readonly port: number;
  readonly redirect: string;
}

/** A host that has said where it is. */
export async function started(dist: string, args: readonly string[]): Promise<Started> {
  const host = run(dist, ['start', ...args]);
  await until(() => host.out().includes('Ctrl-C') || host.child.exitCode !== null, 'started');
  const origin = /Starling is at (\S+)\//.exec(host.out())?.[1];
  const redirect = /two minutes: (\S+)/.exec(host.out())?.[1];
  if (origin === undefined || redirect === undefined) throw new Error(`not started: ${host.out()}${host.err()}`);
  return { ...host, origin, redirect, port: Number(new URL(origin).port) };
}

/** Processes whose parent is this one (Linux). */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie is as good as gone.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
}
