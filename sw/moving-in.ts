/**
 * Torrents of this browser that move in with the helper: one after the other each is taken in there, then what is here of it is brought, and only
 * once all of that is on the disk and recorded it goes from here. What both have is moved so too, and does nothing here until then.
 */
import type { Span } from './engine/events.ts';
import { EngineError } from './engine/index.ts';
import type { Source } from './engine/index.ts';
import { Refusal } from './host-commands.ts';
import type { Engine } from './perform.ts';
import { same } from './same.ts';
import type { RootRow, Settings, TorrentId, TorrentRow } from './view-model.ts';

/** Ms between two looks. */
const LOOK = 1_000;

/** The engine of this browser, and its files. */
export interface Giver {
  readonly engine: Engine<never>;
  read(spans: readonly Span[], done: Parameters<Source['read']>[3]): void;
}

/** The engine that is joined to the helper. */
export type Taker = Pick<Engine<never>, 'taking' | 'remove' | 'rows'>;

export interface MovingInOptions {
  /** Each null while there is none here. */
  readonly giver: () => Giver | null;
  readonly taker: () => Taker | null;
  /** Whether the helper has that torrent, as far as is known while its engine is elsewhere. */
  readonly isTheirs: (id: TorrentId) => boolean;
  /** Those of the helper; null while they are not known. */
  readonly settings: () => Settings | null;
  /** Somebody reads its files here: until that is over it stays as it is. */
  readonly isRead: (id: TorrentId) => boolean;
  readonly rows: () => readonly TorrentRow[];
  readonly roots: () => readonly RootRow[];
  readonly after: (ms: number, callback: () => void) => unknown;
  /** Something to be said to the person. */
  readonly told: (text: string) => void;
}

/** One on its way, between these two engines. */
interface Move {
  readonly id: TorrentId;
  readonly giver: Giver;
  readonly taker: Taker;
  readonly source: Source;
}

export class MovingIn {
  private readonly options: MovingInOptions;
  /** Those that a person wants moved and that are not taken in yet, with their roots. */
  private readonly leaving = new Map<TorrentId, string>();
  /** What cannot be moved, as was said. */
  private readonly stuck = new Set<TorrentId>();
  private current: Move | null = null;
  /** The last look went wrong, as was said. */
  private isFailing = false;

  constructor(options: MovingInOptions) {
    this.options = options;
    this.look();
    this.lookLater();
  }

  /** Begins to move them to that root of the helper. @throws {Refusal} with a sentence for people */
  move(rows: readonly TorrentRow[], token: string): void {
    const root = this.options.roots().find(each => each.token === token);
    if (root === undefined || root.problem !== '') {
      throw new Refusal(
        'no-such-root',
        `The folder ${root ? `“${root.name}” ` : ''}cannot be written to just now, so nothing was moved. What is in this browser stays here and goes on.`,
      );
    }
    const bytes = rows.reduce((sum, { done }) => sum + done, 0);
    if (root.free >= 0 && root.free < bytes) {
      throw new Refusal(
        'disk-full',
        `“${root.name}” has too little room, so nothing was moved: ${about(bytes)} needed, ${about(root.free)} free. What is in this browser stays here and goes on. Free some space, or choose another folder.`,
      );
    }
    for (const { id } of rows) {
      this.leaving.set(id, token);
      this.stuck.delete(id);
    }
    this.look();
  }

  /** Keeps them here. What is in the folder stays there: files that were there before may be among it. */
  back(ids: readonly TorrentId[]): void {
    const taker = this.options.taker();
    for (const id of ids) {
      this.leaving.delete(id);
      if (!this.isMoving(id)) continue;
      const row = this.rowOf(id);
      taker?.remove(id, false);
      if (row && row.done > 0) {
        this.options.told(`“${row.name}” stays in this browser. What came of it to ${this.folderOf(row)} stays there as well.`);
      }
    }
    this.look();
  }

  /** Whether it is all here, still, and the helper's is but what has been brought of it. */
  isMoving(id: TorrentId): boolean {
    return this.options.giver()?.engine.has(id) === true && this.options.taker()?.taking.isAwaited(id) === true;
  }

  /** Whether what is here of it is to be brought, now or when it is its turn. */
  isToGo(id: TorrentId): boolean {
    return this.options.giver()?.engine.has(id) === true && this.options.taker() !== null && !this.stuck.has(id);
  }

  /** To be called whenever either engine is another. */
  look(): void {
    try {
      this.step();
      this.isFailing = false;
    } catch (error) {
      // Whoever calls has more to do, and the next look may go well.
      if (!this.isFailing) {
        this.options.told(
          `Nothing could be moved out of this browser (${textOf(error)}). What is in it stays here, and is tried again in a moment.`,
        );
      }
      this.isFailing = true;
    }
  }

