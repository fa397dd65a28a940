/** Addresses of trackers and web seeds as torrents and magnets name them. */

const MAX_URL = 2048;
const TRACKER_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:']);
const WEB_SEED_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:']);

/** In the one spelling by which equal addresses are equal; null for what no announce could go to. */
export function trackerUrl(text: string): string | null {
  return urlOf(text, TRACKER_SCHEMES);
}

/** As {@link trackerUrl}, for files on an HTTP server (BEP 19). */
export function webSeedUrl(text: string): string | null {
  return urlOf(text, WEB_SEED_SCHEMES);
}

function urlOf(text: string, schemes: ReadonlySet<string>): string | null {
  if (text.length > MAX_URL) return null;
  try {
    const url = new URL(text.trim());
    return schemes.has(url.protocol) && url.hostname !== '' ? url.href : null;
  } catch {
    return null;
  }
}
