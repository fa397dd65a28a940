import type { JSX } from 'preact';
import { cancelPairing, pairByCode } from '../ask-to-pair.ts';
import { describePairFailure } from '../pair-words.ts';
import { pairing } from '../pairing.ts';
import { words } from '../words/words.ts';

/** The way to a helper that runs and does not know this browser: a press, and an answer on its screen. */
export function PairControl(): JSX.Element {
  const now = pairing.value;
  switch (now.step) {
    case 'idle':
    case 'failed':
      return (
        <div class="pair">
          {now.step === 'failed' && <p role="alert">{describePairFailure(now.why)}</p>}
          <button type="button" class="button button-main" onClick={() => void pairByCode()}>
            {words.connection.pair()}
          </button>
        </div>
      );
    case 'looking':
      return (
        <div class="pair" role="status">
          <p>{words.connection.pairLooking()}</p>
          <Cancel />
        </div>
      );
    case 'waiting':
      return (
        <div class="pair" role="status">
          <p>{words.connection.pairWaiting()}</p>
          <p class="pair-code">{`${now.code.slice(0, 3)} ${now.code.slice(3)}`}</p>
          <Cancel />
        </div>
      );
    default:
      return now satisfies never;
  }
}

function Cancel(): JSX.Element {
  return (
    <button type="button" class="button" onClick={cancelPairing}>
      {words.common.cancel()}
    </button>
  );
}
