import { direction } from '../words/words.ts';

const STEPS: Readonly<Record<string, 1 | -1>> =
  direction === 'rtl' ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowLeft: -1, ArrowRight: 1 };

/** Where an arrow key leads along a line of things: 1 to the next, -1 to the one before, 0 for any other key. */
export function stepAlong(key: string): 1 | -1 | 0 {
  return STEPS[key] ?? 0;
}
