/** Serves the interface on a mock worker, or builds it as the app is built: the same views over scripted data. See run.mjs. */
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { catalogue } from '../../../bin/words.mjs';

const top = join(import.meta.dirname, '../../..');

export default defineConfig({
  root: import.meta.dirname,
  publicDir: join(top, 'public'),
  cacheDir: join(top, '.cache/vite-mock'),
  server: { fs: { allow: [top] } },
  plugins: [catalogue({ withPseudo: true })],
  build: { outDir: join(top, '.cache/mock'), emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0 },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
