/** The io-daemon as it ships, built for a test from the sources as they are. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const top = join(import.meta.dirname, '../..');
let built: Promise<string> | null = null;

/** @returns the path of io.mjs, with hash-worker.mjs beside it; built once for each process of tests */
export function bundleIo(): Promise<string> {
  built ??= bundle(join(top, '.cache', `io-under-test-${process.pid}`));
  return built;
}

async function bundle(outDir: string): Promise<string> {
  mkdirSync(outDir, { recursive: true });
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({
    root: top,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      sourcemap: true,
      rolldownOptions: {
        input: { io: join(top, 'daemon/io/main.ts'), 'hash-worker': join(top, 'daemon/io/hash-worker.ts') },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  });
  return join(outDir, 'io.mjs');
}
