/** Speaks sw/api.ts to an engine in this process, as a window does to that of the worker. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { API_VERSION, type Added, type Command, type FromWorker, type ToWorker } from '../../../sw/api.ts';
import { sentenceOf } from '../../../sw/said.ts';
import type { Connection, TorrentId, TorrentRow } from '../../../sw/view-model.ts';
import type { Runtime } from '../../../sw/runtime.ts';

export interface EngineEvents {
  /** What is another; told before the answer to the command that made it so. */
  changed(rows: readonly TorrentRow[], removed: readonly TorrentId[]): void;
  connection(connection: Connection): void;
}

/** A command that was refused. */
export class Refused extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Waiting {
  resolve(added: Added | null): void;
  reject(error: Refused): void;
}

export class EngineClient {
  private readonly events: EngineEvents;
  private readonly port: MessagePort;
  private readonly waiting = new Map<number, Waiting>();
  /** In the list as it was told last. */
  private readonly known = new Set<TorrentId>();
  private lastId = 0;

  constructor(server: Runtime['server'], events: EngineEvents) {
    this.events = events;
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    port1.on('message', (message: FromWorker) => this.hear(message));
    server.connect(port2, 'rpc', API_VERSION);
  }

  /** @throws {Refused} */
  run(command: Command): Promise<Added | null> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.port.postMessage({ type: 'command', id, command } satisfies ToWorker);
    });
  }

  close(): void {
    this.port.close();
  }

  private changed(rows: readonly TorrentRow[], removed: readonly TorrentId[]): void {
    for (const { id } of rows) this.known.add(id);
    for (const id of removed) this.known.delete(id);
    this.events.changed(rows, removed);
  }

  /** What a window is told beside this is for who looks at it. */
  private hear(message: FromWorker): void {
    if (message.type === 'snapshot') {
      // The engine may be another since, and with it the whole list.
      const now = new Set(message.torrents.map(({ id }) => id));
      const gone = [...this.known].filter(id => !now.has(id));
      this.changed(message.torrents, gone);
      this.events.connection(message.connection);
    } else if (message.type === 'delta') {
      this.changed(message.torrents, message.removed);
      if (message.connection !== null) this.events.connection(message.connection);
    } else if (message.type === 'reply') {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error === null) waiting?.resolve(message.added);
      else waiting?.reject(new Refused(message.error.code, sentenceOf(message.error)));
    }
  }
}
