/** The host's own clients of `/control`, told by a secret that is made for them in this process and stands nowhere else. */
import { isSame } from '../pairing/tokens.ts';

/** Install ids of no browser, as those have other characters: that of the engine while no window is open. */
export const AWAY_INSTALL = '(away)';
/** The engine of a host that has no app, let in as an app is. */
export const OWN_INSTALL = '(own)';

export interface OwnSecrets {
  /** Empty where there is none. */
  readonly own: string;
  readonly away: string;
}

export function ownKind(
  shown: { readonly token: string; readonly installId: string },
  secrets: OwnSecrets,
): 'app' | 'away' | null {
  const isIt = (secret: string): boolean => secret !== '' && isSame(shown.token, secret);
  if (shown.installId === OWN_INSTALL && isIt(secrets.own)) return 'app';
  return shown.installId === AWAY_INSTALL && isIt(secrets.away) ? 'away' : null;
}
