/** `npm run guards [-- name …]`; see guards.ts. Exits 1 if a guard may go unnoticed. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('guards.ts', import.meta.url)), { configFile: false });
process.exit((await module.guards(process.argv.slice(2))) ? 0 : 1);
