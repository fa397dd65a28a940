/** Ms until a request that failed is told to have: webtorrent asks again at once. */
const PATIENCE = 3_000;

/**
 * The fetch that webtorrent is given. It asks web seeds with headers of its own, for which a server has to have given leave, and few
 * have; a range alone needs none (Fetch, "CORS-safelisted request-header").
 */
export function plainFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const range = new Headers(init.headers).get('range');
    try {
      return await fetch(input, {
        signal: init.signal ?? null,
        headers: range === null ? {} : { range },
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      });
    } catch (error) {
      await new Promise(resolve => setTimeout(resolve, PATIENCE));
      throw error;
    }
  };
}
