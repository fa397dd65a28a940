/**
 * All torrents of the windows in one list: those of the helper, and those of this browser by itself. What is added goes to the
 * helper where there is one. One info-hash has one row: the helper's, where both have it.
 */
import type { Backend } from './api-server.ts';
import type { Answer, Command, Told } from './api.ts';
import { Refusal, refusal } from './engine/index.ts';
import type { EngineCommand, LocalTorrents } from './local-torrents.ts';
import { Notices } from './notices.ts';
import type { Said } from './said.ts';
import type { Torrents } from './torrents.ts';
import { mergeHistories } from './merged-history.ts';
import { MovingIn, type MovingInOptions } from './moving-in.ts';
import { BROWSER_ROOT } from './view-model.ts';
import type {
  Connection,
  DetailPart,
  News,
  RootRow,
  SaveRow,
  Settings,
  TorrentDetail,
  TorrentId,
  TorrentRow,
} from './view-model.ts';

type Paired = Omit<Backend, 'shared'> & Pick<Torrents<never>, 'isReachable' | 'taker'>;
type Local = Pick<
  LocalTorrents,
  'rows' | 'has' | 'takeChanges' | 'detail' | 'settings' | 'place' | 'run' | 'isReady' | 'problem' | 'giver'
>;

export interface ShelfOptions extends Pick<MovingInOptions, 'after' | 'wishes'> {
  /** The torrents of this browser that are being saved from. */
  readonly saving: () => readonly SaveRow[];
  /** The list is to be told anew as a whole. */
  readonly turned: () => void;
}

/** Without a helper, or with one that is away, what is asked for is done here. */
const AWAY: ReadonlySet<string> = new Set(['unpaired', 'daemon-away']);

export class Shelf implements Backend {
  /** What a browser that follows this one is shown. */
  readonly shared: Paired;
  private readonly paired: Paired;
  private readonly local: Local;
  private readonly saving: () => readonly SaveRow[];
  /** What the helper has; null where that is to be found out anew. */
  private known: Set<TorrentId> | null = null;

  /** What is to be said of them. */
  private readonly said = new Notices();
  private readonly movingIn: MovingIn;

  /** Bytes that this browser has of its torrents, as they were last told. */
  private readonly done = new Map<TorrentId, number>();

  constructor(paired: Paired, local: Local, { saving, after, wishes, turned }: ShelfOptions) {
    this.shared = paired;
    this.paired = paired;
    this.local = local;
    this.saving = saving;
    this.movingIn = new MovingIn({
      giver: () => local.giver,
      taker: () => paired.taker,
      isTheirs: id => this.theirs.has(id),
      isAway: () => isGone(paired.connection()),
      wishes,
      turned: () => {
        this.known = null;
        turned();
      },
      settings: () => paired.settings(),
      isRead: id => saving().some(save => save.id === id),
      rows: () => paired.rows(),
      roots: () => paired.roots(),
      after,
      told: said => this.said.add(said),
    });
  }

  /** The helper's list was replaced as a whole. */
  replaced(): void {
    this.known = null;
    this.look();
  }

  /** One of the engines is another. */
  look(): void {
    this.movingIn.look();
  }

  isOwn(id: TorrentId): boolean {
    return this.local.has(id) && !this.theirs.has(id);
  }

  /** It is in the list, on one side or the other, and started. */
  isListed(id: TorrentId): boolean {
    return this.rows().some(row => row.id === id && row.state !== 'adding' && row.state !== 'leaving');
  }

  /** Whether its files are read here: also while they are on their way to the helper. */
  isReadHere(id: TorrentId): boolean {
    return this.isOwn(id) || this.movingIn.isMoving(id);
  }

  rows(): readonly TorrentRow[] {
    const own = this.local.rows();
    this.done.clear();
    for (const { id, done } of own) this.done.set(id, done);
    const rows = this.theirRows();
    const theirs = new Set(rows.map(({ id }) => id));
    this.known = theirs;
    return [...rows.map(row => this.shown(row)), ...own.filter(({ id }) => !theirs.has(id)).map(row => this.shownOwn(row))];
  }

