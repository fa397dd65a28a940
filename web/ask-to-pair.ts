/**
 * Pairing with a helper that runs already: this page looks for it, shows a code, and waits for the answer that a person gives on
 * the screen of this computer. The page does it and never the worker, and on a press alone: that is when a browser asks whether
 * a website may reach programs of this computer.
 */
import { pairing, type PairStep } from './pairing.ts';
import { tellNotLoaded } from './ui/lazy.tsx';

let cancel = (): void => undefined;

/** Ends it, whatever it is at. */
export function cancelPairing(): void {
  cancel();
  pairing.value = { step: 'idle' };
}

/** Call it on a press. */
export async function pairByCode(): Promise<void> {
  cancel();
  const ended = new AbortController();
  cancel = () => ended.abort();
  pairing.value = { step: 'looking' };
  let step: PairStep = { step: 'idle' };
  try {
    const { attempt } = await import('./pair-by-code.ts');
    step = await attempt(ended.signal);
  } catch (cause) {
    tellNotLoaded(cause);
  }
  if (!ended.signal.aborted) pairing.value = step;
}
