import { formatDuration } from './format.ts';
import type { PairFailure } from './pairing.ts';

/** Why pairing by a code came to nothing, and what to do. */
export function describePairFailure(why: PairFailure): string {
  switch (why.code) {
    case 'denied':
      return 'The browser keeps this site from the helper. Allow access to apps on this device in the site settings, behind the icon beside the address, then press Pair again.';
    case 'unanswered':
      return 'The browser asked whether this site may reach apps on this device, and had no answer. Press Pair again and choose Allow.';
    case 'never':
      return 'Safari lets no website reach a program on this computer. Run npm start in Starling’s folder: it opens the app from the helper itself, paired.';
    case 'no-helper':
      return 'No helper answers on this computer. Start it with npm start in Starling’s folder, then press Pair again.';
    case 'later':
      return `The helper has just been asked, by this page or another one. Press Pair again in ${formatDuration(why.seconds)}.`;
    case 'refused':
      return 'Pairing was refused on the helper’s screen. If that was a mistake, press Pair again in half a minute.';
    case 'unasked':
      return 'The helper has neither a screen nor a terminal to ask you on, so this browser is not paired. Run npm start in a terminal on that computer.';
    case 'over':
      return 'Nobody answered the helper’s question in time. Press Pair again, and answer on this computer’s screen.';
    case 'unsaved':
      return 'It was allowed, but the helper cannot write to its home folder, so this browser is not paired. Look at its disk, then press Pair again.';
    case 'lost':
      return 'The helper stopped answering, so this browser is not paired. Press Pair again.';
    default:
      return why satisfies never;
  }
}
