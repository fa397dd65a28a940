/** Loads the page again where it cannot go on as it is: at once, and ever less often after that, as it may help no more than the last time did. */

/** Ms until the second time, twice as long each time, up to the other. As in public/theme.js. */
const PAUSE = 10_000;
const MOST_PAUSE = 600_000;

/** Why: each has how often that was in a row, and when last, in the storage of the tab. */
export const RELOADS = {
  /** Loaded past its worker. */
  past: 'starling.reloads',
  /** A part of the app did not come: the worker that was to give it ended, or another version is there now. Nothing tells that it helped. */
  parts: 'starling.reloads.parts',
} as const;

/** False where it was a moment ago, or the browser keeps nothing by which that could be told: then the page stays. */
export function loadAgain(key: string): boolean {
  try {
    const [times = 0, last = 0] = (sessionStorage.getItem(key) ?? '').split(' ').map(Number);
    const pause = times === 0 ? 0 : Math.min(MOST_PAUSE, PAUSE * 2 ** (times - 1));
    if (Math.abs(Date.now() - last) < pause) return false;
    sessionStorage.setItem(key, `${times + 1} ${Date.now()}`);
  } catch {
    return false;
  }
  location.reload();
  return true;
}

/** It did help. */
export function forgetReloads(key: string): void {
  sessionStorage.removeItem(key);
}
