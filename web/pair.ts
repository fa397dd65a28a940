import { describePairing } from './connection-words.ts';
import { readStoredText, writeStoredText } from './stored.ts';

const INSTALL_KEY = 'starling.install';

/** Names this browser profile to the host; not a secret. */
export function installId(): string {
  const kept = readStoredText(INSTALL_KEY);
  if (kept !== null && kept !== '') return kept;
  const made = crypto.randomUUID();
  writeStoredText(INSTALL_KEY, made);
  return made;
}

export type Paired = { readonly token: string } | { readonly refused: string };

/** Trades the single-use secret of a pairing link for this browser's token. */
export async function tradeSecret(secret: string, install: string): Promise<Paired> {
  let status = 0;
  try {
    const response = await fetch('/pair', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret, installId: install }),
    });
    status = response.status;
    if (response.ok) {
      const answer: unknown = await response.json();
      if (typeof answer === 'object' && answer !== null && 'token' in answer && typeof answer.token === 'string') {
        return { token: answer.token };
      }
    }
  } catch (cause) {
    console.warn('Pairing got no answer.', cause);
  }
  return { refused: describePairing(status) };
}
