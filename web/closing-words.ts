/** What becomes of a download in this browser once its last window is closed, in a sentence. `outlives`: as in closing.ts. */
import type { Closing } from './closing.ts';
import { words } from './words/words.ts';

export function describeFate({ fate, hasWebSeeds }: Closing, outlives: boolean): string {
  const texts = words.closingDialog;
  switch (fate) {
    case 'goes-on':
      return texts.goesOn();
    case 'part':
      return texts.part();
    case 'along':
      return texts.along();
    case 'waits':
      return texts.waits();
    case 'stops':
      if (!outlives) return texts.stops();
      return hasWebSeeds ? texts.stopsWithWebSeeds() : texts.stopsWithoutWebSeeds();
  }
}
