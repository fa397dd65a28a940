import type { Loop } from './loop.ts';
import { inOrder, Order } from './order.ts';
import type { MoveTo } from './order.ts';
import { Queue } from './queue.ts';
import { hourKind, pausedUntil } from './limits.ts';
import type { Settings } from './settings.ts';
import type { Torrent } from './torrent.ts';
import type { Line, Turn } from './turn.ts';
import type { InfoHash } from './model/ids.ts';

/** The session's side of the queue: what it decides is told to the torrents, and their places are kept. */
export class Turns implements Line {
  readonly order: Order<Turn>;
  readonly queue: Queue<Turn>;
  pausedUntil: number | null = null;
  /** As the queue was last told. */
  private wasPaused = false;

  constructor(
    private readonly settings: () => Settings,
    private readonly clock: { wall(): number; offset(wall: number): number },
    private readonly torrents: { readonly size: number; get(id: InfoHash): Torrent | undefined; values(): Iterable<Torrent> },
    private readonly loop: Loop,
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
    this.queue = new Queue(settings(), {
      go: tell((torrent, now) => torrent.proceed(now)),
      stand: tell(torrent => torrent.giveWay()),
    });
  }

  get isPaused(): boolean {
    const wall = this.clock.wall();
    return hourKind(this.settings(), wall, this.clock.offset(wall)) === 'paused';
  }

  /** The schedule holds nobody back, so that nobody need be let go. */
  get isIdle(): boolean {
    return this.torrents.size === 0 || (!this.wasPaused && !this.isPaused);
  }

  /** The settings are others. */
  configured(): void {
    this.queue.limit(this.settings());
    this.review();
  }

  /** Once a second. */
  review(): void {
    const { clock, isPaused, pausedUntil: before } = this;
    this.pausedUntil = isPaused ? pausedUntil(this.settings(), clock.wall(), wall => clock.offset(wall)) : null;
    if (isPaused !== this.wasPaused) {
      this.wasPaused = isPaused;
      this.queue.review();
    } else if (this.pausedUntil === before) return;
    // It is said of each of them.
    for (const torrent of this.torrents.values()) this.loop.event(torrent, () => undefined);
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
