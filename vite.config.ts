/**
 * Two builds. The default mode makes dist/web: the window's bundle and the service worker beside it, with the list of
 * hashed assets that it keeps for offline use. Mode `daemon` makes dist/daemon: Node programs, their packages within.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import preact from '@preact/preset-vite';
import { defineConfig, type UserConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { catalogue, chunkOfTexts } from './bin/words.mjs';

const top = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as { version: string };
/** What texts are made of at run time. */
const ofTexts = /\/node_modules\/(@messageformat\/runtime|make-plural)\//;
/** No module of ours does anything by being imported, but for those that a build begins with. */
const own = /\/(daemon|sw)\/(?!.*node_modules)/;
const define = { __VERSION__: JSON.stringify(version) };

/**
 * Puts what these pages begin with and have in common, and what texts need, into one chunk. By itself the bundler makes one of each set of
 * parts that share it, as soon as a part is loaded late, and all of them are there before the first screen: more to ask for, and worse to
 * compress.
 */
function sharedByPages(pages: readonly string[]): (id: string, context: Graph) => string | null {
  let beginnings: readonly ReadonlySet<string>[] | null = null;
  return (id, context) => {
    beginnings ??= pages.map(page => beginning(join(top, 'web', page), context));
    return ofTexts.test(id) || beginnings.every(modules => modules.has(id)) ? 'shared' : null;
  };
}

interface Graph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/** A module, and what is evaluated before it. */
function beginning(entry: string, context: Graph): Set<string> {
  const found = new Set([entry]);
  for (const id of found) for (const next of context.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  return found;
}

function web(outDir: string): UserConfig {
  return {
    root: join(top, 'web'),
    publicDir: join(top, 'public'),
    define,
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      sourcemap: true,
      // A strict content security policy has no room for inlined scripts or fonts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { main: join(top, 'web/index.html'), approve: join(top, 'web/approve.html'), quick: join(top, 'web/quick.html') },
        output: {
          chunkFileNames: chunk => chunkOfTexts(chunk) ?? 'assets/[name]-[hash].js',
          codeSplitting: { groups: [{ debugName: 'shared', name: sharedByPages(['main.tsx', 'quick/main.tsx']) }] },
        },
      },
    },
    worker: { format: 'es' },
    plugins: [
      preact(),
      catalogue(),
      VitePWA({
        strategies: 'injectManifest',
        srcDir: '../sw',
        filename: 'main.ts',
        outDir,
        // The window registers the worker itself, so that a running engine decides when it is replaced.
        injectRegister: null,
        manifest: JSON.parse(readFileSync(join(top, 'manifest.webmanifest'), 'utf8')) as object,
        injectManifest: {
          rollupFormat: 'iife',
          target: 'es2023',
          sourcemap: true,
          swDest: join(outDir, 'sw.js'),
          globPatterns: ['**/*.{js,css,html}'],
          // The host's own page, which it serves itself; and what a browser without a worker loads, which keeps nothing.
          globIgnores: ['**/approve*', '**/quick*', '**/webtorrent*'],
        },
        integration: {
          beforeBuildServiceWorker(options) {
            options.swDest = join(outDir, 'sw.js');
          },
          configureCustomSWViteBuild(options) {
            options.logLevel = 'warn';
            options.define = { ...options.define, ...define };
          },
        },
      }),
    ],
  };
}

function daemon(outDir: string): UserConfig {
  return {
    root: top,
    publicDir: false,
    define,
    // Packages go in, so that Node keeps what is used of them alone: 10 MiB less in each process than with whole ones. What is compiled
    // for this machine, or looks for files beside itself, stays where it is.
    ssr: { noExternal: true, external: ['bufferutil', 'utf-8-validate', 'open'] },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      sourcemap: true,
      rolldownOptions: {
        input: {
          cli: join(top, 'daemon/cli.ts'),
          link: join(top, 'daemon/link/main.ts'),
          host: join(top, 'daemon/host/main.ts'),
          io: join(top, 'daemon/io/main.ts'),
          'hash-worker': join(top, 'daemon/io/hash-worker.ts'),
          away: join(top, 'daemon/host/away/thread.ts'),
        },
        // Of the engine the host takes in what reads torrents and links, not all that stands behind the same door.
        treeshake: { moduleSideEffects: id => !own.test(id) },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[hash].mjs' },
      },
    },
  };
}

export default defineConfig(({ mode }) => {
  const outDir = process.env['STARLING_OUT'];
  return mode === 'daemon' ? daemon(outDir ?? join(top, 'dist/daemon')) : web(outDir ?? join(top, 'dist/web'));
});
