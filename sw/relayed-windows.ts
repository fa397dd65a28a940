/**
 * Browsers that follow this one, served as if they were windows, but for what they are sent at a time: messages of a bounded length,
 * a few of them under way.
 */
import type { ApiServer, WindowPort } from './api-server.ts';
import type { FromWorker } from './api.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import { lendRead, type Lender } from './lent-reads.ts';
import { type FromHolder, ROWS_A_PART, UNHEARD } from './relayed.ts';
import { FileFeed } from './relayed-files.ts';
import type { TorrentRow } from './view-model.ts';

/** Messages that wait until one is heard; who lets more come together does not read. */
const MAX_WAITING = 1_000;

/**
 * For each channel that one opens: its first message is what a window posts to connect, with a version and without a port (with
 * `list: false` it is for details alone), or asks to read a file.
 */
export function serveRelayed(server: ApiServer, lender: Lender, channel: FarChannel, number: number): FarEvents {
  let far: FarEvents | null = null;
  return {
    message(message) {
      if (far !== null) far.message(message);
      else if (typeOf(message) === 'read') far = lendRead(lender, channel, message);
      else {
        const window = new RelayedWindow(channel);
        far = window;
        const hello: object = typeof message === 'object' && message !== null ? message : {};
        const version = 'version' in hello ? hello.version : null;
        server.connectRelayed(window, `relayed ${number}`, version, !('list' in hello) || hello.list !== false);
      }
    },
    closed: () => far?.closed(),
  };
}

class RelayedWindow implements WindowPort, FarEvents {
  private readonly channel: FarChannel;
  private readonly feed = new FileFeed();
  private waiting: FromHolder[] = [];
  private unheard = 0;
  private tell: (message: unknown) => void = () => undefined;
  private tellClosed = (): void => undefined;

  constructor(channel: FarChannel) {
    this.channel = channel;
  }

  post(message: FromWorker): void {
    if (message.type === 'delta' && message.detail !== null) this.feed.offer(message.detail);
    this.waiting.push(...partsOf(message));
    this.send();
    if (this.waiting.length <= MAX_WAITING) return;
    this.close();
    // Whoever posts is in the middle of something.
    queueMicrotask(this.tellClosed);
  }

  close(): void {
    this.waiting = [];
    this.feed.reset();
    this.channel.close();
  }

  listen(hear: (message: unknown) => void, closed: () => void): void {
    this.tell = hear;
    this.tellClosed = closed;
  }

  message(message: unknown): void {
    const type = typeOf(message);
    if (type === 'heard') {
      this.unheard = Math.max(0, this.unheard - 1);
      this.send();
      return;
    }
    // Who looks at a torrent anew has nothing of it.
    if (type === 'watch') this.feed.reset();
    this.tell(message);
  }

  closed(): void {
    this.waiting = [];
    this.feed.reset();
    this.tellClosed();
  }

  private send(): void {
    while (this.unheard < UNHEARD) {
      const next = this.waiting.shift() ?? this.feed.next();
      if (next === null) return;
      this.unheard++;
      this.channel.send(next);
    }
  }
}

function partsOf(message: FromWorker): FromHolder[] {
  if (message.type === 'snapshot') {
    const [last, before] = inParts(message.torrents);
    return [...before.map(torrents => ({ type: 'rows', torrents }) as const), { ...message, torrents: last }];
  }
  if (message.type !== 'delta') return [message];
  const [last, before] = inParts(message.torrents);
  const nothing = { type: 'delta', removed: [], connection: null, roots: null, settings: null, detail: null } as const;
  const detail = message.detail && { ...message.detail, files: [] };
  return [...before.map(torrents => ({ ...nothing, torrents })), { ...message, torrents: last, detail }];
}

/** The last part, and those before it. */
function inParts(rows: readonly TorrentRow[]): [last: readonly TorrentRow[], before: (readonly TorrentRow[])[]] {
  const before: (readonly TorrentRow[])[] = [];
  let at = 0;
  for (; at + ROWS_A_PART < rows.length; at += ROWS_A_PART) before.push(rows.slice(at, at + ROWS_A_PART));
  return [rows.slice(at), before];
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : null;
}
