import { afterEach, describe, expect, it, vi } from 'vitest';
import { API_VERSION, type FromWorker, type ToWorker } from '../../sw/api.ts';
import { Client, CommandError, type Door, type LinkState } from '../../web/client.ts';
import { CONNECTED, nineTorrents, ROOTS } from '../fakes/mock-torrents.ts';

const ID = 'ab'.repeat(20);

/** A worker's end of the port, which says and hears what a test wants. */
class Far {
  readonly heard: ToWorker[] = [];
  readonly #port: MessagePort;
  readonly door: Door;
  end: () => void = () => undefined;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    port2.onmessage = (event: MessageEvent<ToWorker>) => this.heard.push(event.data);
    const ended = new Promise<void>(resolve => {
      this.end = resolve;
    });
    this.door = { port: port1, ended, close: () => this.end() };
  }

  say(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  greet(version = API_VERSION): void {
    this.say({ type: 'snapshot', version, torrents: nineTorrents(), connection: CONNECTED, roots: ROOTS, settings: null });
  }

  get commands(): Extract<ToWorker, { type: 'command' }>[] {
    return this.heard.filter(message => message.type === 'command');
  }
}

const running: Far[] = [];

function start(): { client: Client; states: LinkState[]; messages: string[]; far: (at: number) => Promise<Far> } {
  const opened: Far[] = [];
  const states: LinkState[] = [];
  const messages: string[] = [];
  const client = new Client(
    () => {
      const far = new Far();
      opened.push(far);
      running.push(far);
      return Promise.resolve(far.door);
    },
    { link: state => states.push(state), message: message => messages.push(message.type) },
  );
  void client.run();
  const far = (at: number): Promise<Far> =>
    vi.waitFor(() => {
      const found = opened[at];
      if (found === undefined) throw new Error(`door ${at} was not opened yet`);
      return found;
    });
  return { client, states, messages, far };
}

// A window of another version opens no further door, so the loops end with their test.
afterEach(() => {
  for (const far of running.splice(0)) far.greet(API_VERSION + 1);
});

describe('the client', () => {
  it('holds commands until the worker has spoken, and matches answers to them', async () => {
    const { client, far, states } = start();
    const adding = client.send({ do: 'add', source: { kind: 'magnet', uri: 'magnet:?x' } });
    const refused = client.send({ do: 'pause', ids: [ID] });
    const worker = await far(0);
    expect(worker.heard).toEqual([]);
    worker.greet();
    await vi.waitFor(() => expect(worker.commands).toHaveLength(2));
    const [first, second] = worker.commands;
    worker.say({ type: 'reply', id: second!.id, error: { code: 'no-such-torrent', values: {} }, added: null });
    worker.say({ type: 'reply', id: first!.id, error: null, added: { id: ID, already: false, brought: false, isBack: false } });
    await expect(refused).rejects.toMatchObject({ error: { code: 'no-such-torrent' } });
    await expect(adding).resolves.toEqual({ id: ID, already: false, brought: false, isBack: false });
    expect(states).toEqual(['open']);
  });

  it('comes back to a worker that was ended: repeats what can be repeated, refuses a removal', async () => {
    const { client, far, states, messages } = start();
    client.watch(true, ID, null);
    const first = await far(0);
    first.greet();
    const paused = client.send({ do: 'pause', ids: [ID] });
    const removed = client.send({ do: 'remove', ids: [ID], withData: true }).catch((cause: unknown) => cause);
    await vi.waitFor(() => expect(first.commands).toHaveLength(2));
    first.end();
    const cause = await removed;
    expect(cause).toBeInstanceOf(CommandError);
    expect((cause as CommandError).error.code).toBe('worker-restarted');
    const second = await far(1);
    second.greet();
    await vi.waitFor(() => expect(second.commands).toHaveLength(1));
    expect(second.commands[0]?.command.do).toBe('pause');
    expect(second.heard).toContainEqual({ type: 'watch', visible: true, detail: ID, part: null });
    second.say({ type: 'reply', id: second.commands[0]!.id, error: null, added: null });
    await expect(paused).resolves.toBeNull();
    expect(states).toEqual(['open', 'lost', 'opening', 'open']);
    expect(messages).toEqual(['snapshot', 'snapshot']);
  });

  it('takes nothing from a worker of another version, and says so to whoever asks', async () => {
    const { client, far, states, messages } = start();
    const waiting = client.send({ do: 'reconnect' }).catch((cause: unknown) => cause);
    const worker = await far(0);
    worker.greet(API_VERSION + 1);
    expect(((await waiting) as CommandError).error.code).toBe('outdated');
    expect(states).toEqual(['outdated']);
    expect(messages).toEqual([]);
    await expect(client.send({ do: 'reconnect' })).rejects.toMatchObject({ error: { code: 'outdated' } });
    expect(worker.commands).toEqual([]);
  });

  it('refuses commands past its limit rather than to hold them without end', async () => {
    const { client } = start();
    const held = Array.from({ length: 1000 }, () => client.send({ do: 'reconnect' }).catch(() => undefined));
    await expect(client.send({ do: 'reconnect' })).rejects.toMatchObject({ error: { code: 'too-many-commands' } });
    expect(held).toHaveLength(1000);
  });

  it('says what it watches only when that changes', async () => {
    const { client, far } = start();
    const worker = await far(0);
    worker.greet();
    await vi.waitFor(() => expect(worker.heard).toHaveLength(1));
    client.watch(true, null, null);
    client.watch(false, null, null);
    client.watch(false, null, null);
    await vi.waitFor(() => expect(worker.heard).toHaveLength(2));
    expect(worker.heard[1]).toEqual({ type: 'watch', visible: false, detail: null, part: null });
  });
});
