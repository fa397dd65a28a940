/** `npm run soak -- [--minutes N] [--json]`; see soak.ts. Exits 1 if memory grew, or if anything was left behind. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('command.ts', import.meta.url)), {
  configFile: false,
  define: { __VERSION__: '"0.0.0-test"' },
});
process.exit((await module.command(process.argv.slice(2))) ? 0 : 1);
