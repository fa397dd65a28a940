/** The inputs that were kept of a target: one a line in base64, and behind a `!` those that once broke it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { TargetName } from './targets.ts';

export interface Kept {
  readonly input: Uint8Array;
  readonly broke: boolean;
}

const fileOf = (target: TargetName): URL => new URL(`corpus/${target}.txt`, import.meta.url);

export function readCorpus(target: TargetName): Kept[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter(line => line !== '')
    .map(line => ({ input: Uint8Array.from(Buffer.from(line.replace('!', ''), 'base64')), broke: line.startsWith('!') }));
}

export function writeCorpus(target: TargetName, kept: readonly Kept[]): void {
  const lines = kept.map(({ input, broke }) => (broke ? '!' : '') + Buffer.from(input).toString('base64'));
  writeFileSync(fileOf(target), `${[...new Set(lines)].sort().join('\n')}\n`);
}
