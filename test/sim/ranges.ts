import type { Range } from '../../sw/engine/events.ts';

/** The runs of ones in a mask of bytes. */
export function rangesOf(have: Uint8Array): Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at < have.length; at++) {
    if (have[at] !== 1) continue;
    const offset = at;
    while (have[at] === 1) at += 1;
    ranges.push({ offset, length: at - offset });
  }
  return ranges;
}
