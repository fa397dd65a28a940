/**
 * Torrents of this browser that move in with the helper: one after the other each is taken in there, then what is here of it is brought, and only
 * once all of that is on the disk and recorded it goes from here. What both have is moved so too, and does nothing here until then.
 */
import { Delivery, textOf } from './delivery.ts';
import type { Giver, Taker } from './delivery.ts';
import { EngineError, refusal } from './engine/index.ts';
import { apiError } from './api-error.ts';
import { type Said, said } from './said.ts';
import { same } from './same.ts';
import type { RootRow, Settings, TorrentId, TorrentRow } from './view-model.ts';

/** Ms between two looks. */
const LOOK = 1_000;
/** Looks without a helper, as far as can be told, after which what both have goes on here. */
const ALONE_AFTER = 30;

/** Torrents, and the roots that they are to move to. */
export type Wishes = readonly (readonly [id: TorrentId, root: string])[];

export interface MovingInOptions {
  /** Each null while there is none here. */
  readonly giver: () => Giver | null;
  readonly taker: () => Taker | null;
  /** Whether the helper has that torrent, as far as is known while its engine is elsewhere. */
  readonly isTheirs: (id: TorrentId) => boolean;
  /** Whether no helper is found, and so nobody is known to see to what it has. */
  readonly isAway: () => boolean;
  /** Those of the helper; null while they are not known. */
  readonly settings: () => Settings | null;
  /** Somebody reads its files here: until that is over it stays as it is. */
  readonly isRead: (id: TorrentId) => boolean;
  readonly rows: () => readonly TorrentRow[];
  readonly roots: () => readonly RootRow[];
  readonly after: (ms: number, callback: () => void) => unknown;
  /** What a person wants moved outlives the worker. */
  readonly wishes: { load(): Promise<Wishes>; keep(wishes: Wishes): void };
  /** Something to be said to the person. */
  readonly told: (said: Said) => void;
  /** Torrents are this browser's that were the helper's, or the other way round. */
  readonly turned: () => void;
}

export class MovingIn {
  private readonly options: MovingInOptions;
  /** Those that a person wants moved and that the helper has not recorded yet, with their roots. */
  private readonly leaving = new Map<TorrentId, string>();
  /** Those of them that are taken in, and by which engine: the next one may not have them. */
  private readonly takers = new Map<TorrentId, Taker>();
  /** Why one of them cannot be taken in just now: until that is over it goes on here. */
  private obstacles = new Map<TorrentId, Said>();
  /** What was kept by the worker before is among them; until it is, those that are not to come back by it. */
  private isLoaded = false;
  private readonly withdrawn = new Set<TorrentId>();
  /** What cannot be moved, and why, as was said. */
  private readonly stuck = new Map<TorrentId, Said>();
  private readonly delivery: Delivery;
  /** Looks since the helper was there. */
  private away = 0;
  /** What both have is this browser's to see to, as no helper is there. */
  isAlone = false;
  /** The last look went wrong, as was said. */
  private isFailing = false;

  constructor(options: MovingInOptions) {
    this.options = options;
    this.delivery = new Delivery({
      isRead: options.isRead,
      isOut: id => this.stuck.has(id) || options.isRead(id),
      attempt: (id, act) => this.attempt(id, act),
      brought: (id, giver) => this.brought(id, giver),
    });
    void options.wishes.load().then(wishes => {
      const later = [...this.leaving];
      this.leaving.clear();
      for (const [id, root] of wishes) if (!this.withdrawn.has(id)) this.leaving.set(id, root);
      for (const [id, root] of later) this.leaving.set(id, root);
      this.isLoaded = true;
      if (later.length > 0 || this.withdrawn.size > 0) this.keepWishes();
      this.withdrawn.clear();
      this.look();
    });
    this.look();
    this.lookLater();
  }

