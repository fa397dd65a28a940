/**
 * `npm run bench -- NAME [options]`: measures ours against a peer on the same machine, in turns. Each bench is a file of
 * this folder that exports `bench(args)` and gives a {@link Report}; the last line printed is that report as JSON.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const names = [
  'download',
  'upload',
  'idle',
  'engine',
  'restart',
  'handover',
  'host',
  'metainfo',
  'swarm',
  'landing',
  'rpc',
  'handoff',
  'webrtc',
  'web-seed',
  'opfs',
  'playback',
  'ui',
];
const [name, ...args] = process.argv.slice(2);
const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
if (!names.includes(name) || !existsSync(file)) {
  console.error(`Which bench? There are: ${names.join(', ')}.`);
  process.exit(2);
}
const { module } = await runnerImport(file, { configFile: false, define: { __VERSION__: '"0.0.0-bench"' } });
const report = await module.bench(args);
console.log(JSON.stringify(report));
