/** The apps that are paired: SHA-256 digests of their tokens, each bound to an origin and an install id. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Complain, jsonOf, KeptFile } from '../store/kept-file.ts';

const MAX_TOKENS = 64;
/** A token that is older is replaced when its app comes. */
const RENEW_MS = 30 * 24 * 3_600_000;
/** When one was used is told no closer than this, and so written no more often. */
const USED_STEP_MS = 3_600_000;

/** What an app is called of whose browser nothing is known. */
export const UNNAMED = 'A browser';

const appId = v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** Ms since 1970, as long as dates can be written. */
const time = v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15));
const schema = v.array(
  v.object({
    id: appId,
    name: v.string(),
    digest,
    /** Of the token that takes its place once it is used. */
    next: v.nullable(digest),
    origin: v.string(),
    installId: v.string(),
    pairedAt: time,
    /** Of the token, not of the pairing. */
    issuedAt: time,
    usedAt: time,
  }),
);
type Kept = v.InferOutput<typeof schema>[number];
/** What becomes of a list; done twice it does no more than once. */
type Edit = (apps: readonly Kept[]) => readonly Kept[];

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
  /** Hears of an app that is paired no more as there are too many. */
  onForgotten: (id: string) => void = () => undefined;
  private readonly file: KeptFile<readonly Kept[]>;
  private readonly now: () => number;
  private apps: readonly Kept[];
  /** Those that are let in no more, and stay in the list until that is flushed. */
  private readonly revoked = new Set<string>();
  private saved: Promise<void> = Promise.resolve();

  private constructor(file: KeptFile<readonly Kept[]>, now: () => number) {
    this.file = file;
    this.apps = file.value ?? [];
    this.now = now;
  }

  static async open(home: string, now: () => number = Date.now, complain: Complain = () => undefined): Promise<Tokens> {
    const file = await KeptFile.open<readonly Kept[]>({
      path: join(home, 'tokens.json'),
      parse: jsonOf(value => {
        const parsed = v.safeParse(schema, value);
        return parsed.success ? parsed.output : null;
      }),
      what: 'The list of paired apps',
      complain,
    });
    if (file.condition === 'lost') complain('No app is paired any more: each has to be paired anew.');
    return new Tokens(file, now);
  }

  /** Those that are paired, the one that was paired first at the top. */
  get list(): readonly PairedApp[] {
    return this.apps.map(shown);
  }

  /** Whether an app of that origin is paired. */
  knows(origin: string): boolean {
    return this.apps.some(app => app.origin === origin && !this.revoked.has(app.id));
  }

  /**
   * A new token for this app, in place of the one it had; what it is known by stays, so that whatever it has open goes with it.
   * Resolves once the digest is flushed; rejects where it could not be, and then nothing has changed.
   */
  async issue(origin: string, installId: string, name: string): Promise<string> {
    const token = randomSecret();
    const now = this.now();
    let forgotten: readonly string[] = [];
    await this.change(apps => {
      const isIt = (app: Kept): boolean => app.origin === origin && app.installId === installId;
      const before = apps.find(app => isIt(app) && !this.revoked.has(app.id));
      const others = apps.filter(app => !isIt(app) && !this.revoked.has(app.id));
      forgotten = [...others]
        .sort((a, b) => lastSign(a) - lastSign(b))
        .slice(0, Math.max(0, others.length - (MAX_TOKENS - 1)))
        .map(({ id }) => id);
      const app: Kept = {
        id: before?.id ?? newId(),
        name,
        digest: digestOf(token),
        next: null,
        origin,
        installId,
        pairedAt: now,
        issuedAt: now,
        usedAt: 0,
      };
      return all => [...all.filter(other => !isIt(other) && !forgotten.includes(other.id)), app];
    });
    for (const id of forgotten) this.onForgotten(id);
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
    if (!isNext && found.usedAt === usedAt && this.revoked.size === 0) return shown(found);
    const entered: Kept = { ...found, usedAt, ...(isNext ? { digest: found.next ?? found.digest, next: null } : {}) };
    this.apps = this.apps.map(other => (other.id === entered.id ? entered : other));
    // It comes in whether or not that can be written: it is written with the next change.
    this.change(() => apps => apps).catch(() => undefined);
    return shown(entered);
  }

  /** A token to take the place of that of an app, once it is shown; null where the one it has is young, or it is gone. */
  async renew(id: string): Promise<string | null> {
    const token = randomSecret();
    let isDue = false;
    const change = this.change(apps => {
      const issuedAt = this.now();
      const app = apps.find(other => other.id === id);
      // The clock may have been wrong then, or be now.
      isDue = app !== undefined && Math.abs(issuedAt - app.issuedAt) >= RENEW_MS;
      const next = digestOf(token);
      return isDue ? all => all.map(other => (other.id === id ? { ...other, next, issuedAt } : other)) : null;
    });
    const isWritten = await change.then(
      () => true,
      () => false,
    );
    return isDue && isWritten ? token : null;
  }

  /**
   * It is let in no more from now on; false where there is none. Rejects where that could not be written: it stays in the list
   * then, and would be let in again after a restart; every later change, and every app that comes in, tries to write it again.
   */
  async revoke(id: string): Promise<boolean> {
    if (!this.apps.some(app => app.id === id)) return false;
    this.revoked.add(id);
    await this.change(() => apps => apps);
    return true;
  }

  /** Resolves once all that was changed is written, or could not be. */
  settled(): Promise<void> {
    return this.saved;
  }

  /** Every one is looked at, in a time that tells nothing of their digests. */
  private match({ token, origin, installId }: Shown): Kept | null {
    const shownDigest = sha256(token);
    let found: Kept | null = null;
    for (const app of this.apps) {
      if (this.revoked.has(app.id)) continue;
      const isIt = timingSafeEqual(shownDigest, Buffer.from(app.digest, 'hex'));
      const isNext = timingSafeEqual(shownDigest, Buffer.from(app.next ?? app.digest, 'hex'));
      if ((isIt || isNext) && app.origin === origin && app.installId === installId) found = app;
    }
    return found;
  }

  /** One change at a time, and none that is not flushed: `plan` says what it does to the list as it is then, null for nothing. */
  private change(plan: (apps: readonly Kept[]) => Edit | null): Promise<void> {
    const saving = this.saved.then(async () => {
      const edit = plan(this.apps);
      if (edit === null) return;
      const gone = new Set(this.revoked);
      const left = (apps: readonly Kept[]): readonly Kept[] => edit(apps).filter(app => !gone.has(app.id));
      // The generation before lets in nobody either to whom that was taken back.
      await this.file.writeBoth(() => JSON.stringify(left(this.apps), null, 2));
      // Apps may have come in meanwhile.
      this.apps = left(this.apps);
      for (const id of gone) this.revoked.delete(id);
    });
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
