/**
 * The app's own files, kept by hash at install, so that it opens without a network and without its host. Nothing else
 * is ever answered from a cache.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, getCacheKeyForURL, precache } from 'workbox-precaching';
import { QUICK_PAGE } from './api.ts';

type Manifest = Parameters<typeof precache>[0];

/** The page, as the build names it and as it is served. */
const PAGE_FILE = 'index.html';
const PAGE = '/';
/** The host's own page, on which a person answers for an app. */
const APPROVAL_PAGE = '/approve.html';

/** Call once while the worker starts: it takes part in `install` and `activate`. */
export function keepShell(manifest: Manifest): void {
  precache(manifest.map(entry => (typeof entry !== 'string' && entry.url === PAGE_FILE ? { ...entry, url: PAGE } : entry)));
  cleanupOutdatedCaches();
}

/** The answer where the app itself is asked for, else null. */
export function respondFromShell(event: FetchEvent, url: URL): Promise<Response> | null {
  const { request } = event;
  if (request.method !== 'GET' || url.origin !== location.origin || url.pathname === APPROVAL_PAGE || url.pathname === QUICK_PAGE)
    return null;
  // Every address of the app is the one page; what it shows stands behind the #.
  const path = request.mode === 'navigate' ? PAGE : url.pathname;
  if (getCacheKeyForURL(path) === undefined) return null;
  return createHandlerBoundToURL(path)({ event, request, url });
}
