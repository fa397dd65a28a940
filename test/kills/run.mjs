/** `npm run kills -- [--times N] [--seed N] [--json]`; see kills.ts. Exits 1 if anything was claimed, or left, that is not right. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('command.ts', import.meta.url)), {
  configFile: false,
  define: { __VERSION__: '"0.0.0-test"' },
});
process.exit((await module.command(process.argv.slice(2))) ? 0 : 1);
