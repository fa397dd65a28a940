/**
 * `npm run check`: format, lint, types and dependencies, side by side. Names on the command line choose among them.
 * Prints what a tool has to say only where it fails; exits 1 if any does.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = {
  types: ['tsc', '-b', '--pretty', 'false'],
  lint: ['eslint', '--max-warnings', '0', '.'],
  imports: ['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', 'web', 'sw', 'daemon', 'test'],
  format: ['prettier', '--check', '--log-level', 'warn', '--cache', '--cache-location', '.cache/prettier', '.'],
};

/** Runs one tool to its end and gives its exit code, output and seconds. */
function run([tool, ...args]) {
  return new Promise(resolve => {
    const started = performance.now();
    const child = spawn(process.execPath, [`node_modules/.bin/${tool}`, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    let output = '';
    child.stdout.on('data', data => (output += data));
    child.stderr.on('data', data => (output += data));
    child.on('error', error => resolve({ code: 1, output: error.message, seconds: 0 }));
    child.on('close', code => resolve({ code: code ?? 1, output, seconds: (performance.now() - started) / 1000 }));
  });
}

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !(name in tools));
if (unknown.length > 0) {
  console.error(`check: no such part: ${unknown.join(', ')}. There are ${Object.keys(tools).join(', ')}.`);
  process.exit(2);
}
mkdirSync(`${root}.cache`, { recursive: true });
const names = asked.length > 0 ? asked : Object.keys(tools);
const results = await Promise.all(
  names.map(async name => {
    const { code, output, seconds } = await run(tools[name]);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`);
    if (code !== 0) console.log(output.trim().replace(/^/gm, '  '));
    return code;
  }),
);
process.exit(results.every(code => code === 0) ? 0 : 1);
