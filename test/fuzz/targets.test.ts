/** Every decoder over what was kept of its fuzzing, and over as much again that is drawn anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../sw/engine/codec/bencode.ts';
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

/** Inputs that ask for much work, of about so many bytes. */
const large: Readonly<Record<string, (size: number) => Uint8Array>> = {
  'bencode, nested': size => new TextEncoder().encode('l'.repeat(size / 2) + 'e'.repeat(size / 2)),
  'bencode, many keys': size =>
    encode(Object.fromEntries(Array.from({ length: size / 10 }, (_, index) => [`k${1e5 + index}`, index % 10]))),
  'paths, all of one name': size => new TextEncoder().encode('a\n'.repeat(size / 2)),
  'magnet, many fields': size =>
    new TextEncoder().encode(`magnet:?xt=urn:btih:${'a'.repeat(40)}${'&tr=http://a'.repeat(size / 12)}`),
  'tracker, many peers': size => encode({ interval: 1, peers: new Uint8Array(size).map((_, at) => at * 7) }),
  'frames, many': size => new Uint8Array(size).fill(1),
  'progress-record, many': size => encode({ have: new Uint8Array(1), maybe: Array.from({ length: size / 4 }, () => 1) }),
};

it.each(Object.keys(large))('%s: eight times as much takes nothing like sixty-four times as long', what => {
  const name = targetNames.find(target => target === what.split(',')[0]);
  const make = large[what];
  if (name === undefined || make === undefined) throw new Error(`no target for ${what}`);
  const cost = (size: number): number => {
    const input = make(size);
    const times = Array.from({ length: 5 }, () => {
      const began = performance.now();
      targets[name](input);
      return performance.now() - began;
    });
    // The least of several: what other processes take of the machine only ever adds.
    return Math.max(0.2, Math.min(...times));
  };
  cost(8_000);
  expect(cost(128_000) / cost(16_000)).toBeLessThan(40);
});
