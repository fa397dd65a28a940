/**
 * What was opened with a program of this computer, a magnet link or a .torrent: it is taken in, and exactly one window asks
 * about it. As long as none is in view it waits for the next that is.
 */
import type { Added, Command, FromWorker, Source } from './api.ts';

type HandoffMessage = Extract<FromWorker, { readonly type: 'handoff' }>;

export interface HandoffsWorld {
  run(command: Command): Promise<object | null>;
  /** Whether what is called so at the top of a root is of a torrent, or is to be. */
  owns(root: string, name: string): Promise<boolean>;
  /** Token; null while none is known. */
  defaultRoot(): string | null;
  /** Gives it to one window and names that; null where none is in view. */
  show(message: HandoffMessage): string | null;
  isOpen(window: string): boolean;
  answer(handoff: number, state: 'shown' | 'listed' | 'started' | 'unseen' | 'refused' | 'free', text: string): void;
}

/** Refusals that are over once an engine is there again: who holds the link hands it over then. */
const LATER: readonly string[] = ['updating', 'superseded', 'daemon-away', 'unpaired'];

/** Taken in, and not yet shown. */
interface Unshown {
  readonly message: HandoffMessage;
  /** Where it was given to; null where no window was in view. */
  window: string | null;
}

export class Handoffs {
  private readonly world: HandoffsWorld;
  private readonly unshown = new Map<number, Unshown>();
  /** Of the connection; what was taken under another is answered no more. */
  private life = 0;

  constructor(world: HandoffsWorld) {
    this.world = world;
  }

  take(handoff: number, source: Source, start: boolean, root: string): void {
    void this.takeIn(handoff, source, start, root);
  }

  /** Who watches a folder wants to know whether a file there is a torrent's own. */
  asked(handoff: number, root: string, name: string): void {
    void this.look(handoff, root, name);
  }

  drop(): void {
    this.life++;
    this.unshown.clear();
  }

  shown(handoff: number): void {
    const unshown = this.unshown.get(handoff);
    if (unshown === undefined) return;
    this.unshown.delete(handoff);
    this.world.answer(handoff, unshown.message.added.already ? 'listed' : 'shown', '');
  }

  windowsChanged(): void {
    for (const unshown of this.unshown.values()) {
      if (unshown.window === null || !this.world.isOpen(unshown.window)) unshown.window = this.world.show(unshown.message);
    }
  }

  private async takeIn(handoff: number, source: Source, start: boolean, named: string): Promise<void> {
    const { world, life } = this;
    try {
      const root = named === '' ? world.defaultRoot() : named;
      // Said before anything is in the list that nobody starts.
      if (start && root === null) throw new Error('There is no download folder to start it in.');
      const added = await world.run({ do: 'add', source });
      if (added === null || !isAdded(added)) throw new Error('adding gave nothing');
      if (start && root !== null && !added.already) {
        await world.run({ do: 'start', id: added.id, priorities: null, root });
      }
      if (life !== this.life) return;
      if (start) world.answer(handoff, added.already ? 'listed' : 'started', '');
      else this.offer({ type: 'handoff', handoff, added, source });
    } catch (error) {
      this.refuse(handoff, life, error);
    }
  }

  private async look(handoff: number, root: string, name: string): Promise<void> {
    const { world, life } = this;
    try {
      const isOwn = await world.owns(root, name);
      if (life === this.life) world.answer(handoff, isOwn ? 'listed' : 'free', '');
    } catch (error) {
      this.refuse(handoff, life, error);
    }
  }

  private refuse(handoff: number, life: number, error: unknown): void {
    if (life !== this.life || !(error instanceof Error)) return;
    const isLater = 'code' in error && LATER.includes(String(error.code));
    if (!isLater) this.world.answer(handoff, 'refused', error.message);
  }

  private offer(message: HandoffMessage): void {
    const window = this.world.show(message);
    this.unshown.set(message.handoff, { message, window });
    if (window === null) this.world.answer(message.handoff, 'unseen', '');
  }
}

function isAdded(answer: object): answer is Added {
  return 'already' in answer;
}
