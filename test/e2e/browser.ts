/** Debian's Chromium with a profile of its own, and its pages as a person uses them: by role and name, mouse and keys. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { until } from '../peers/wait.ts';
import { Cdp, type Listener } from './cdp.ts';
import { isRunning, processTree } from './processes.ts';

/** The program itself: /usr/bin/chromium is a wrapper that adds flags. */
const chromium = '/usr/lib/chromium/chromium';
export const haveChromium = (): boolean => existsSync(chromium);

/** Nobody's (RFC 2606), and led to this machine: a torrent may name its servers, and not by their address. */
const NAMES = '*.example';
/** A name and the port of a server of this machine. */
export const namedHost = (server: Server): string => `server.example:${(server.address() as AddressInfo).port}`;

const screens = fileURLToPath(new URL('../../.cache/screens', import.meta.url));

export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly cdp: Cdp;

  private constructor(child: ChildProcess, profile: string, cdp: Cdp) {
    this.#child = child;
    this.#profile = profile;
    this.cdp = cdp;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** `under` runs before the command, such as `ip netns exec NAME`; `flags` are Chromium's own. */
  static start(options: { under?: readonly string[]; flags?: readonly string[] } = {}): Promise<Browser> {
    return Browser.#launch(mkdtempSync(join(tmpdir(), 'starling-profile-')), options.under ?? [], options.flags);
  }

  static async #launch(profile: string, under: readonly string[], flags: readonly string[] = []): Promise<Browser> {
    const args = [
      '--headless=new',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-pipe',
      `--host-resolver-rules=MAP ${NAMES} 127.0.0.1`,
      `--user-data-dir=${profile}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...flags,
      'about:blank',
    ];
    const [command = chromium, ...rest] = [...under, chromium, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Browser(child, profile, new Cdp(child.stdio[3] as Writable, child.stdio[4] as Readable));
    await browser.cdp.send('Browser.getVersion');
    return browser;
  }

  async open(url: string, size: { width: number; height: number } = { width: 1280, height: 820 }): Promise<Page> {
    const { targetId } = await this.cdp.send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.cdp.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this.cdp, targetId, sessionId);
    await page.prepare(size);
    await page.go(url);
    return page;
  }

  async closePages(): Promise<void> {
    const { targetInfos } = await this.cdp.send<{ targetInfos: { type: string; targetId: string; url: string }[] }>(
      'Target.getTargets',
    );
    // One empty page stays, or the browser would go.
    for (const { type, targetId, url } of targetInfos) {
      if (type === 'page' && url !== 'about:blank') await this.cdp.send('Target.closeTarget', { targetId });
    }
  }

  /** Kills it and starts it again with the same profile. */
  async startAgain(): Promise<Browser> {
    await this.kill();
    // The lock names a process that is gone.
    rmSync(join(this.#profile, 'SingletonLock'), { force: true });
    return Browser.#launch(this.#profile, []);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  /** With its children, which would go on writing to the profile for a moment. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const tree = processTree(this.pid);
    this.#child.kill('SIGKILL');
    for (const pid of tree.slice(1)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It went with its parent.
      }
    }
    await until('the browser to be gone', () => !tree.some(isRunning));
  }
}

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { value: string };
  readonly name?: { value: string };
  readonly backendDOMNodeId?: number;
  readonly properties?: readonly { name: string; value: { value: unknown } }[];
}

export interface Found {
  readonly node: number;
  readonly name: string;
  readonly disabled: boolean;
}

/** What stands in a page with that role; `name` is matched whole where it is a string. */
export interface Query {
  readonly role: string;
  readonly name?: string | RegExp;
}

const describe = ({ role, name }: Query): string => `${role}${name === undefined ? '' : ` "${String(name)}"`}`;

export class Page {
  /** What the page itself logged as a warning or worse. */
  readonly log: string[] = [];
  readonly #cdp: Cdp;
  readonly #target: string;
  readonly #session: string;
  #stopped = 0;

  constructor(cdp: Cdp, target: string, session: string) {
    this.#cdp = cdp;
    this.#target = target;
    this.#session = session;
  }

  send<T = Record<string, unknown>>(method: string, params: object = {}): Promise<T> {
    return this.#cdp.send<T>(method, params, this.#session);
  }

  on(event: string, listener: Listener): void {
    this.#cdp.on(event, this.#session, listener);
  }

  async prepare(size: { width: number; height: number }): Promise<void> {
    this.on('Runtime.consoleAPICalled', ({ type, args }) => {
      const said = (args as { value?: unknown; description?: string }[]).map(arg => arg.description ?? String(arg.value));
      if (type === 'warning' || type === 'error') this.log.push(`${String(type)}: ${said.join(' ')}`);
    });
    this.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      const { text, exception } = exceptionDetails as { text: string; exception?: { description?: string } };
      this.log.push(`${text}: ${exception?.description ?? ''}`);
    });
    this.on('Log.entryAdded', ({ entry }) => {
      const { source, level, text, url } = entry as { source: string; level: string; text: string; url?: string };
      if (level === 'warning' || level === 'error') this.log.push(`${source} ${level}: ${text} ${url ?? ''}`);
    });
    this.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      this.#stopped += (versions as { runningStatus: string }[]).filter(
        ({ runningStatus }) => runningStatus === 'stopped',
      ).length;
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'DOM', 'Accessibility', 'ServiceWorker']) await this.send(`${domain}.enable`);
    await this.resize(size);
  }

  async resize(size: { width: number; height: number }): Promise<void> {
    const phone = size.width < 720;
    await this.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: phone ? 2 : 1, mobile: phone });
    await this.send('Emulation.setTouchEmulationEnabled', { enabled: phone });
  }

  async colourScheme(value: 'light' | 'dark'): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
  }

  async go(url: string): Promise<void> {
    const { errorText } = await this.send<{ errorText?: string }>('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string }; text: string };
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Everything that a reader would be read, a node a line. */
  async text(): Promise<string> {
    return this.evaluate<string>('document.body?.innerText ?? ""');
  }

  async findAll(query: Query): Promise<Found[]> {
    const { root } = await this.send<{ root: { backendNodeId: number } }>('DOM.getDocument', { depth: 0 });
    const { nodes } = await this.send<{ nodes: AxNode[] }>('Accessibility.queryAXTree', {
      backendNodeId: root.backendNodeId,
      role: query.role,
    }).catch((error: unknown) => {
      // The page went on to another between the two questions.
      if (String(error).includes('No node found')) return { nodes: [] };
      throw error;
    });
    return nodes.flatMap(({ ignored, name, backendDOMNodeId, properties }) => {
      const text = name?.value ?? '';
      if (ignored || backendDOMNodeId === undefined) return [];
      if (typeof query.name === 'string' ? text !== query.name : query.name && !query.name.test(text)) return [];
      const disabled = properties?.some(property => property.name === 'disabled' && property.value.value === true) ?? false;
      return [{ node: backendDOMNodeId, name: text, disabled }];
    });
  }

  /** What stands in the first that fits; empty where none does. */
  async textOf(query: Query): Promise<string> {
    const [found] = await this.findAll(query);
    if (found === undefined) return '';
    const { object } = await this.send<{ object: { objectId: string } }>('DOM.resolveNode', { backendNodeId: found.node });
    const { result } = await this.send<{ result: { value: string } }>('Runtime.callFunctionOn', {
      objectId: object.objectId,
      functionDeclaration: 'function () { return this.innerText; }',
      returnByValue: true,
    });
    return result.value;
  }

  /** What is filled in there. */
  async valueOf(query: Query): Promise<string> {
    const { object } = await this.send<{ object: { objectId: string } }>('DOM.resolveNode', {
      backendNodeId: (await this.find(query)).node,
    });
    const { result } = await this.send<{ result: { value: string } }>('Runtime.callFunctionOn', {
      objectId: object.objectId,
      functionDeclaration: 'function () { return this.value; }',
      returnByValue: true,
    });
    return result.value;
  }

  async has(query: Query): Promise<boolean> {
    return (await this.findAll(query)).length > 0;
  }

  /** Waits for the first that fits. A page that navigates meanwhile is asked again. */
  async find(query: Query, timeoutMs = 15_000): Promise<Found> {
    let found: Found | undefined;
    await until(
      `${describe(query)} in the page`,
      async () => {
        [found] = await this.findAll(query).catch(() => []);
        return found !== undefined;
      },
      timeoutMs,
    ).catch(async (error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe page says:\n${await this.text()}`);
    });
    return found!;
  }

  async gone(query: Query): Promise<void> {
    await until(`${describe(query)} to leave the page`, async () => !(await this.has(query)));
  }

  async waitForText(text: string | RegExp, timeoutMs = 15_000): Promise<string> {
    let all = '';
    await until(
      `the page to say ${String(text)}`,
      async () => {
        all = await this.text().catch(() => '');
        return typeof text === 'string' ? all.includes(text) : text.test(all);
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nIt says:\n${all}\n${this.log.join('\n')}`);
    });
    return all;
  }

  /** Gives when the button went down, as of performance.now(). */
  async click(query: Query, button: 'left' | 'right' = 'left'): Promise<number> {
    const { node } = await this.find(query);
    await this.send('DOM.scrollIntoViewIfNeeded', { backendNodeId: node });
    const { x, y } = await this.#middle(node);
    let pressed = 0;
    for (const type of ['mouseMoved', 'mousePressed', 'mouseReleased']) {
      if (type === 'mousePressed') pressed = performance.now();
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: type === 'mouseMoved' ? 'none' : button, clickCount: 1 });
    }
    return pressed;
  }

  async #middle(node: number): Promise<{ x: number; y: number }> {
    const { model } = await this.send<{ model: { content: number[] } }>('DOM.getBoxModel', { backendNodeId: node });
    const [left = 0, top = 0, , , right = 0, bottom = 0] = model.content;
    return { x: (left + right) / 2, y: (top + bottom) / 2 };
  }

  async focus(query: Query): Promise<void> {
    await this.send('DOM.focus', { backendNodeId: (await this.find(query)).node });
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async press(key: string): Promise<void> {
    const text = key === 'Enter' ? '\r' : key === 'Space' ? ' ' : undefined;
    const keys = { key: key === 'Space' ? ' ' : key, code: key, windowsVirtualKeyCode: codes[key] ?? 0 };
    await this.send('Input.dispatchKeyEvent', { type: text === undefined ? 'rawKeyDown' : 'keyDown', text, ...keys });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...keys });
  }

  /** Ctrl-A. */
  async selectAll(): Promise<void> {
    const key = { key: 'a', code: 'KeyA', windowsVirtualKeyCode: 65, modifiers: 2 };
    await this.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key, commands: ['selectAll'] });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  }

  /** Ctrl-V with this text in the clipboard, wherever the focus is. */
  async paste(text: string): Promise<void> {
    await this.#cdp.send('Browser.grantPermissions', { permissions: ['clipboardReadWrite', 'clipboardSanitizedWrite'] });
    await this.send('Page.bringToFront');
    await this.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    const key = { key: 'v', code: 'KeyV', windowsVirtualKeyCode: 86, modifiers: 2 };
    await this.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key, commands: ['paste'] });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  }

  /** Drags files from the desktop into the middle of the window. */
  async drop(files: readonly string[]): Promise<void> {
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await this.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    }
  }

  /** Chooses files in the chooser that `opens` brings up. */
  async chooseFiles(files: readonly string[], opens: () => Promise<void>): Promise<void> {
    await this.send('Page.setInterceptFileChooserDialog', { enabled: true });
    const chooser = new Promise<number>(resolve =>
      this.on('Page.fileChooserOpened', ({ backendNodeId }) => resolve(backendNodeId as number)),
    );
    await opens();
    await this.send('DOM.setFileInputFiles', { files, backendNodeId: await chooser });
    await this.send('Page.setInterceptFileChooserDialog', { enabled: false });
  }

  /** Ends every worker of the browser in the middle of whatever it does, and waits until it says that they have ended. */
  async stopWorkers(): Promise<void> {
    this.#stopped = 0;
    await this.send('ServiceWorker.stopAllWorkers');
    await until('the worker to be stopped', () => this.#stopped > 0);
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(screens, { recursive: true });
    const { data } = await this.send<{ data: string }>('Page.captureScreenshot', { format: 'png' });
    writeFileSync(join(screens, `${name}.png`), Buffer.from(data, 'base64'));
  }

  async close(): Promise<void> {
    await this.#cdp.send('Target.closeTarget', { targetId: this.#target });
  }
}

const codes: Readonly<Record<string, number>> = {
  Enter: 13,
  Space: 32,
  Escape: 27,
  Delete: 46,
  ArrowDown: 40,
  ArrowUp: 38,
  Tab: 9,
};