  /** Begins to move them to that root of the helper. @throws {Refusal} */
  move(rows: readonly TorrentRow[], token: string): void {
    const root = this.options.roots().find(each => each.token === token);
    if (root === undefined || root.problem !== '') {
      throw root === undefined ? refusal('no-such-root') : refusal('root-unwritable', { folder: root.name });
    }
    const bytes = rows.reduce((sum, { done }) => sum + done, 0);
    if (root.free >= 0 && root.free < bytes) {
      throw refusal('root-full', { folder: root.name, needed: { bytes }, free: { bytes: root.free } });
    }
    for (const { id } of rows) {
      this.leaving.set(id, token);
      this.withdrawn.delete(id);
      this.stuck.delete(id);
    }
    this.keepWishes();
    this.look();
  }

  /** Keeps them here. Of what is in the folder goes what came from here, and nothing that was there before. */
  back(ids: readonly TorrentId[]): void {
    const taker = this.options.taker();
    for (const id of ids) {
      this.forget(id);
      if (!this.isMoving(id)) continue;
      const row = this.rowOf(id);
      taker?.remove(id, 'brought');
      if (row && row.done > 0) {
        this.options.told(this.inFolder('kept-here', row));
      }
    }
    this.look();
  }

  /** Whether it is all here, still, and the helper's is but what has been brought of it. */
  isMoving(id: TorrentId): boolean {
    const [giver, awaited] = [this.options.giver(), this.options.taker()?.taking.awaited(id) ?? null];
    return giver?.engine.has(id) === true && awaited !== null && awaited === giver.engine.giving.name;
  }

  /** Whether it is to be taken in as soon as this browser says what it has of it. */
  isLeaving(id: TorrentId): boolean {
    return this.isGoing(id) && this.options.taker() !== null;
  }

  /** Why it does not get on; null where it does. */
  troubleOf(id: TorrentId): Said | null {
    return this.stuck.get(id) ?? this.obstacles.get(id) ?? this.delivery.troubleOf(id);
  }

  /** Whether it is to move, and goes on here until it can. */
  isHindered(id: TorrentId): boolean {
    return this.obstacles.has(id);
  }

  /** To be called whenever either engine is another. */
  look(): void {
    try {
      this.step();
      this.isFailing = false;
    } catch (error) {
      // Whoever calls has more to do, and the next look may go well.
      if (!this.isFailing) {
        this.options.told(said('nothing-moves', { why: textOf(error) }));
      }
      this.isFailing = true;
    }
  }

  private step(): void {
    const [giver, taker] = [this.options.giver(), this.options.taker()];
    this.delivery.between(giver, taker);
    const { isAlone } = this;
    this.isAlone = this.away >= ALONE_AFTER && this.options.isAway();
    if (this.isAlone !== isAlone) this.options.turned();
    this.lookAhead(giver, taker);
    if (giver === null) return;
    this.forgetGone(giver);
    this.keepInStep(giver);
    for (const id of giver.engine.giving.ids()) {
      const isTheirs = taker ? taker.taking.isHere(id) || this.isGoing(id) : !this.isAlone && this.options.isTheirs(id);
      this.attempt(id, () => giver.engine.giving.hold(id, isTheirs));
    }
    if (taker === null) return;
    this.waitForNothing(giver, taker);
    // The records of one at a time are read.
    let reading: TorrentId | undefined;
    for (const id of this.delivery.due(this.leaving.keys())) {
      const isTaken = taker.taking.isHere(id);
      if (!this.isGoing(id) || (!isTaken && !this.delivery.mayAsk(id))) continue;
      this.attempt(id, () => this.takeIn(id, giver, taker));
      if (!isTaken && this.isGoing(id) && !taker.taking.isHere(id)) reading = id;
    }
    this.delivery.goOn(giver, taker, reading);
  }

  /** What was removed here is not to be moved, and nothing hinders it. */
  private forgetGone({ engine }: Giver): void {
    if (this.isLoaded) for (const id of this.leaving.keys()) if (!engine.has(id)) this.forget(id);
    for (const id of this.stuck.keys()) if (!engine.has(id)) this.stuck.delete(id);
    this.delivery.keepTo(id => engine.has(id));
  }

