/**
 * `npm run mock [-- SCENARIO] [--port N] [--no-open]`: opens the interface on scripted data, without helper, worker or peers, and draws
 * it anew as its sources change. In the page `mock` is the worker's side: `mock.put({...})`, `mock.stop()`.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import open from 'open';
import { createServer, runnerImport } from 'vite';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '7900' }, 'no-open': { type: 'boolean', default: false } },
});
const { module } = await runnerImport(fileURLToPath(new URL('../../fakes/mock-scenarios.ts', import.meta.url)), {
  configFile: false,
});
const scenarios = Object.entries(module.SCENARIOS);
const [asked = scenarios[0][0]] = positionals;
const port = Number(values.port);
if (!scenarios.some(([name]) => name === asked) || !Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(`npm run mock -- [SCENARIO] [--port N] [--no-open]\nScenarios: ${scenarios.map(([name]) => name).join(', ')}.`);
  process.exit(2);
}
const server = await createServer({
  configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
  logLevel: 'warn',
  server: { port, host: '127.0.0.1' },
});
await server.listen();
const address = name => `${server.resolvedUrls.local[0]}?scenario=${name}`;
for (const [name, what] of scenarios) console.log(`${address(name)}  ${what}`);
if (!values['no-open']) await open(address(asked));
