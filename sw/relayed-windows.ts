/**
 * Browsers that follow this one, served as if they were windows, but for what they are sent at a time: messages of a bounded length,
 * a few of them under way.
 */
import type { ApiServer, WindowPort } from './api-server.ts';
import type { FromWorker } from './api.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import { lendRead, type Lender } from './lent-reads.ts';
import { UNHEARD } from './relayed.ts';
import { FileFeed } from './relayed-files.ts';
import { RelayedQueue } from './relayed-queue.ts';

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
  private readonly queue = new RelayedQueue();
  private unheard = 0;
  private tell: (message: unknown) => void = () => undefined;
  private tellClosed = (): void => undefined;

  constructor(channel: FarChannel) {
    this.channel = channel;
  }

  post(message: FromWorker): void {
    if (message.type === 'delta' && message.detail !== null) this.feed.offer(message.detail);
    const isTooMuch = !this.queue.add(message);
    this.send();
    if (!isTooMuch) return;
    this.close();
    // Whoever posts is in the middle of something.
    queueMicrotask(this.tellClosed);
  }

  close(): void {
    this.queue.clear();
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
    this.queue.clear();
    this.feed.reset();
    this.tellClosed();
  }

  private send(): void {
    while (this.unheard < UNHEARD) {
      const next = this.queue.next() ?? this.feed.next();
      if (next === null) return;
      this.unheard++;
      this.channel.send(next);
    }
  }
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : null;
}