  /** The helper waits for nothing that was here and is not any more. */
  private waitForNothing({ engine }: Giver, { taking }: Taker): void {
    const { name } = engine.giving;
    for (const id of name === null ? [] : taking.awaitedFrom(name)) {
      if (!engine.has(id)) this.attempt(id, () => taking.waitNoMore(id));
    }
  }

  private lookAhead(giver: Giver | null, taker: Taker | null): void {
    const obstacles = new Map<TorrentId, Said>();
    for (const id of giver && taker ? this.leaving.keys() : []) {
      const why = giver?.engine.giving.isLost(id) ? LOST : (taker?.taking.obstacleTo(id) ?? null);
      if (why !== null) obstacles.set(id, why);
    }
    const isSame = same([...obstacles], [...this.obstacles]);
    this.obstacles = obstacles;
    if (!isSame) this.options.turned();
  }

  /** Whether that went well for this torrent: else it stays here, which is said once, and others have their turn. */
  private attempt(id: TorrentId, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      const reason = this.reasonOf(id, error);
      // What was no answer may be one in the next worker.
      if (error instanceof EngineError) this.forget(id);
      if (!this.stuck.has(id)) this.options.told(reason);
      this.stuck.set(id, reason);
      return false;
    }
  }

  private isGoing(id: TorrentId): boolean {
    return this.leaving.has(id) && !this.obstacles.has(id) && !this.stuck.has(id) && !this.options.isRead(id);
  }

  private forget(id: TorrentId): void {
    if (!this.isLoaded) this.withdrawn.add(id);
    this.obstacles.delete(id);
    this.takers.delete(id);
    if (this.leaving.delete(id)) this.keepWishes();
  }

  /** Not before what was kept is known, which it would overwrite. */
  private keepWishes(): void {
    if (this.isLoaded) this.options.wishes.keep([...this.leaving]);
  }

  private lookLater(): void {
    this.options.after(LOOK, () => {
      this.lookLater();
      this.away = this.options.isAway() ? this.away + 1 : 0;
      this.delivery.tick();
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

  private takeIn(id: TorrentId, giver: Giver, taker: Taker): void {
    const { taking } = taker;
    // Who removed it there would not have it come back.
    if (!taking.isHere(id) && this.takers.get(id) === taker) return this.forget(id);
    const gift = taking.isHere(id) ? null : this.delivery.ask(id, false, giver, taker);
    if (gift && taking.adopt(id, gift, this.leaving.get(id) ?? '')) this.takers.set(id, taker);
    if (taking.isKept(id)) this.forget(id);
  }

  /** All of it is with the helper: nobody needs what is here. */
  private brought(id: TorrentId, { engine }: Giver): void {
    const row = this.rowOf(id);
    engine.remove(id, true);
    if (!row) return;
    // Of a link whose files are not known yet there is nothing on the disk.
    this.options.told(this.inFolder(row.size > 0 ? 'brought' : 'handed-over', row));
  }

  private reasonOf(id: TorrentId, error: unknown): Said {
    if (error instanceof EngineError) return apiError(error);
    const name =
      this.rowOf(id)?.name ??
      this.options
        .giver()
        ?.engine.rows()
        .find(each => each.id === id)?.name;
    const why = textOf(error);
    return name === undefined ? said('one-not-moved', { why }) : said('not-moved', { name, why });
  }

  private rowOf(id: TorrentId): TorrentRow | undefined {
    return this.options.rows().find(each => each.id === id);
  }

  private inFolder(code: 'kept-here' | 'brought' | 'handed-over', { name, root }: TorrentRow): Said {
    const folder = this.options.roots().find(({ token }) => token === root)?.name;
    return folder === undefined ? { code: `${code}-somewhere`, values: { name } } : { code, values: { name, folder } };
  }
}

const LOST: Said = said('bring-list-lost');