  private step(): void {
    const [giver, taker] = [this.options.giver(), this.options.taker()];
    const { current } = this;
    if (current && (current.giver !== giver || current.taker !== taker || taker.taking.isOff(current.id))) {
      this.current = null;
      current.taker.taking.connect(current.id, null);
    }
    if (giver === null) return;
    this.keepInStep(giver);
    for (const id of giver.engine.giving.ids()) {
      this.attempt(id, () => {
        giver.engine.giving.hold(id, taker ? taker.taking.isHere(id) || this.isGoing(id) : this.options.isTheirs(id));
      });
    }
    if (taker === null) return;
    for (const [id, root] of this.leaving) {
      if (this.isGoing(id)) this.attempt(id, () => this.takeIn(id, root, giver, taker));
    }
    // One that was paused meanwhile goes on all the same, and rests after it.
    if (this.current) this.join(this.current);
    else this.begin(giver, taker);
  }

  private join(move: Move, info: Uint8Array | null = null): void {
    const { id, taker, source } = move;
    if (this.attempt(id, () => taker.taking.connect(id, source, info))) return;
    if (this.current === move) this.current = null;
    this.attempt(id, () => taker.taking.connect(id, null));
  }

  /** Whether that went well for this torrent: else it stays here, which is said once, and others have their turn. */
  private attempt(id: TorrentId, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.leaving.delete(id);
      if (!this.stuck.has(id)) this.options.told(this.reasonOf(id, error));
      this.stuck.add(id);
      return false;
    }
  }

  private isGoing(id: TorrentId): boolean {
    return this.leaving.has(id) && !this.options.isRead(id);
  }

  private lookLater(): void {
    this.options.after(LOOK, () => {
      this.lookLater();
      this.look();
    });
  }

  /** What a person sets for the helper holds here too; of a limit there is for this engine what the other leaves of it. */
  private keepInStep({ engine }: Giver): void {
    const settings = this.options.settings();
    if (settings !== null && !same(settings, engine.settings)) engine.configure(settings, () => undefined);
    const { downLimit, upLimit, altMode } = engine.settings;
    const isLimited = downLimit > 0 || upLimit > 0 || altMode !== 'off';
    const rows = isLimited && settings !== null ? this.options.rows() : [];
    engine.share({ down: rows.reduce((sum, { down }) => sum + down, 0), up: rows.reduce((sum, { up }) => sum + up, 0) });
  }

  private takeIn(id: TorrentId, root: string, giver: Giver, taker: Taker): void {
    if (!giver.engine.has(id)) {
      this.leaving.delete(id);
      return;
    }
    const gift = giver.engine.giving.gift(id);
    if (gift === null) return;
    this.leaving.delete(id);
    taker.taking.adopt(id, gift.records, root);
  }

  private begin(giver: Giver, taker: Taker): void {
    for (const id of giver.engine.giving.ids()) {
      if (this.stuck.has(id) || this.options.isRead(id) || !taker.taking.canTake(id)) continue;
      this.attempt(id, () => this.beginOne(id, giver, taker));
      if (this.current) return;
    }
  }

  private beginOne(id: TorrentId, giver: Giver, taker: Taker): void {
    const gift = giver.engine.giving.gift(id);
    if (gift === null) return;
    if (gift.has.isEmpty && !taker.taking.isAwaited(id)) {
      if (taker.taking.isKept(id)) this.brought(id, giver);
      return;
    }
    const source: Source = {
      has: gift.has,
      read: (piece, offset, length, done) => {
        const spans = giver.engine.giving.spans(id, piece, offset, length);
        if (spans) giver.read(spans, done);
        else queueMicrotask(() => done('busy', NOTHING));
      },
      brought: () => {
        if (this.current?.source === source) this.current = null;
        // Else what is left to do is done once nobody reads it.
        if (!this.options.isRead(id)) this.attempt(id, () => this.brought(id, giver));
      },
    };
    this.current = { id, giver, taker, source };
    this.join(this.current, gift.records.info);
  }

  /** All of it is with the helper: nobody needs what is here. */
  private brought(id: TorrentId, { engine }: Giver): void {
    const row = this.rowOf(id);
    engine.remove(id, true);
    if (!row) return;
    const folder = this.folderOf(row);
    // Of a link whose files are not known yet there is nothing on the disk.
    const isKnown = row.size > 0;
    this.options.told(
      isKnown
        ? `“${row.name}” is on this computer now, in ${folder}.`
        : `“${row.name}” is with the helper now, and comes to ${folder}.`,
    );
  }

  private reasonOf(id: TorrentId, error: unknown): string {
    if (error instanceof EngineError) return error.message;
    const name =
      this.rowOf(id)?.name ??
      this.options
        .giver()
        ?.engine.rows()
        .find(each => each.id === id)?.name;
    return `${name === undefined ? 'A torrent' : `“${name}”`} could not be moved out of this browser (${textOf(error)}). What is here of it stays, and is tried again when the browser is started the next time.`;
  }

  private rowOf(id: TorrentId): TorrentRow | undefined {
    return this.options.rows().find(each => each.id === id);
  }

  private folderOf({ root }: TorrentRow): string {
    const name = this.options.roots().find(({ token }) => token === root)?.name;
    return name === undefined ? 'its folder' : `“${name}”`;
  }
}

const NOTHING = new Uint8Array(0);

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Bytes, for a sentence. */
function about(bytes: number): string {
  return bytes < 1e9 ? `${digits.format(Math.ceil(bytes / 1e6))} MB` : `${digits.format(bytes / 1e9)} GB`;
}
