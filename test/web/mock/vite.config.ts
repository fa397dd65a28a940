/** Serves the interface on a mock worker, or builds it as the app is built: the same views over scripted data. See run.mjs. */
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { catalogue, chunkOfTexts } from '../../../bin/words.mjs';

const top = join(import.meta.dirname, '../../..');

export default defineConfig({
  root: import.meta.dirname,
  publicDir: join(top, 'public'),
  cacheDir: join(top, '.cache/vite-mock'),
  server: { fs: { allow: [top] } },
  plugins: [catalogue({ withPseudo: true })],
  build: {
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    rolldownOptions: { output: { chunkFileNames: chunk => chunkOfTexts(chunk) ?? 'assets/[name]-[hash].js' } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
