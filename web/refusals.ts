import type { ApiError } from '../sw/api.ts';
import { words } from './words/words.ts';

/** A refused command, in a sentence. The worker's messages are ready to be shown; the window's own codes stand here. */
export function describeError(error: ApiError): string {
  switch (error.code) {
    case 'worker-restarted':
      return words.refusals.workerRestarted();
    case 'too-many-commands':
      return words.refusals.tooManyCommands();
    case 'outdated':
      return words.refusals.outdated();
    case 'internal':
      return words.refusals.internal();
    default:
      return error.message === '' ? words.refusals.unknown({ code: error.code }) : error.message;
  }
}
