/** Which texts are there without a network: those of the languages that windows were shown in, of the version at work. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KeptTexts, textsLanguage } from '../../sw/kept-texts.ts';

const ORIGIN = 'https://app.example';
const V1 = ['de/first-1', 'de/inspector-1', 'ja/first-1'].map(name => `/assets/words/${name}.js`);
const V2 = ['de/first-2', 'de/inspector-1', 'ja/first-2'].map(name => `/assets/words/${name}.js`);

let fetched: string[];
let stored: Map<string, Response>;
let isOffline: boolean;
const urlOf = (key: RequestInfo | URL): string => new URL(key instanceof Request ? key.url : key, ORIGIN).href;
const cache = {
  keys: () => Promise.resolve([...stored.keys()].map(url => new Request(url))),
  addAll: async (paths: string[]) => {
    const answers = await Promise.all(paths.map(async path => [urlOf(path), await fetch(urlOf(path))] as const));
    for (const [url, answer] of answers) stored.set(url, answer);
  },
  delete: (key: Request) => Promise.resolve(stored.delete(urlOf(key))),
};
const caches = {
  open: () => Promise.resolve(cache),
  match: (key: Request) => Promise.resolve(stored.get(urlOf(key))?.clone()),
} as unknown as CacheStorage;
const kept = (): readonly string[] => [...stored.keys()].map(url => new URL(url).pathname).sort();

beforeEach(() => {
  fetched = [];
  stored = new Map();
  isOffline = false;
  vi.stubGlobal('fetch', (key: RequestInfo) => {
    if (isOffline) return Promise.reject(new TypeError('offline'));
    fetched.push(new URL(urlOf(key)).pathname);
    return Promise.resolve(new Response('texts'));
  });
});
afterEach(() => vi.unstubAllGlobals());

it('tells texts that are kept by language from the rest of the app', () => {
  expect(textsLanguage('/assets/words/zh-Hans/first-1.js')).toBe('zh-Hans');
  expect(textsLanguage('/assets/words/en/first-1.js')).toBe(null);
  expect(textsLanguage('/assets/main-1.js')).toBe(null);
});

it('keeps a language whole once it is shown, and no other', async () => {
  const texts = new KeptTexts(V1, caches);
  await texts.keep('de');
  expect(kept()).toEqual(['/assets/words/de/first-1.js', '/assets/words/de/inspector-1.js']);
  await texts.keep('de');
  await texts.keep('en');
  await texts.keep('xx');
  expect(fetched).toHaveLength(2);
  isOffline = true;
  expect(await (await texts.answer(new Request(`${ORIGIN}/assets/words/de/first-1.js`))).text()).toBe('texts');
  await expect(texts.answer(new Request(`${ORIGIN}/assets/words/ja/first-1.js`))).rejects.toThrow('offline');
  await expect(texts.keep('ja')).rejects.toThrow('offline');
});

it('has the texts of a newer version before it is let in, and forgets those of the old one after', async () => {
  await new KeptTexts(V1, caches).keep('de');
  const newer = new KeptTexts(V2, caches);
  await newer.renew();
  expect(kept()).toEqual(['first-1', 'first-2', 'inspector-1'].map(name => `/assets/words/de/${name}.js`));
  await newer.tidy();
  expect(kept()).toEqual(['first-2', 'inspector-1'].map(name => `/assets/words/de/${name}.js`));
  expect(fetched.filter(path => path.endsWith('inspector-1.js'))).toHaveLength(1);
});
