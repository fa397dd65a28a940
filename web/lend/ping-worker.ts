/**
 * A window's timers slow down to one a minute once it is hidden; a dedicated worker's do not, and its request into the
 * service worker's scope keeps that one running where an open stream does not (Firefox).
 */
const PING_PATH = '/~ping';
const PERIOD_MS = 18_000;

setInterval(() => {
  fetch(PING_PATH, { cache: 'no-store' }).catch(() => {
    // The stream notices a worker that is gone; the next ping starts it.
  });
}, PERIOD_MS);
