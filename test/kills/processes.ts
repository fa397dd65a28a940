/** The programs of kills.ts, and ends for them. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const top = join(import.meta.dirname, '../..');

export function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** The one child of that process; 0 where it has none just now. */
export function childOf(parent: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrNull(`/proc/${name}/stat`)?.toString() ?? '';
    if (stat.split(') ')[1]?.split(' ')[1] === String(parent)) return Number(name);
  }
  return 0;
}

export async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The three programs, in a folder of their own. */
export async function bundle(): Promise<string> {
  mkdirSync(join(top, '.cache'), { recursive: true });
  const outDir = mkdtempSync(join(top, '.cache/kills-'));
  await build({
    configFile: false,
    root: top,
    publicDir: false,
    logLevel: 'error',
    define: { __VERSION__: '"0.0.0-test"' },
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      rolldownOptions: {
        input: {
          io: join(top, 'daemon/io/main.ts'),
          'hash-worker': join(top, 'daemon/io/hash-worker.ts'),
          host: join(top, 'test/kills/host-process.ts'),
          engine: join(top, 'test/kills/engine-process.ts'),
        },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  });
  return outDir;
}
