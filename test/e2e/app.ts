/** The app as a person meets it: what they press, what they read. The one place that knows its labels. */
import { until } from '../peers/wait.ts';
import type { Browser, Page } from './browser.ts';
import type { Starling } from './starling.ts';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class App {
  readonly page: Page;

  /** As it stands in this page. */
  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the redirect file, as the host would have the browser do, and waits until the app is paired and connected. */
  static async open(browser: Browser, starling: Starling, size?: { width: number; height: number }): Promise<App> {
    const app = new App(await browser.open(`file://${starling.redirectFile}`, size));
    await app.connected();
    return app;
  }

  /** Pairs one more browser by this link, where another is at work: it says so. */
  static async follow(browser: Browser, link: string, saying: string): Promise<App> {
    const app = new App(await browser.open(`file://${link}`));
    await app.page.waitForText(saying, 30_000);
    return app;
  }

  /** Opens the app at its plain address in a profile that was paired before. */
  static async openPaired(browser: Browser, starling: Starling): Promise<App> {
    const app = new App(await browser.open(starling.origin));
    await app.connected();
    return app;
  }

  /** Opens the app where there is no helper. */
  static async alone(browser: Browser, origin: string): Promise<App> {
    const app = new App(await browser.open(origin));
    await app.page.waitForText('Browser only', 30_000);
    return app;
  }

  async connected(timeoutMs = 30_000): Promise<void> {
    await this.page.waitForText('Helper connected', timeoutMs);
  }

  /** Pastes a link, waits for its file list and starts it. `prearmed` does not wait. */
  async addMagnet(magnet: string, { prearmed = false } = {}): Promise<void> {
    await this.page.paste(magnet);
    await this.start(!prearmed);
  }

  /** Takes all STUN servers out of the settings: nobody is asked for outside this machine. */
  withoutStun(): Promise<void> {
    return this.stunServers('');
  }

  /** Has these, and no others, in the settings. */
  async stunServers(text: string): Promise<void> {
    const { page } = this;
    await page.click({ role: 'button', name: 'Settings' });
    await page.click({ role: 'textbox', name: /STUN servers/ });
    await page.selectAll();
    await page.press('Delete');
    if (text !== '') await page.type(text);
    await page.press('Tab');
    await page.click({ role: 'button', name: /^All/ });
  }

  /** Fills in the trackers of what is about to be shared. */
  async trackers(...urls: readonly string[]): Promise<void> {
    const { page } = this;
    await page.find({ role: 'heading', name: 'Share files' });
    await page.click({ role: 'DisclosureTriangle', name: 'Options' });
    await page.click({ role: 'textbox', name: /^Trackers/ });
    await page.selectAll();
    await page.type(urls.join('\n'));
  }

  /** SHA-256 of a file of a torrent, in hex, as the app serves it; where it does not, why. */
  hashOf(id: string, file = 0): Promise<string> {
    return this.page.evaluate(`(async () => {
      const response = await fetch('/stream/${id}/${file}/file');
      if (!response.ok) return response.status + ' ' + (await response.text());
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
      return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    })()`);
  }

  /** Bytes that the browser keeps for the app. */
  stored(): Promise<number> {
    return this.page.evaluate('navigator.storage.estimate().then(({ usage }) => usage)');
  }

  async dropTorrents(files: readonly string[]): Promise<void> {
    await this.page.drop(files);
  }

  /** Presses Start in the add sheet; gives when, as of performance.now(). */
  async start(withFileList = true): Promise<number> {
    await this.page.find({ role: 'dialog' });
    if (withFileList) await this.page.find({ role: 'checkbox' });
    const pressed = await this.page.click({ role: 'button', name: 'Start' });
    await this.page.gone({ role: 'button', name: 'Start' });
    return pressed;
  }

  /** How the list speaks of a torrent: name, status, how much of what; empty where it is not in the list. */
  async row(name: string): Promise<string> {
    const [row] = await this.page.findAll({ role: 'row', name: new RegExp(`^${escaped(name)}, `) }).catch(() => []);
    return row?.name ?? '';
  }

  /** Waits until the list says this of a torrent. */
  async says(name: string, what: RegExp, timeoutMs = 60_000): Promise<string> {
    let said = '';
    await until(
      `the row of ${name} to say ${String(what)}`,
      async () => what.test((said = await this.row(name))),
      timeoutMs,
    ).catch(async (error: unknown) => {
      const { message } = error as Error;
      throw new Error(`${message}\nIt says: ${said}\nThe page says:\n${await this.page.text()}\n${this.page.log.join('\n')}`);
    });
    return said;
  }

  async complete(name: string, timeoutMs = 120_000): Promise<void> {
    await this.says(name, /, (Seeding|Done)/, timeoutMs);
  }

  async select(name: string): Promise<void> {
    await this.page.click({ role: 'row', name: new RegExp(`^${escaped(name)}, `) });
  }

  /** Chooses from the menu of a torrent. */
  async choose(name: string, item: string | RegExp): Promise<void> {
    await this.page.click({ role: 'row', name: new RegExp(`^${escaped(name)}, `) }, 'right');
    await this.page.click({ role: 'menuitem', name: item });
  }

  async remove(name: string, withData: boolean): Promise<void> {
    await this.select(name);
    if (withData) {
      await this.choose(name, /^Remove with files…/);
      await this.page.click({ role: 'button', name: 'Remove and move files to trash' });
    } else await this.page.click({ role: 'button', name: 'Remove' });
    await until(`${name} to leave the list`, async () => (await this.row(name)) === '');
  }

  /** One that is in the browser's own files. */
  async removeHere(name: string): Promise<void> {
    await this.select(name);
    await this.page.click({ role: 'button', name: 'Remove' });
    await this.page.click({ role: 'button', name: 'Remove and delete files' });
    await until(`${name} to leave the list`, async () => (await this.row(name)) === '');
  }
}
