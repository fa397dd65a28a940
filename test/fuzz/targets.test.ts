/** Every decoder over what was kept of its fuzzing, and over as much again that is drawn anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from '../sim/clock.ts';
import { readCorpus } from './corpus.ts';
import { mutate } from './mutate.ts';
import { examples } from './seeds.ts';
import { targetNames, targets } from './targets.ts';

describe.each(targetNames)('%s', name => {
  const kept = readCorpus(name).map(({ input }) => input);

  it('reads or refuses what fuzzing kept', () => {
    expect(kept.length).toBeGreaterThan(0);
    for (const input of [...examples[name], ...kept]) targets[name](input);
  });

  it('reads or refuses whatever else it is given', () => {
    const known = fc.constantFrom(...examples[name], ...kept);
    const changed = fc.tuple(known, known, fc.integer()).map(([input, other, seed]) => mutate(input, other, seeded(seed)));
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 100 })), input => targets[name](input)),
      { numRuns: 300 },
    );
  });
});
