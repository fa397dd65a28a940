/** Keys that a window asks for and that are good once, soon, for one address: whoever leads a browser there from elsewhere has none. */

/** Keys that are not used, and how long one is good, ms. */
export const MAX_KEYS = 32;
const GOOD_FOR = 30_000;
const BYTES = 16;

export class OnceKeys {
  private readonly keys = new Map<string, { readonly path: string; readonly until: number }>();

  /** `now`: ms, of a clock that nobody sets. */
  constructor(private readonly now: () => number) {}

  give(path: string): string {
    const key = Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), byte => byte.toString(16).padStart(2, '0')).join('');
    const [oldest] = this.keys.keys();
    if (this.keys.size >= MAX_KEYS && oldest !== undefined) this.keys.delete(oldest);
    this.keys.set(key, { path, until: this.now() + GOOD_FOR });
    return key;
  }

  /** Whether it is good for that address; it is not any more then. */
  take(key: string, path: string): boolean {
    const known = this.keys.get(key);
    this.keys.delete(key);
    return known?.path === path && this.now() < known.until;
  }
}
