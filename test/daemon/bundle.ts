/** The io-daemon as it ships, built for a test from the sources as they are. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { builtOnce, newFolder } from '../built-once.ts';

const top = join(import.meta.dirname, '../..');
let built: Promise<string> | null = null;

/** @returns the path of io.mjs, with hash-worker.mjs beside it; built once for each process of tests */
export function bundleIo(): Promise<string> {
  built ??= bundleOnce();
  return built;
}

async function bundleOnce(): Promise<string> {
  const outDir = await bundle('io-under-test');
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  return join(outDir, 'io.mjs');
}

/** Builds it, and `more` programs by their names, as NAME.mjs in a new folder, which is given, to be removed after all tests. */
export async function bundle(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = newFolder(name);
  await builtOnce(`io ${JSON.stringify(more)}`, folder, outDir => bundleInto(outDir, more));
  return folder;
}

function bundleInto(outDir: string, more: Readonly<Record<string, string>>): Promise<unknown> {
  return build({
    root: top,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    define: { __VERSION__: '"0.0.0-test"' },
    // As vite.config.ts has it.
    ssr: { noExternal: true, external: ['bufferutil', 'utf-8-validate', 'open'] },
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      sourcemap: true,
      rolldownOptions: {
        input: { io: join(top, 'daemon/io/main.ts'), 'hash-worker': join(top, 'daemon/io/hash-worker.ts'), ...more },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  });
}
