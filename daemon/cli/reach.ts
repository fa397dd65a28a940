/** For commands that talk to the host that runs, and for those that lead a person to it. */
import { openInBrowser } from '../host/screen/browser.ts';
import { hasScreen } from '../host/screen/screen.ts';
import { NoAnswer } from '../link/ask.ts';
import { NoHost } from '../link/launch.ts';
import { CommandError } from './errors.ts';

/** Why the host could not be reached is a line for people. */
export async function reachable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoHost) throw new CommandError(error.message);
    if (error instanceof NoAnswer) {
      throw new CommandError(`The Starling that runs does not answer (${error.message}). End it and try again.`);
    }
    throw error;
  }
}

/** Opens what leads to the app, and says where it is: not every browser is allowed to read a file unasked. */
export async function lead(place: string, mayOpen: boolean): Promise<void> {
  const isOpening = mayOpen && hasScreen(process.env) && (await openInBrowser(place));
  if (isOpening) console.log('It opens in your browser.');
  const what = place.startsWith('http')
    ? `this address in your browser: ${place}`
    : `this file in your browser within two minutes: ${place}`;
  console.log(`${isOpening ? 'If it does not, open' : 'Open'} ${what}`);
}
