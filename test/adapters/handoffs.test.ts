/** What the worker does with what was opened with a program of this computer: taken in, and shown by one window. */
import { MessageChannel as Channel } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { ApiServer, type Backend } from '../../sw/api-server.ts';
import { API_VERSION, type Added, type Command, type FromWorker, type Source, type ToWorker } from '../../sw/api.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { Handoffs } from '../../sw/handoffs.ts';
import { turn } from './harness.ts';

const ID = 'a'.repeat(40);
const MAGNET: Source = { kind: 'magnet', uri: `magnet:?xt=urn:btih:${ID}` };
const ROOT = { token: 'r', name: 'Downloads', free: 1, isDefault: true, trash: true, problem: '' };

interface Window {
  readonly got: Extract<FromWorker, { type: 'handoff' }>[];
  say(message: ToWorker): void;
  close(): void;
}

class World {
  readonly commands: Command[] = [];
  readonly answers: string[] = [];
  added: Added = { id: ID, already: false, brought: false, isBack: false };
  failure: Error | null = null;
  roots = [ROOT];
  private readonly windows: Window[] = [];
  private readonly backend: Backend = {
    rows: () => [],
    takeChanges: () => ({ rows: [], removed: [], left: [] }),
    takeNews: () => [],
    takeNotices: () => [],
    detail: () => null,
    connection: () => ({
      state: 'connected',
      everConnected: true,
      superseded: false,
      gaveUp: false,
      version: '1',
      ports: null,
      host: null,
      browser: null,
      following: null,
      outdated: null,
    }),
    roots: () => this.roots,
    settings: () => DEFAULT_SETTINGS,
    run: command => {
      this.commands.push(command);
      if (this.failure !== null) return Promise.reject(this.failure);
      return Promise.resolve(command.do === 'add' ? this.added : null);
    },
  };
  readonly handoffs: Handoffs = new Handoffs({
    run: command => this.backend.run(command),
    owns: (root, name) =>
      this.failure === null ? Promise.resolve(root === 'r' && name === 'own.torrent') : Promise.reject(this.failure),
    defaultRoot: () => this.roots.find(({ isDefault }) => isDefault)?.token ?? null,
    show: message => this.server.hand(message),
    isOpen: window => this.server.has(window),
    answer: (handoff, state, text) => this.answers.push(`${handoff} ${state}${text === '' ? '' : `: ${text}`}`),
  });
  private readonly server: ApiServer = new ApiServer(this.backend, {
    shown: handoff => this.handoffs.shown(handoff),
    focused: () => undefined,
    windowsChanged: () => this.handoffs.windowsChanged(),
  });

  /** A window; `answers`: whether it says what it shows. */
  open(client: string, answers = true): Window {
    const { port1, port2 } = new Channel();
    const got: Window['got'] = [];
    port1.on('message', (message: FromWorker) => {
      if (message.type !== 'handoff') return;
      got.push(message);
      if (answers) port1.postMessage({ type: 'shown', handoff: message.handoff });
    });
    this.server.connect(port2 as unknown as MessagePort, client, API_VERSION);
    const window: Window = { got, say: message => port1.postMessage(message), close: () => port1.close() };
    this.windows.push(window);
    return window;
  }

  close(): void {
    this.server.keepOnly(new Set());
    for (const window of this.windows) window.close();
  }
}

let world: World;
afterEach(() => world.close());

async function settled(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 15_000, interval: 5 });
}

test('the window that had the focus last asks about it, and no other', async () => {
  world = new World();
  const [first, second, third] = [world.open('one'), world.open('two'), world.open('three')];
  second.say({ type: 'focus' });
  await turn();
  third.say({ type: 'focus' });
  await turn();
  second.say({ type: 'focus' });
  await turn();
  world.handoffs.take(7, MAGNET, false, '');
  await settled(() => expect(world.answers).toEqual(['7 shown']));
  expect(second.got).toEqual([{ type: 'handoff', handoff: 7, added: world.added, source: MAGNET }]);
  expect([first.got, third.got]).toEqual([[], []]);
  expect(world.commands).toEqual([{ do: 'add', source: MAGNET }]);
});

test('of one that is hidden it is asked for by another that is in view', async () => {
  world = new World();
  const [first, second] = [world.open('one'), world.open('two')];
  first.say({ type: 'focus' });
  first.say({ type: 'watch', visible: false, detail: null, part: null });
  await turn();
  await turn();
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(second.got).toHaveLength(1));
  expect(first.got).toEqual([]);
});