  takeChanges(): ReturnType<Backend['takeChanges']> {
    const { theirs } = this;
    const [changes, own] = [this.paired.takeChanges(), this.local.takeChanges()];
    for (const { id } of changes.rows) theirs.add(id);
    for (const id of changes.removed) theirs.delete(id);
    for (const { id, done } of own.rows) this.done.set(id, done);
    for (const id of own.removed) this.done.delete(id);
    // What is here of one that is shown as the helper's is a part of its row.
    const touched = new Set([...own.rows.map(({ id }) => id), ...own.removed].filter(id => theirs.has(id)));
    for (const { id } of changes.rows) touched.delete(id);
    const beside = touched.size === 0 ? [] : this.paired.rows().filter(({ id }) => touched.has(id));
    // Where the helper has it no more, what this browser has of it is seen again: as one that came after that.
    const back = new Set(changes.removed.filter(id => this.local.has(id)));
    const bared = back.size === 0 ? [] : this.local.rows().filter(({ id }) => back.has(id));
    return {
      rows: [
        ...[...changes.rows, ...beside].map(row => this.shown(row)),
        ...[...bared, ...own.rows.filter(({ id }) => !theirs.has(id) && !back.has(id))].map(row => this.shownOwn(row)),
      ],
      removed: [...changes.removed, ...own.removed.filter(id => !theirs.has(id))],
      left: [...changes.left, ...own.left],
      shared: changes,
    };
  }

  takeNotices(): readonly Said[] {
    return [...this.paired.takeNotices(), ...this.said.take()];
  }

  takeNews(): readonly News[] {
    return this.paired.takeNews();
  }

  detail(id: TorrentId, part: DetailPart | null = null): TorrentDetail | null {
    return this.isOwn(id) ? this.local.detail(id, part) : this.paired.detail(id, part);
  }

  connection(): Connection {
    const { isReady, problem } = this.local;
    return { ...this.paired.connection(), browser: { isReady, problem, saving: this.saving() } };
  }

  roots(): readonly RootRow[] {
    return [...this.paired.roots(), this.local.place()];
  }

  settings(): Settings | null {
    return this.paired.settings() ?? this.local.settings();
  }

  async run(command: Command): Promise<Answer | null> {
    switch (command.do) {
      case 'pair':
      case 'unpair':
      case 'reconnect':
      case 'take':
      case 'host':
        return this.paired.run(command);
      case 'add':
      case 'restore':
        return this.add(command);
      case 'export':
        return this.export(command);
      case 'configure':
        await this.configure(command);
        return null;
      case 'ban':
        if (command.of === null) await this.configure(command);
        else await (this.isOwn(command.of) ? this.local : this.paired).run(command);
        return null;
      case 'relocate':
        return this.relocate(command);
      case 'history':
        return this.history(command);
      case 'vitals':
      case 'testPort':
        return (this.isPairedAtWork ? this.paired : this.local).run(command);
      default:
        return 'ids' in command ? this.each(command) : (this.isOwn(command.id) ? this.local : this.paired).run(command);
    }
  }

  /** To the helper where there is one, or soon will be. What this browser has already stays here. */
  private async add(command: Extract<Command, { do: 'add' | 'restore' }>): Promise<Answer | null> {
    const added = this.paired.isReachable ? await this.unlessAway(() => this.paired.run(command)) : null;
    if (added === null || !('already' in added)) return this.local.run(command);
    const isHereToo = this.local.has(added.id);
    // Both were removed together, and come back together.
    if (added.isBack && isHereToo) await this.local.run({ do: 'takeBack', ids: [added.id] });
    if (added.already || !isHereToo) return added;
    await this.paired.run({ do: 'remove', ids: [added.id], withData: false });
    return this.local.run(command);
  }

  /** Those of the side that the first is of. */
  private export(command: Extract<Command, { do: 'export' }>): Promise<Answer | null> {
    const isOwn = command.ids.some((id, at) => at === 0 && this.isOwn(id));
    const ids = command.ids.filter(id => this.isOwn(id) === isOwn);
    return (isOwn ? this.local : this.paired).run({ ...command, ids });
  }

  private async configure(command: Extract<Command, { do: 'configure' | 'ban' }>): Promise<void> {
    const isPaired = this.paired.connection().state !== 'unpaired';
    if (isPaired) await this.paired.run(command);
    if (!isPaired || this.local.isReady) await this.local.run(command);
  }

  /** Of all torrents what both engines measured, of one what the one that has it did. */
  private async history(command: Extract<Command, { do: 'history' }>): Promise<Answer | null> {
    const sides = command.of === null ? [this.paired, this.local] : [this.isOwn(command.of) ? this.local : this.paired];
    const atWork = sides.filter(side => (side === this.paired ? this.isPairedAtWork : this.local.isReady));
    const told = (await Promise.all(atWork.map(side => side.run(command)))).filter(isHistory);
    const [first, ...others] = told;
    if (first === undefined) throw refusal('engine-starting');
    return others.reduce((all, { history }) => ({ ...all, history: mergeHistories(all.history, history) }), first);
  }

  /** Somebody answers for the helper's torrents: the engine here, or that of the browser that is followed. */
  private get isPairedAtWork(): boolean {
    return this.paired.taker !== null || this.paired.connection().following !== null;
  }

