/**
 * `npm test`: everything, on a fresh clone. Installs what is missing where it may, builds, checks, runs the unit tests
 * and then the end-to-end tests in a real browser with real peers. The last line counts every test of every part.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../bin/installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = `${root}.cache/reports`;
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];

/** Runs a command to its end with its output on ours; true where it ended well. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status === 0;
}

const heading = text => console.log(`\n== ${text}`);

/** Counts a step that is not made of tests as one. */
function step(name, ok) {
  total[ok ? 'passed' : 'failed'] += 1;
  if (!ok) failed.push(name);
  return ok;
}

/** The peers, the browser and the parts of a desktop that the tests drive, as Debian packages them. */
const packages = {
  chromium: () => existsSync('/usr/lib/chromium/chromium'),
  'python3-libtorrent': () => spawnSync('/usr/bin/python3', ['-c', 'import libtorrent']).status === 0,
  opentracker: () => existsSync('/usr/bin/opentracker'),
  aria2: () => existsSync('/usr/bin/aria2c'),
  'transmission-daemon': () => existsSync('/usr/bin/transmission-daemon'),
  'miniupnpd-nftables': () => existsSync('/usr/sbin/miniupnpd'),
  nftables: () => existsSync('/usr/sbin/nft'),
  'xdg-utils': () => existsSync('/usr/bin/xdg-mime'),
  'desktop-file-utils': () => existsSync('/usr/bin/desktop-file-validate'),
  'shared-mime-info': () => existsSync('/usr/share/mime'),
  xvfb: () => existsSync('/usr/bin/Xvfb'),
  zenity: () => existsSync('/usr/bin/zenity'),
  xdotool: () => existsSync('/usr/bin/xdotool'),
  systemd: () => existsSync('/usr/bin/systemd-analyze'),
  ffmpeg: () => existsSync('/usr/bin/ffmpeg'),
  iproute2: () => spawnSync('ip', ['-V']).status === 0,
};

function installPeers() {
  const missing = () => Object.keys(packages).filter(name => !packages[name]());
  const wanted = missing();
  if (wanted.length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    heading(`installing ${wanted.join(', ')}`);
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], env);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], env);
  }
  const still = missing();
  if (still.length > 0) console.log(`Not here, so what needs them is skipped: ${still.join(', ')}.`);
}

/** Runs vitest and adds its counts to ours. */
function vitest(name, args) {
  heading(name);
  const report = `${reports}/${name.replaceAll(' ', '-')}.json`;
  rmSync(report, { force: true });
  const ok = run(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...args,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) {
    step(`${name}: no report`, false);
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const before = total.failed;
  for (const file of result.testResults) {
    const path = file.name.replace(root, '');
    if (file.status === 'failed' && file.assertionResults.length === 0) step(`${path}: did not load`, false);
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') total.passed += 1;
      else if (status === 'failed') step(`${path}: ${fullName}`, false);
      else {
        total.skipped += 1;
        skipped.push(`${path}: ${fullName}`);
      }
    }
  }
  // An error outside of any test: a rejection that nobody handled, a hook that threw.
  if (!ok && total.failed === before) step(`${name}: an error outside of the tests`, false);
}

mkdirSync(reports, { recursive: true });
if (!isInstalled(root)) {
  heading('npm ci');
  if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'])) process.exit(1);
}
installPeers();
heading('build');
const built = step('build', run(process.execPath, ['bin/build.mjs']));
heading('check');
step('check', run(process.execPath, ['bin/check.mjs']));
vitest('unit tests', []);
vitest('interface', ['--config', 'test/web/vitest.config.ts']);
if (built) vitest('end to end', ['--config', 'test/e2e/vitest.config.ts']);

if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map(name => `  ${name}`).join('\n')}`);
if (failed.length > 0) console.log(`\nFailed:\n${failed.map(name => `  ${name}`).join('\n')}`);
const tail = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed${tail}`);
process.exit(total.failed === 0 ? 0 : 1);