test('where none is in view it waits for the next that is, and that is said', async () => {
  world = new World();
  const window = world.open('one');
  window.say({ type: 'watch', visible: false, detail: null, part: null });
  await turn();
  await turn();
  world.handoffs.take(1, MAGNET, false, '');
  world.handoffs.take(2, { kind: 'file', bytes: new Uint8Array(3) }, false, '');
  await settled(() => expect(world.answers).toEqual(['1 unseen', '2 unseen']));
  expect(window.got).toEqual([]);
  window.say({ type: 'watch', visible: true, detail: null, part: null });
  await settled(() => expect(world.answers.slice(2)).toEqual(['1 shown', '2 shown']));
  expect(window.got.map(({ handoff }) => handoff)).toEqual([1, 2]);
});

test('a tab that is opened for it asks about it alone, also once the window is in view again that was hidden', async () => {
  world = new World();
  const hidden = world.open('one');
  hidden.say({ type: 'focus' });
  hidden.say({ type: 'watch', visible: false, detail: null, part: null });
  await turn();
  await turn();
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(world.answers).toEqual(['1 unseen']));
  const opened = world.open('two');
  opened.say({ type: 'focus' });
  opened.say({ type: 'watch', visible: true, detail: null, part: null });
  await settled(() => expect(world.answers).toEqual(['1 unseen', '1 shown']));
  hidden.say({ type: 'watch', visible: true, detail: null, part: null });
  hidden.say({ type: 'focus' });
  await turn();
  await turn();
  expect([opened.got.length, hidden.got.length]).toEqual([1, 0]);
});

test('a window that goes before it has said that it shows it leaves it to another', async () => {
  world = new World();
  const first = world.open('one', false);
  first.say({ type: 'focus' });
  await turn();
  const second = world.open('two');
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(first.got).toHaveLength(1));
  expect(world.answers).toEqual([]);
  first.close();
  await settled(() => expect(world.answers).toEqual(['1 shown']));
  expect(second.got).toHaveLength(1);
});

test('what is in the list is shown there; what is to start at once starts unasked, in the default folder or the one that is named', async () => {
  world = new World();
  const window = world.open('one');
  world.added = { id: ID, already: true, brought: true, isBack: false };
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(world.answers).toEqual(['1 listed']));
  expect(window.got[0]?.added).toEqual(world.added);
  world.handoffs.take(2, MAGNET, true, '');
  await settled(() => expect(world.answers).toEqual(['1 listed', '2 listed']));
  world.added = { id: ID, already: false, brought: false, isBack: false };
  world.handoffs.take(3, MAGNET, true, '');
  await settled(() => expect(world.answers.at(-1)).toBe('3 started'));
  expect(world.commands.at(-1)).toEqual({ do: 'start', id: ID, priorities: null, root: 'r' });
  world.handoffs.take(4, MAGNET, true, 'films');
  await settled(() => expect(world.answers.at(-1)).toBe('4 started'));
  expect(world.commands.at(-1)).toMatchObject({ do: 'start', root: 'films' });
  expect(window.got).toHaveLength(1);
});

test('what the engine refuses is told with its reason; what it cannot do just now is left for later', async () => {
  world = new World();
  world.open('one');
  world.failure = Object.assign(new Error('This is no torrent.'), { code: 'bad-torrent' });
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(world.answers).toEqual(['1 refused: This is no torrent.']));
  world.failure = Object.assign(new Error('The app is being updated.'), { code: 'updating' });
  world.handoffs.take(2, MAGNET, false, '');
  await turn();
  world.failure = null;
  world.roots = [];
  world.handoffs.take(3, MAGNET, true, '');
  await settled(() => expect(world.answers.slice(1)).toEqual(['3 refused: There is no download folder to start it in.']));
  // Nothing is in the list now that nobody starts.
  expect(world.commands).toHaveLength(2);
});

test('who asks whether a file is of a torrent is told, or left to ask again', async () => {
  world = new World();
  world.handoffs.asked(1, 'r', 'own.torrent');
  world.handoffs.asked(2, 'r', 'other.torrent');
  await settled(() => expect(world.answers).toEqual(['1 listed', '2 free']));
  world.failure = Object.assign(new Error('The app is being updated.'), { code: 'updating' });
  world.handoffs.asked(3, 'r', 'own.torrent');
  await turn();
  expect(world.answers).toHaveLength(2);
  expect(world.commands).toEqual([]);
});

test('what was not shown when the connection was lost is not shown any more: the host gives it anew', async () => {
  world = new World();
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(world.answers).toEqual(['1 unseen']));
  world.handoffs.drop();
  const window = world.open('one');
  window.say({ type: 'watch', visible: true, detail: null, part: null });
  await turn();
  await turn();
  expect(window.got).toEqual([]);
  world.handoffs.take(1, MAGNET, false, '');
  await settled(() => expect(window.got).toHaveLength(1));
});