  /** Between this browser and the helper as well: what is here goes there, and what is on its way there comes back. */
  private async relocate(command: Extract<Command, { do: 'relocate' }>): Promise<null> {
    const { ids, root } = command;
    const own = new Set(ids.filter(id => this.isOwn(id)));
    if (root === BROWSER_ROOT) {
      this.movingIn.back(ids);
      const others = ids.filter(id => !own.has(id) && !this.local.has(id));
      if (others.length > 0) throw refusal('not-here');
      return null;
    }
    if (own.size < ids.length) await this.paired.run({ ...command, ids: ids.filter(id => !own.has(id)) });
    if (own.size === 0) return null;
    if (this.paired.taker === null) throw awayFor(this.paired.connection());
    this.movingIn.move(
      this.local.rows().filter(({ id, state }) => own.has(id) && state !== 'adding'),
      root,
    );
    return null;
  }

  /** Has each side do it to its own, and only then says what went wrong first. */
  private async each(command: Extract<EngineCommand, { readonly ids: readonly TorrentId[] }>): Promise<null> {
    const others = command.ids.filter(id => !this.isOwn(id));
    // What is here is taken back whatever becomes of what the helper has: it may be all there is.
    const own = command.ids.filter(id => (command.do === 'takeBack' ? this.local.has(id) : this.isOwn(id)));
    const done = await Promise.allSettled([
      ...(others.length > 0 ? [this.paired.run({ ...command, ids: others })] : []),
      ...(own.length > 0 ? [this.local.run({ ...command, ids: own })] : []),
    ]);
    for (const each of done) if (each.status === 'rejected') throw each.reason;
    // What is here of one that the helper had may be all there is: unless its files are to go as well it stays, and is seen again.
    const isOfBoth = (command.do === 'remove' || command.do === 'dismiss') && command.withData;
    const both = isOfBoth ? others.filter(id => this.local.has(id)) : [];
    if (both.length > 0) await this.local.run({ ...command, ids: both });
    return null;
  }

  /** Null where there turned out to be no helper. */
  private async unlessAway<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Refusal && AWAY.has(error.code)) return null;
      throw error;
    }
  }

  /** One of the helper's, with what is here of it. That this browser is to bring it is told also while it waits for its turn. */
  private shown(row: TorrentRow): TorrentRow {
    const { id, problem } = row;
    const done = this.done.get(id);
    if (done === undefined) return row;
    const both = { ...row, inBrowser: { done, isMoving: this.movingIn.isMoving(id) } };
    if (problem?.code !== 'bringing' || !this.movingIn.isMoving(id)) return both;
    const why = this.movingIn.troubleOf(id);
    return { ...both, problem: why === null ? { ...problem, isHere: true } : { code: 'not-brought', why } };
  }

  /** One of this browser's: where it is about to move it does nothing else. */
  private shownOwn(row: TorrentRow): TorrentRow {
    if (row.state === 'leaving') return row;
    const why = this.movingIn.troubleOf(row.id);
    // What a person has to see to comes first.
    if (why !== null && this.movingIn.isHindered(row.id))
      return row.state === 'error' ? row : { ...row, problem: { code: 'not-brought', why } };
    if (!this.movingIn.isLeaving(row.id)) return row;
    const problem =
      why === null
        ? ({ code: 'bringing', moved: 0, of: row.done, isHere: true } as const)
        : ({ code: 'not-brought', why } as const);
    return { ...row, state: 'moving', problem };
  }

  /** Where nobody sees to what the helper has, what is here of it is this browser's. */
  private theirRows(): readonly TorrentRow[] {
    const isOurs = this.isUnpaired || this.movingIn.isAlone;
    return isOurs ? this.paired.rows().filter(({ id }) => !this.local.has(id)) : this.paired.rows();
  }

  private get isUnpaired(): boolean {
    return this.paired.connection().state === 'unpaired';
  }

  private get theirs(): Set<TorrentId> {
    if (this.isUnpaired) return new Set();
    this.known ??= new Set(this.theirRows().map(({ id }) => id));
    return this.known;
  }
}

function isHistory(answer: Answer | null): answer is Extract<Told, { told: 'history' }> {
  return answer !== null && 'told' in answer && answer.told === 'history';
}

/** Whether a helper that this browser is paired with is nowhere to be found. One that is there may have an engine of its own at work. */
function isGone({ state, superseded, following, outdated, gaveUp }: Connection): boolean {
  return state === 'disconnected' && !superseded && following === null && outdated === null && !gaveUp;
}

/** Why nothing can be moved to the helper from here. */
function awayFor({ state, following }: Connection): Refusal {
  if (following !== null) {
    return refusal('move-followed');
  }
  return state === 'unpaired' ? refusal('needs-helper') : refusal('move-away');
}
