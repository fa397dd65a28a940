/** Serves the interface on a mock worker: `npx vite test/web/mock`, then open `/?scenario=nine`. */
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { catalogue } from '../../../bin/words.mjs';

const top = join(import.meta.dirname, '../../..');

export default defineConfig({
  root: import.meta.dirname,
  publicDir: join(top, 'public'),
  cacheDir: join(top, '.cache/vite-mock'),
  server: { fs: { allow: [top] } },
  plugins: [catalogue()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
