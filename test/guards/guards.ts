/**
 * `npm run guards [-- name …]`: takes each guard of the table out of a copy of the project, one at a time, and shows that
 * the tests named with it fail. A name is a part of a guard's name, its row, or a part of its file; without one all are tried.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { count, type Guarded, type NamedTest, patternOf } from './guard.ts';
import { GUARDS } from './table.ts';

const top = join(import.meta.dirname, '../..');
/** Made by commands, or not ours. */
const LEFT_OUT = new Set(['.git', '.cache', 'node_modules', 'dist', 'test-results']);
/** A run of the tests of one guard, ms: what waits for ever without its guard is ended by its own limit of time. */
const PATIENCE = 300_000;

type Outcome = 'passes' | 'fails' | 'did not run';

/** What vitest's report has of a file. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

export async function guards(wanted: readonly string[]): Promise<boolean> {
  const chosen = GUARDS.filter(guard => wanted.length === 0 || wanted.some(name => isCalled(guard, name)));
  if (chosen.length === 0) {
    console.error('guards: no guard has such a name.');
    return false;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'starling-guards-'));
  try {
    cpSync(top, scratch, { recursive: true, filter: source => source === top || !LEFT_OUT.has(basename(source)) });
    symlinkSync(join(top, 'node_modules'), join(scratch, 'node_modules'));
    return await tryAll(scratch, chosen);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function isCalled({ row, name, file }: Guarded, wanted: string): boolean {
  return String(row) === wanted || `${name} ${file}`.toLowerCase().includes(wanted.toLowerCase());
}

async function tryAll(scratch: string, chosen: readonly Guarded[]): Promise<boolean> {
  const all = chosen.flatMap(({ tests }) => tests);
  console.log(`${chosen.length} guards. First the tests as they are.`);
  const before = await run(scratch, all);
  const broken = all.filter((_, index) => before[index] !== 'passes');
  for (const { file, title } of broken) console.log(`NOT SOUND           ${file} “${title}”`);
  let isSound = broken.length === 0;
  for (const guard of chosen) {
    const verdicts = await without(scratch, guard);
    for (const [index, { file, title }] of guard.tests.entries()) {
      const verdict = verdicts[index] ?? 'DID NOT RUN';
      isSound &&= verdict === FAILS;
      console.log(`${verdict.padEnd(20)}${String(guard.row).padStart(2)} ${guard.name}: ${file} “${title}”`);
    }
  }
  console.log(isSound ? `All ${chosen.length} guards are missed where they are gone.` : 'Some may go unnoticed.');
  return isSound;
}

const FAILS = 'fails without it';

/** What each test of a guard comes to without it. */
async function without(scratch: string, { file, text, instead, tests }: Guarded): Promise<readonly string[]> {
  const path = join(scratch, file);
  const source = readFileSync(path, 'utf8');
  if (count(text, source) !== 1) return tests.map(() => 'NOT FOUND ONCE');
  writeFileSync(
    path,
    source.replace(text, () => instead),
  );
  try {
    const outcomes = await run(scratch, tests);
    return outcomes.map(outcome => ({ fails: FAILS, passes: 'DOES NOT NOTICE', 'did not run': 'DID NOT RUN' })[outcome]);
  } finally {
    writeFileSync(path, source);
  }
}

/** Runs the tests of a list in the copy, and no others. */
async function run(scratch: string, tests: readonly NamedTest[]): Promise<readonly Outcome[]> {
  const outcomes = new Map<NamedTest, Outcome>();
  const isWhole = ({ file }: NamedTest) => file.startsWith('test/e2e/');
  const isInterface = ({ file }: NamedTest) => file.endsWith('.browser.test.ts');
  for (const [some, options] of [
    [tests.filter(test => !isWhole(test) && !isInterface(test)), []],
    [tests.filter(isInterface), ['--config', 'test/web/vitest.config.ts']],
    [tests.filter(isWhole), ['--config', 'test/e2e/vitest.config.ts']],
  ] as const) {
    if (some.length === 0) continue;
    // Browsers are shown the app as it is built.
    if (options.length > 0) await node(scratch, ['bin/build.mjs']);
    const report = join(scratch, 'report.json');
    rmSync(report, { force: true });
    const files = [...new Set(some.map(({ file }) => file))];
    const titles = [...new Set(some.map(({ title }) => patternOf(title)))].join('|');
    const reporting = ['--reporter=json', `--outputFile.json=${report}`];
    await node(scratch, ['node_modules/vitest/vitest.mjs', 'run', ...options, ...reporting, ...files, '-t', titles]);
    const { testResults }: Report = existsSync(report)
      ? (JSON.parse(readFileSync(report, 'utf8')) as Report)
      : { testResults: [] };
    for (const test of some) outcomes.set(test, outcomeOf(testResults, scratch, test));
  }
  return tests.map(test => outcomes.get(test) ?? 'did not run');
}

function outcomeOf(results: Report['testResults'], scratch: string, { file, title }: NamedTest): Outcome {
  const name = new RegExp(`^${patternOf(title)}$`);
  const runs = results
    .filter(result => result.name.endsWith(join(basename(scratch), file)))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(result => name.test(result.title) && ['passed', 'failed'].includes(result.status));
  if (runs.length === 0) return 'did not run';
  return runs.some(({ status }) => status === 'failed') ? 'fails' : 'passes';
}

/** Runs a program of the copy to its end, or the end of our patience. */
function node(scratch: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: scratch, stdio: 'ignore', detached: true });
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), PATIENCE);
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
