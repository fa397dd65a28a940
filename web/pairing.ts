/** How far pairing with a helper that runs already has come; ask-to-pair.ts does it. */
import { signal } from '@preact/signals';

/** Why it came to nothing. `later` says in how many seconds it may be tried again. */
export type PairFailure =
  /** The browser was told to let this site reach no program here. */
  | { readonly code: 'denied' }
  /** The browser asked, and had no answer. */
  | { readonly code: 'unanswered' }
  /** The browser lets no website reach a program here. */
  | { readonly code: 'never' }
  | { readonly code: 'no-helper' }
  | { readonly code: 'later'; readonly seconds: number }
  | { readonly code: 'refused' }
  /** The helper has no screen and no terminal to ask on. */
  | { readonly code: 'unasked' }
  /** Nobody answered in time. */
  | { readonly code: 'over' }
  /** A person said yes, and the helper cannot write it. */
  | { readonly code: 'unsaved' }
  /** The helper answered no more. */
  | { readonly code: 'lost' };

export type PairStep =
  | { readonly step: 'idle' }
  | { readonly step: 'looking' }
  | { readonly step: 'waiting'; readonly code: string }
  | { readonly step: 'failed'; readonly why: PairFailure };

export const pairing = signal<PairStep>({ step: 'idle' });

/** Whether the browser was told to let this site reach no program here; looked at while the helper is away (loopback.ts). */
export const isBlocked = signal(false);
/** Whether a person has had the helper looked for again since it was there. */
export const isTried = signal(false);

/** Whether this page came from the helper itself. */
export function isFromHelper({ protocol, hostname }: { protocol: string; hostname: string } = location): boolean {
  return protocol === 'http:' && hostname === '127.0.0.1';
}
