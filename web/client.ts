import { API_VERSION, type Answer, type ApiError, type Command, type FromWorker, type ToWorker } from '../sw/api.ts';
import type { SaidCode } from '../sw/said.ts';
import type { DetailPart, TorrentId } from '../sw/view-model.ts';

/** A way to a running worker. */
export interface Door {
  readonly port: MessagePort;
  /** Settles when that worker has ended; what was asked of it and not answered never will be. */
  readonly ended: Promise<void>;
  close(): void;
}

export type LinkState = 'opening' | 'open' | 'lost' | 'outdated';
type LinkEvent = 'opens' | 'snapshot' | 'ended' | 'other-version';

/** The life of the link. What stands in no row is ignored: an `outdated` window waits to be reloaded. */
const NEXT: Readonly<Record<LinkState, Partial<Readonly<Record<LinkEvent, LinkState>>>>> = {
  opening: { snapshot: 'open', ended: 'lost', 'other-version': 'outdated' },
  open: { ended: 'lost', 'other-version': 'outdated' },
  lost: { opens: 'opening', ended: 'lost' },
  outdated: {},
};

/** What the client tells. */
export interface Sink {
  link(state: LinkState): void;
  message(message: Exclude<FromWorker, { type: 'reply' | 'folder' | 'told' }>): void;
}

/** A command that was refused; `error` says why. */
export class CommandError extends Error {
  readonly error: ApiError;
  constructor(error: ApiError) {
    super(error.code);
    this.error = error;
  }
}

interface Pending {
  readonly command: Command;
  posted: boolean;
  resolve(answer: Answer | null): void;
  reject(reason: CommandError): void;
}

const MAX_PENDING = 1000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
/** A worker that says nothing for so long after the door opened is taken for dead. */
const SNAPSHOT_TIMEOUT_MS = 15_000;

/** Talks to the worker, and comes back to it when it was ended: commands that can be repeated are, others are refused. */
export class Client {
  #state: LinkState = 'opening';
  #port: MessagePort | null = null;
  #nextId = 1;
  readonly #pending = new Map<number, Pending>();
  #watch: { visible: boolean; detail: TorrentId | null; part: DetailPart | null } = { visible: true, detail: null, part: null };
  #delay = FIRST_DELAY_MS;
  readonly #open: () => Promise<Door>;
  readonly #sink: Sink;

  constructor(open: () => Promise<Door>, sink: Sink) {
    this.#open = open;
    this.#sink = sink;
  }

  /** Holds the link for as long as the window lives; returns once the window is outdated. */
  async run(): Promise<void> {
    while (this.#state !== 'outdated') {
      try {
        const door = await this.#open();
        this.#step('opens');
        await this.#serve(door);
      } catch (cause) {
        console.warn('The worker could not be reached; trying again.', cause);
      }
      this.#port = null;
      this.#step('ended');
      this.#refuseUnrepeatable();
      await new Promise(resolve => setTimeout(resolve, this.#delay * (0.75 + Math.random() / 2)));
      this.#delay = Math.min(this.#delay * 2, MAX_DELAY_MS);
    }
  }

  /** Rejects with {@link CommandError}. Waits for the worker where it is away. */
  send(command: Command): Promise<Answer | null> {
    if (this.#state === 'outdated') return Promise.reject(refusal('outdated'));
    if (this.#pending.size >= MAX_PENDING) return Promise.reject(refusal('too-many-commands'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const pending: Pending = { command, posted: false, resolve, reject };
      this.#pending.set(id, pending);
      if (this.#state === 'open') this.#post(id, pending);
    });
  }

  /** Tells what the window shows; see {@link ToWorker}. */
  watch(visible: boolean, detail: TorrentId | null, part: DetailPart | null): void {
    const before = this.#watch;
    if (before.visible === visible && before.detail === detail && before.part === part) return;
    this.#watch = { visible, detail, part };
    if (this.#state === 'open') this.#postWatch();
  }

  /** Tells that this window has got the focus. */
  focus(): void {
    if (this.#state === 'open') this.#say({ type: 'focus' });
  }

  /** Tells that this window shows what it was handed. */
  shown(handoff: number): void {
    this.#say({ type: 'shown', handoff });
  }

  async #serve(door: Door): Promise<void> {
    const timeout = setTimeout(() => door.close(), SNAPSHOT_TIMEOUT_MS);
    this.#port = door.port;
    door.port.onmessage = (event: MessageEvent<FromWorker>) => {
      const message = event.data;
      if (message.type === 'snapshot') {
        clearTimeout(timeout);
        if (message.version !== API_VERSION) {
          this.#step('other-version');
          for (const id of [...this.#pending.keys()]) this.#settle(id, refusal('outdated'), null);
          door.close();
          return;
        }
        this.#delay = FIRST_DELAY_MS;
        const wasOpen = this.#state === 'open';
        this.#sink.message(message);
        this.#step('snapshot');
        if (!wasOpen) this.#resume();
      } else if (message.type === 'folder') {
        this.#settle(message.id, null, message.page);
      } else if (message.type === 'told') {
        this.#settle(message.id, null, message.told);
      } else if (message.type === 'reply') {
        this.#settle(message.id, message.error === null ? null : new CommandError(message.error), message.added);
      } else {
        this.#sink.message(message);
      }
    };
    await door.ended;
    clearTimeout(timeout);
    door.port.close();
  }

  #resume(): void {
    this.#postWatch();
    for (const [id, pending] of this.#pending) this.#post(id, pending);
  }

  #post(id: number, pending: Pending): void {
    pending.posted = true;
    this.#say({ type: 'command', id, command: pending.command });
  }

  #postWatch(): void {
    this.#say({ type: 'watch', ...this.#watch });
  }

  #say(message: ToWorker): void {
    this.#port?.postMessage(message);
  }

  #settle(id: number, error: CommandError | null, answer: Answer | null): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (error === null) pending.resolve(answer);
    else pending.reject(error);
  }

  /**
   * A removal may have happened, and the same torrent may have been added anew since: that one is never repeated. Nor is what the host
   * was asked: it would open a second dialog, or speak of folders by tokens that are forgotten.
   */
  #refuseUnrepeatable(): void {
    for (const [id, pending] of this.#pending) {
      const { command, posted } = pending;
      if (posted && (command.do === 'remove' || command.do === 'dismiss' || command.do === 'host'))
        this.#settle(id, refusal('worker-restarted'), null);
    }
  }

  #step(event: LinkEvent): void {
    const next = NEXT[this.#state][event];
    if (next === undefined || next === this.#state) return;
    this.#state = next;
    this.#sink.link(next);
  }
}

function refusal(code: SaidCode): CommandError {
  return new CommandError({ code, values: {} });
}
