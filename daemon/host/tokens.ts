/** The apps that are paired: SHA-256 digests of their tokens, each bound to an origin and an install id. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJson, replaceFile } from './durable.ts';
import { StartError } from './errors.ts';

const MAX_TOKENS = 64;
/** A token that is older is replaced when its app comes. */
const RENEW_MS = 30 * 24 * 3_600_000;
/** When one was used is told no closer than this, and so written no more often. */
const USED_STEP_MS = 3_600_000;

/** What an app is called of whose browser nothing is known. */
export const UNNAMED = 'A browser';

const appId = v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const schema = v.array(
  v.object({
    id: v.optional(appId, newId),
    name: v.optional(v.string(), UNNAMED),
    digest,
    /** Of the token that takes its place once it is used. */
    next: v.optional(v.nullable(digest), null),
    origin: v.string(),
    installId: v.string(),
    pairedAt: v.number(),
    /** Of the token, not of the pairing. */
    issuedAt: v.optional(v.number(), 0),
    usedAt: v.optional(v.number(), 0),
  }),
);
type Kept = v.InferOutput<typeof schema>[number];

/** One that is paired, as everyone may see it. Times are ms since 1970; `usedAt` is rounded down to the hour, 0 for never. */
export type PairedApp = Readonly<Pick<Kept, 'id' | 'name' | 'origin' | 'pairedAt' | 'usedAt'>>;

export interface Shown {
  readonly token: string;
  readonly origin: string;
  readonly installId: string;
}

function newId(): string {
  return randomBytes(6).toString('hex');
}

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
  private readonly now: () => number;
  private apps: readonly Kept[];
  private saved: Promise<void> = Promise.resolve();

  private constructor(path: string, apps: readonly Kept[], now: () => number) {
    this.path = path;
    this.apps = apps;
    this.now = now;
  }

  static async open(home: string, now: () => number = Date.now): Promise<Tokens> {
    const path = join(home, 'tokens.json');
    const value = await readJson(path).catch(() => null);
    const parsed = v.safeParse(schema, value ?? []);
    if (value === null || !parsed.success) {
      throw new StartError(`${path} is damaged. Delete it and start again; browsers then have to be paired anew.`);
    }
    return new Tokens(path, parsed.output, now);
  }

  /** Those that are paired, the one that was paired first at the top. */
  get list(): readonly PairedApp[] {
    return this.apps.map(shown);
  }

  /** Whether an app of that origin is paired. */
  knows(origin: string): boolean {
    return this.apps.some(app => app.origin === origin);
  }

  /** A new token for this app, in place of the one it had; resolves once its digest is flushed. */
  async issue(origin: string, installId: string, name: string): Promise<string> {
    const token = randomSecret();
    const now = this.now();
    const others = this.apps.filter(app => app.origin !== origin || app.installId !== installId);
    const mostRecent = [...others].sort((a, b) => lastSign(b) - lastSign(a)).slice(0, MAX_TOKENS - 1);
    const app: Kept = {
      id: newId(),
      name,
      digest: digestOf(token),
      next: null,
      origin,
      installId,
      pairedAt: now,
      issuedAt: now,
      usedAt: 0,
    };
    this.apps = [...others.filter(other => mostRecent.includes(other)), app];
    await this.save();
    return token;
  }

  /** The app whose token this is; null where it is none's, or is shown by another origin or browser. */
  find(what: Shown): PairedApp | null {
    const found = this.match(what);
    return found === null ? null : shown(found);
  }

  /** Likewise, for an app that comes in: what was to take the place of its token has taken it. */
  enter(what: Shown): PairedApp | null {
    const found = this.match(what);
    if (found === null) return null;
    const isNext = found.next !== null && timingSafeEqual(sha256(what.token), Buffer.from(found.next, 'hex'));
    const usedAt = Math.floor(this.now() / USED_STEP_MS) * USED_STEP_MS;
    if (!isNext && found.usedAt === usedAt) return shown(found);
    const entered: Kept = { ...found, usedAt, ...(isNext ? { digest: found.next ?? found.digest, next: null } : {}) };
    this.replace(entered);
    // It comes in whether or not that can be written: it is written with the next change.
    this.save().catch(() => undefined);
    return shown(entered);
  }

  /** A token to take the place of that of an app, once it is shown; null where the one it has is young, or it is gone. */
  async renew(id: string): Promise<string | null> {
    const app = this.apps.find(other => other.id === id);
    if (app === undefined || this.now() - app.issuedAt < RENEW_MS) return null;
    const token = randomSecret();
    const before = { issuedAt: app.issuedAt, next: app.next };
    this.replace({ ...app, next: digestOf(token), issuedAt: this.now() });
    try {
      await this.save();
    } catch {
      const still = this.apps.find(other => other.id === id);
      if (still !== undefined) this.replace({ ...still, ...before });
      return null;
    }
    return token;
  }

  /** It is let in no more from now on; false where there is none. Rejects where that could not be written. */
  async revoke(id: string): Promise<boolean> {
    const left = this.apps.filter(app => app.id !== id);
    if (left.length === this.apps.length) return false;
    this.apps = left;
    await this.save();
    return true;
  }

  /** Every one is looked at, in a time that tells nothing of their digests. */
  private match({ token, origin, installId }: Shown): Kept | null {
    const shownDigest = sha256(token);
    let found: Kept | null = null;
    for (const app of this.apps) {
      const isIt = timingSafeEqual(shownDigest, Buffer.from(app.digest, 'hex'));
      const isNext = timingSafeEqual(shownDigest, Buffer.from(app.next ?? app.digest, 'hex'));
      if ((isIt || isNext) && app.origin === origin && app.installId === installId) found = app;
    }
    return found;
  }

  private replace(app: Kept): void {
    this.apps = this.apps.map(other => (other.id === app.id ? app : other));
  }

  /** One file at a time, so that the last one written is the last one meant. */
  private save(): Promise<void> {
    const saving = this.saved.then(() => replaceFile(this.path, JSON.stringify(this.apps, null, 2)));
    this.saved = saving.catch(() => undefined);
    return saving;
  }
}

function shown({ id, name, origin, pairedAt, usedAt }: Kept): PairedApp {
  return { id, name, origin, pairedAt, usedAt };
}

function lastSign({ pairedAt, usedAt }: Kept): number {
  return Math.max(pairedAt, usedAt);
}

function digestOf(token: string): string {
  return sha256(token).toString('hex');
}
