import type { ApiError } from '../sw/api.ts';

/** A refused command, in a sentence. The worker's messages are ready to be shown; the window's own codes stand here. */
export function describeError(error: ApiError): string {
  switch (error.code) {
    case 'worker-restarted':
      return 'The engine restarted before it answered. Look whether it was done, and try again if not.';
    case 'too-many-commands':
      return 'Too much is waiting for the engine. Nothing was done; try again in a moment.';
    case 'outdated':
      return 'The app was updated in the background. Nothing was done; reload this page first.';
    default:
      return error.message === '' ? `The engine refused this (${error.code}). Nothing was changed.` : error.message;
  }
}
