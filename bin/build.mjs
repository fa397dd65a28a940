/**
 * Builds dist/web and dist/daemon, each only when a file it is made from has changed.
 * A build is made beside its place and moved there at once, so that whoever reads dist/ never sees half of one.
 *
 * build.mjs [--force] [--quiet]
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const top = join(import.meta.dirname, '..');
const dist = join(top, 'dist');

/** What each build is made from, beside this file's own siblings that shape every build. */
const builds = {
  daemon: { mode: 'daemon', sources: ['daemon', 'sw'] },
  web: { mode: 'production', sources: ['web', 'sw', 'daemon/wire', 'public', 'manifest.webmanifest'] },
};
const shared = [
  'vite.config.ts',
  'tsconfig.base.json',
  'package.json',
  'package-lock.json',
  'bin/build.mjs',
  'bin/words.mjs',
  'bin/pseudo-words.mjs',
];

function* filesUnder(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error.code === 'ENOTDIR') yield path;
    else if (error.code !== 'ENOENT') throw error;
    return;
  }
  for (const entry of entries) yield* filesUnder(join(path, entry.name));
}

function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const source of [...shared, ...sources]) {
    for (const file of filesUnder(join(top, source))) {
      hash.update(`${relative(top, file)}\0`);
      hash.update(createHash('sha256').update(readFileSync(file)).digest());
    }
  }
  return hash.digest('hex');
}

function stampOf(name) {
  try {
    return readFileSync(join(dist, name, '.built-from'), 'utf8');
  } catch {
    return '';
  }
}

/** Moves a finished build to its place; the one before goes away after. */
function install(made, name) {
  const place = join(dist, name);
  const old = `${made}-old`;
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(place, old);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    try {
      renameSync(made, place);
      break;
    } catch (error) {
      // Another build was put there in between: take that one away and try again.
      if (attempt === 5 || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error;
      rmSync(old, { recursive: true, force: true });
    }
  }
  rmSync(old, { recursive: true, force: true });
}

/** @returns {Promise<string[]>} the names of what was built anew */
async function build({ force, quiet }) {
  const made = [];
  mkdirSync(dist, { recursive: true });
  for (const [name, { mode, sources }] of Object.entries(builds)) {
    const stamp = fingerprint(sources);
    if (!force && stampOf(name) === stamp) continue;
    const out = join(dist, `.${name}-${process.pid}`);
    const vite = await import('vite');
    process.env.STARLING_OUT = out;
    try {
      await vite.build({ configFile: join(top, 'vite.config.ts'), mode, logLevel: quiet ? 'error' : 'warn' });
      writeFileSync(join(out, '.built-from'), stamp);
      install(out, name);
    } finally {
      delete process.env.STARLING_OUT;
      rmSync(out, { recursive: true, force: true });
    }
    made.push(name);
  }
  return made;
}

const quiet = process.argv.includes('--quiet');
// Whoever starts it may run as a test, or under Vite, which say otherwise: there is one build, the one that is shipped.
process.env.NODE_ENV = 'production';
try {
  const made = await build({ force: process.argv.includes('--force'), quiet });
  if (!quiet) console.log(made.length === 0 ? 'Everything is up to date.' : `Built ${made.join(' and ')}.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
