/**
 * The texts of languages other than English, for offline use: of those that a window was shown in, as nobody needs them all. A newer
 * version of the worker fetches its own of the same languages before it is let in.
 */

/** As the build names them (bin/words.mjs): a folder for each language, by its BCP 47 tag. */
const PLACE = /^\/assets\/words\/([^/]+)\//;
const SHIPPED = 'en';
const CACHE = 'starling-texts';

/** The language of the texts at this path that are kept here; null for English, which is part of the shell, and for all that are no texts. */
export function textsLanguage(path: string): string | null {
  const language = PLACE.exec(path)?.[1] ?? SHIPPED;
  return language === SHIPPED ? null : language;
}

export class KeptTexts {
  /** Of this version, in all languages that are kept here. */
  private readonly paths: readonly string[];
  private readonly caches: CacheStorage;

  constructor(paths: readonly string[], caches: CacheStorage) {
    this.paths = paths;
    this.caches = caches;
  }

  /** Keeps all texts of a language. Rejects where they cannot be fetched or stored. */
  async keep(language: string): Promise<void> {
    const paths = this.paths.filter(path => textsLanguage(path) === language);
    if (paths.length === 0) return;
    const cache = await this.caches.open(CACHE);
    const there = new Set(await pathsIn(cache));
    const lacking = paths.filter(path => !there.has(path));
    if (lacking.length > 0) await cache.addAll(lacking);
  }

  /** Keeps this version's texts of the languages that those of another are kept of. */
  async renew(): Promise<void> {
    const cache = await this.caches.open(CACHE);
    const languages = new Set((await pathsIn(cache)).map(textsLanguage));
    await Promise.all([...languages].filter(language => language !== null).map(language => this.keep(language)));
  }

  /** Forgets the texts of other versions. */
  async tidy(): Promise<void> {
    const cache = await this.caches.open(CACHE);
    const ours = new Set(this.paths);
    const others = (await pathsIn(cache)).filter(path => !ours.has(path));
    await Promise.all(others.map(path => cache.delete(path)));
  }

  /** From what is kept, else from where the app came. */
  async answer(request: Request): Promise<Response> {
    const kept = await this.caches.match(request, { cacheName: CACHE });
    return kept ?? fetch(request);
  }
}

async function pathsIn(cache: Cache): Promise<readonly string[]> {
  return (await cache.keys()).map(({ url }) => new URL(url).pathname);
}
