#!/usr/bin/env node
/**
 * The `starling` command of a clone: installs and builds what is missing, then hands over to the built program.
 * Plain Node without dependencies, in syntax that old versions read, so that they get a sentence and no stack trace.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isInstalled } from './installed.mjs';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const oldest = [20, 19];

function install() {
  console.error('Installing the packages that Starling needs …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: top, stdio: ['ignore', 2, 2] };
  const run = npm ? spawnSync(process.execPath, [npm].concat(args), options) : spawnSync('npm', args, options);
  if (run.status !== 0) {
    console.error('The packages could not be installed. Run `npm ci` in the project folder to see why.');
    process.exit(1);
  }
}

/** In a process of its own: what a build takes of memory, some 400 MiB, would stay with a program that runs for weeks. */
function build() {
  const run = spawnSync(process.execPath, [join(top, 'bin', 'build.mjs'), '--quiet'], { stdio: ['ignore', 2, 2] });
  if (run.status === 0) return;
  console.error('Starling could not be built: see above.');
  process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(
    `Starling needs Node.js ${oldest.join('.')} or newer; this is ${process.versions.node}. Get it from https://nodejs.org/.`,
  );
  process.exit(1);
}
if (!isInstalled(top)) install();
build();
const { main } = await import(pathToFileURL(join(top, 'dist', 'daemon', 'cli.mjs')).href);
process.exitCode = await main(process.argv.slice(2));
