/** `npm run fuzz -- [target …] [--seconds N] [--seed N]`; see fuzz.ts. Exits 1 if a target broke. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('fuzz.ts', import.meta.url)), { configFile: false });
process.exit((await module.fuzz(process.argv.slice(2))) ? 0 : 1);
