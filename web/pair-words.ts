import { formatDuration } from './format.ts';
import type { PairFailure } from './pairing.ts';
import { words } from './words/words.ts';

/** Why pairing by a code came to nothing, and what to do. */
export function describePairFailure(why: PairFailure): string {
  const texts = words.connection;
  switch (why.code) {
    case 'denied':
      return texts.pairDenied();
    case 'unanswered':
      return texts.pairUnanswered();
    case 'never':
      return texts.pairNever();
    case 'no-helper':
      return texts.pairNoHelper();
    case 'later':
      return texts.pairLater({ duration: formatDuration(why.seconds) });
    case 'refused':
      return texts.pairRefused();
    case 'unasked':
      return texts.pairUnasked();
    case 'over':
      return texts.pairOver();
    case 'unsaved':
      return texts.pairUnsaved();
    case 'lost':
      return texts.pairLost();
    default:
      return why satisfies never;
  }
}
