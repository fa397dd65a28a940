/**
 * A coverage-guided run: mutates the inputs of a target's corpus, keeps those that reach code that none before did, and
 * writes down what broke it. `npm run fuzz -- [target …] [--seconds N] [--seed N]`
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seeded } from '../sim/clock.ts';
import { Coverage } from './coverage.ts';
import { fuzzDaemonAloud } from './daemon.ts';
import { readCorpus, writeCorpus } from './corpus.ts';
import type { Kept } from './corpus.ts';
import { MAX_INPUT, mutate } from './mutate.ts';
import { examples } from './seeds.ts';
import { targetNames, targets } from './targets.ts';
import type { TargetName } from './targets.ts';

/** Inputs between two looks at the coverage: a look costs more than an input. */
const BATCH = 512;
const EVERYTHING = '';
/** Not a decoder but a process, with a way of its own; run where it is named. */
const DAEMON = 'daemon';

/** Real and hostile torrent files that lie beside the repository, where they do. */
const torrents = new URL('../../../shared/corpora/torrents/', import.meta.url);

/** Runs what the command line asks for; true where nothing broke. */
export async function fuzz(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '20' }, seed: { type: 'string', default: EVERYTHING } },
  });
  const unknown = positionals.filter(name => !(name in targets) && name !== DAEMON);
  if (unknown.length > 0) {
    console.error(`No such target: ${unknown.join(', ')}. There are ${[...targetNames, DAEMON].join(', ')}.`);
    return false;
  }
  const names = targetNames.filter(name => positionals.length === 0 || positionals.includes(name));
  const seed = values.seed === EVERYTHING ? Date.now() >>> 0 : Number(values.seed);
  const isDaemonSound = !positionals.includes(DAEMON) || (await fuzzDaemonAloud(Number(values.seconds), seed));
  return names.map(name => fuzzTarget(name, Number(values.seconds), seed)).every(Boolean) && isDaemonSound;
}

function fuzzTarget(name: TargetName, seconds: number, seed: number): boolean {
  const random = seeded(seed);
  // Most inputs are refused by an error, and its stack would cost more than all else. The input is what is told.
  Error.stackTraceLimit = 0;
  const coverage = new Coverage();
  const kept: Kept[] = readCorpus(name).filter(({ broke }) => broke);
  const inputs: Uint8Array[] = [];
  let broken = 0;
  const attempt = (input: Uint8Array): void => {
    try {
      targets[name](input);
    } catch (error) {
      broken += 1;
      if (broken <= 5) console.error(`${name}: ${Buffer.from(input).toString('base64')}\n${String((error as Error).stack)}`);
      if (broken <= 5) kept.push({ input, broke: true });
    }
  };
  const keepIfNew = (input: Uint8Array): void => {
    attempt(input);
    if (coverage.isNew('one')) inputs.push(input);
  };
  for (const input of starts(name)) keepIfNew(input);
  if (inputs.length === 0) inputs.push(new Uint8Array(0));
  const until = performance.now() + seconds * 1000;
  let tried = 0;
  while (performance.now() < until && broken < 5) {
    const batch = Array.from({ length: BATCH }, () => mutate(drawn(inputs, random), drawn(inputs, random), random));
    for (const input of batch) attempt(input);
    tried += batch.length;
    if (coverage.isNew('many')) for (const input of batch) keepIfNew(input);
  }
  coverage.close();
  writeCorpus(name, [...kept, ...inputs.map(input => ({ input, broke: false }))]);
  console.log(`${name}: ${tried} inputs, ${inputs.length} kept, ${coverage.size} blocks, ${broken} broke it (seed ${seed})`);
  return broken === 0;
}

/** What was kept before, the shortest first, so that what longer ones reach as well need not be kept; and the real files. */
function starts(name: TargetName): Uint8Array[] {
  const inputs = [...examples[name], ...readCorpus(name).map(({ input }) => input)];
  if (name === 'metainfo' && existsSync(torrents)) {
    for (const file of readdirSync(torrents)) {
      const bytes = new Uint8Array(readFileSync(new URL(file, torrents)));
      if (bytes.length <= MAX_INPUT) inputs.push(bytes);
    }
  }
  return inputs.sort((a, b) => a.length - b.length);
}

function drawn(inputs: readonly Uint8Array[], random: () => number): Uint8Array {
  return inputs[Math.floor(random() * inputs.length)] ?? new Uint8Array(0);
}
