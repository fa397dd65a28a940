/**
 * Leads the default browser to a page of ours with a secret. The secret stands in a file that only its owner can read
 * and that the browser is given the name of, so that it appears in no process's arguments.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFlushed } from '../store/durable.ts';
import { LINK_MS } from '../pairing/pairing.ts';
import { findScreen } from './screen.ts';

/** A browser that has not traded the link in its file by then cannot read the file, in ms. */
const TRADED_MS = 10_000;
const REDIRECT = /^open-[0-9a-f]+\.html$/;

interface Redirect {
  readonly file: string;
  readonly timers: readonly NodeJS.Timeout[];
}

/** The redirect files of a home: each goes away when its link is used or over. */
export class Redirects {
  private readonly home: string;
  private readonly bySecret = new Map<string, Redirect>();

  constructor(home: string) {
    this.home = home;
    for (const name of readdirSync(home)) if (REDIRECT.test(name)) rmSync(join(home, name), { recursive: true, force: true });
  }

  /**
   * A new file that leads to `address`, which holds the secret; gives its name. `isOpening`: a browser is about to be opened with
   * it. One from a snap may not read it: it is then led to the address without the secret, where the app asks to be paired.
   */
  async write(address: string, secret: string, isOpening = false): Promise<string> {
    const file = join(this.home, `open-${randomBytes(8).toString('hex')}.html`);
    const page =
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Starling</title>` +
      `<meta http-equiv="refresh" content="0;url=${address}"><p><a href="${address}">Open Starling</a></p></html>\n`;
    await writeFlushed(file, [Buffer.from(page)]);
    const timers = [setTimeout(() => this.remove(secret), LINK_MS)];
    if (isOpening) timers.push(setTimeout(() => void leadOnScreen(address.replace(/#.*/, '')), TRADED_MS));
    this.bySecret.set(secret, { file, timers });
    return file;
  }

  remove(secret: string): void {
    const redirect = this.bySecret.get(secret);
    if (redirect === undefined) return;
    this.bySecret.delete(secret);
    for (const timer of redirect.timers) clearTimeout(timer);
    rmSync(redirect.file, { force: true });
  }

  removeAll(): void {
    for (const secret of [...this.bySecret.keys()]) this.remove(secret);
  }
}

async function leadOnScreen(address: string): Promise<void> {
  if (await findScreen(process.env)) await openInBrowser(address);
}

/** A file or an address without a secret. False where no browser could be started. */
export async function openInBrowser(target: string): Promise<boolean> {
  try {
    // Asked for seldom, by a program that stays for weeks.
    const { default: open } = await import('open');
    const opener = await open(target);
    return await new Promise(resolve => {
      opener.once('error', () => resolve(false));
      opener.once('spawn', () => resolve(true));
      if (opener.pid !== undefined) resolve(true);
    });
  } catch {
    return false;
  }
}
