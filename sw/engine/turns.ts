import type { Loop } from './loop.ts';
import { inOrder, Order } from './order.ts';
import type { MoveTo } from './order.ts';
import { Queue } from './queue.ts';
import type { QueueLimits } from './queue.ts';
import type { Torrent } from './torrent.ts';
import type { Line, Turn } from './turn.ts';
import type { InfoHash } from './model/ids.ts';

/** The session's side of the queue: what it decides is told to the torrents, and their places are kept. */
export class Turns implements Line {
  readonly order: Order<Turn>;
  readonly queue: Queue<Turn>;

  constructor(
    limits: QueueLimits,
    private readonly torrents: { get(id: InfoHash): Torrent | undefined; values(): Iterable<Torrent> },
    loop: Loop,
  ) {
    const tell =
      (what: (torrent: Torrent, now: number) => void) =>
      ({ id }: Turn): void => {
        const torrent = torrents.get(id);
        if (torrent) loop.event(torrent, now => what(torrent, now));
      };
    const keep = tell(torrent => torrent.recorder.writeTorrent());
    this.order = new Order((turn, set) => {
      this.queue.change(turn, set);
      keep(turn);
    });
    this.queue = new Queue(limits, {
      go: tell((torrent, now) => torrent.proceed(now)),
      stand: tell(torrent => torrent.giveWay()),
    });
  }

  /** All torrents, in line. */
  inOrder(): Torrent[] {
    return [...this.torrents.values()].sort((a, b) => inOrder(a.turn, b.turn));
  }

  /** Up and down pass seeds or the others alone, as they wait for different seats. */
  move(torrents: readonly Torrent[], to: MoveTo): void {
    const turns = torrents.map(({ turn }) => turn);
    this.order.move(turns, to, (turn, other) => (turn.kind === 'seed') === (other.kind === 'seed'));
  }

  /** Those with others ahead of them, where their number may have changed since this was last asked. */
  *takeShifted(): Generator<Torrent> {
    for (const { id } of this.queue.takeShifted()) {
      const torrent = this.torrents.get(id);
      if (torrent) yield torrent;
    }
  }
}
