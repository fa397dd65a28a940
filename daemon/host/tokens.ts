/** The browsers that are paired: SHA-256 digests of their tokens, each bound to an origin and an install id. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJson, replaceFile } from './durable.ts';
import { StartError } from './errors.ts';

const MAX_TOKENS = 64;

const schema = v.array(
  v.object({
    digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    origin: v.string(),
    installId: v.string(),
    pairedAt: v.number(),
  }),
);
type PairedBrowser = v.InferOutput<typeof schema>[number];

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** In a time that doesn't depend on where they differ, or on their lengths. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

/** 32 random bytes, as text that may stand anywhere. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

export class Tokens {
  private readonly path: string;
  private browsers: readonly PairedBrowser[];

  private constructor(path: string, browsers: readonly PairedBrowser[]) {
    this.path = path;
    this.browsers = browsers;
  }

  static async open(home: string): Promise<Tokens> {
    const path = join(home, 'tokens.json');
    const value = await readJson(path).catch(() => null);
    const parsed = v.safeParse(schema, value ?? []);
    if (value === null || !parsed.success) {
      throw new StartError(`${path} is damaged. Delete it and start again; browsers then have to be paired anew.`);
    }
    return new Tokens(path, parsed.output);
  }

  /** A new token for this browser, in place of the one it had; resolves once its digest is flushed. */
  async issue(origin: string, installId: string): Promise<string> {
    const token = randomSecret();
    const others = this.browsers.filter(browser => browser.origin !== origin || browser.installId !== installId);
    const browser = { digest: sha256(token).toString('hex'), origin, installId, pairedAt: Date.now() };
    this.browsers = [...others, browser].slice(-MAX_TOKENS);
    await replaceFile(this.path, JSON.stringify(this.browsers, null, 2));
    return token;
  }

  isValid(token: string, origin: string, installId: string): boolean {
    const digest = sha256(token);
    let found = false;
    for (const browser of this.browsers) {
      const isIt = timingSafeEqual(digest, Buffer.from(browser.digest, 'hex'));
      if (isIt && browser.origin === origin && browser.installId === installId) found = true;
    }
    return found;
  }
}
