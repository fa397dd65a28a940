/**
 * Pairing links: each carries a secret that can be traded once, within two minutes, for a token.
 * Wrong guesses are counted and answered ever later; a right secret is never held up by somebody else's guesses.
 */
import type { Tokens } from './tokens.ts';
import { randomSecret, sha256 } from './tokens.ts';

export const LINK_MS = 120_000;
const MAX_LINKS = 8;
/** Links that are over are remembered, so that their page gets a clear answer. */
const MAX_REMEMBERED = 64;
const GUESSES_ALLOWED = 5;
const LOCKOUT_MS = 30_000;

export type Redeemed =
  | { readonly outcome: 'paired'; readonly token: string }
  /** The link was good once: it was used, or its time is over. */
  | { readonly outcome: 'over' }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'locked'; readonly retryMs: number };

export class Pairing {
  private readonly tokens: Tokens;
  private readonly now: () => number;
  /** By the digest of the secret, oldest first: when it expires. */
  private readonly links = new Map<string, number>();
  private readonly over = new Set<string>();
  private guesses = 0;
  private lockedUntil = -Infinity;

  /** `now`: monotonic ms. */
  constructor(tokens: Tokens, now: () => number) {
    this.tokens = tokens;
    this.now = now;
  }

  /** The secret of a new link. Of more than eight that are open, the oldest is closed. */
  newLink(): string {
    this.expire();
    const secret = randomSecret();
    this.links.set(digestOf(secret), this.now() + LINK_MS);
    for (const digest of this.links.keys()) {
      if (this.links.size <= MAX_LINKS) break;
      this.close(digest);
    }
    return secret;
  }

  /** The secret is used up by this, unless the token cannot be written; that rejects. */
  async redeem(secret: string, origin: string, installId: string, name: string): Promise<Redeemed> {
    this.expire();
    const digest = digestOf(secret);
    const expiresAt = this.links.get(digest);
    if (expiresAt !== undefined) {
      this.close(digest);
      try {
        return { outcome: 'paired', token: await this.tokens.issue(origin, installId, name) };
      } catch (error) {
        this.over.delete(digest);
        this.links.set(digest, expiresAt);
        throw error;
      }
    }
    if (this.over.has(digest)) return { outcome: 'over' };
    const now = this.now();
    if (now < this.lockedUntil) return { outcome: 'locked', retryMs: this.lockedUntil - now };
    if (++this.guesses >= GUESSES_ALLOWED) {
      this.guesses = 0;
      this.lockedUntil = now + LOCKOUT_MS;
    }
    return { outcome: 'unknown' };
  }

  private expire(): void {
    const now = this.now();
    for (const [digest, expiresAt] of this.links) if (expiresAt <= now) this.close(digest);
  }

  private close(digest: string): void {
    this.links.delete(digest);
    this.over.add(digest);
    for (const oldest of this.over) {
      if (this.over.size <= MAX_REMEMBERED) break;
      this.over.delete(oldest);
    }
  }
}

/** Looked up by digest, so that the time of a look-up says nothing about a secret. */
function digestOf(secret: string): string {
  return sha256(secret).toString('hex');
}
