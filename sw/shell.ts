/**
 * The app's own files, kept by hash at install, so that it opens without a network and without its host. Nothing else
 * is ever answered from a cache.
 */
import { cleanupOutdatedCaches, createHandlerBoundToURL, getCacheKeyForURL, precache } from 'workbox-precaching';
import { QUICK_PAGE } from './api.ts';
import { KeptTexts, textsLanguage } from './kept-texts.ts';

type Manifest = Parameters<typeof precache>[0];

/** The page, as the build names it and as it is served. */
const PAGE_FILE = 'index.html';
const PAGE = '/';
/** The host's own page, on which a person answers for an app. */
const APPROVAL_PAGE = '/approve.html';

let texts = new KeptTexts([], caches);

/** Call once while the worker starts: it takes part in `install` and `activate`. */
export function keepShell(manifest: Manifest): void {
  const pathOf = (entry: Manifest[number]): string => `/${typeof entry === 'string' ? entry : entry.url}`;
  const isText = (entry: Manifest[number]): boolean => textsLanguage(pathOf(entry)) !== null;
  texts = new KeptTexts(manifest.filter(isText).map(pathOf), caches);
  precache(
    manifest
      .filter(entry => !isText(entry))
      .map(entry => (typeof entry !== 'string' && entry.url === PAGE_FILE ? { ...entry, url: PAGE } : entry)),
  );
  cleanupOutdatedCaches();
  addEventListener('install', event => (event as ExtendableEvent).waitUntil(texts.renew()));
  addEventListener('activate', event => (event as ExtendableEvent).waitUntil(texts.tidy()));
}

/** Keeps the texts of the language that a window is shown in. Rejects where they cannot be fetched or stored. */
export function keepTexts(language: string): Promise<void> {
  return texts.keep(language);
}

/** The answer where the app itself is asked for, else null. */
export function respondFromShell(event: FetchEvent, url: URL): Promise<Response> | null {
  const { request } = event;
  if (request.method !== 'GET' || url.origin !== location.origin || url.pathname === APPROVAL_PAGE || url.pathname === QUICK_PAGE)
    return null;
  if (textsLanguage(url.pathname) !== null) return texts.answer(request);
  // Every address of the app is the one page; what it shows stands behind the #.
  const path = request.mode === 'navigate' ? PAGE : url.pathname;
  if (getCacheKeyForURL(path) === undefined) return null;
  return createHandlerBoundToURL(path)({ event, request, url });
}
