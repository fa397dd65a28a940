/** What the windows ask for, done by the engine. */
import type { Added, Command, Exported, LeftFiles, MoveTo, Restored, Source, Told } from './api.ts';
import type { Giving, Taking } from './engine/index.ts';
import type {
  DetailPart,
  PortMappings,
  FilePriority,
  History,
  HistorySpan,
  News,
  RootRow,
  Settings,
  TorrentDetail,
  TorrentId,
  TorrentOptions,
  TorrentRow,
  Vitals,
} from './view-model.ts';

export interface RootUsers {
  readonly all: number;
  readonly leaving: number;
}

export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** An engine, as far as it is used here. */
export interface Engine<Kept> {
  load(records: readonly StateRecord[]): void;
  /** `lostAt`: an engine before it lost the daemon then, ms since 1970. */
  attach(kept: readonly Kept[], lostAt: number | null): void;
  detach(): void;
  add(source: Source): Added;
  has(id: TorrentId): boolean;
  start(id: TorrentId, priorities: readonly FilePriority[] | null, root: string): void;
  pause(id: TorrentId): void;
  recheck(id: TorrentId): void;
  resume(id: TorrentId): void;
  remove(id: TorrentId, withData: boolean | 'brought'): void;
  readonly exporting: { take(ids: readonly TorrentId[], withFiles: boolean, done: (answer: Exported | Error) => void): void };
  readonly restoring: { take(torrent: Restored): Added };
  /** Removals that can be taken back. */
  readonly departures: {
    dismiss(ids: readonly TorrentId[], withData: boolean): void;
    takeBack(ids: readonly TorrentId[], kept: (problem: Error | null) => void): void;
  };
  prioritise(id: TorrentId, files: readonly number[], priority: FilePriority): void;
  relocate(id: TorrentId, root: string): void;
  rename(id: TorrentId, path: readonly string[], to: string): void;
  set(id: TorrentId, options: Partial<TorrentOptions>): void;
  editTrackers(id: TorrentId, tiers: readonly (readonly string[])[]): void;
  announce(id: TorrentId, url: string | null): void;
  askWebSeed(id: TorrentId, url: string): void;
  addPeer(id: TorrentId, host: string, port: number): void;
  label(id: TorrentId, add: readonly string[], remove: readonly string[]): void;
  move(ids: readonly TorrentId[], to: MoveTo): void;
  readonly settings: Settings;
  /** Opens a file, by its index, to be read while it comes. */
  readonly reading: {
    open(id: TorrentId, file: number): { readonly file: number; readonly path: readonly string[] };
    there(id: TorrentId, file: number, parts: number): readonly number[] | null;
  };
  /** What happened while nobody looked; it is then forgotten. */
  takeNews(): readonly News[];
  readonly roots: {
    /** Whenever something of them is another. */
    tell(roots: readonly RootRow[]): void;
    /** How many torrents have files in that one, and how many of them were removed a moment ago. */
    usersOf(root: string): RootUsers;
    /** Whether what is called so at the top of it is of a torrent, or is to be. */
    owns(root: string, name: string): boolean;
  };
  readonly activity: {
    history(span: HistorySpan, of: TorrentId | null): History;
    vitals(): Vitals;
    testPort(): void;
  };
  /** Torrents that go from one engine of ours to another. */
  readonly giving: Pick<Giving, Exclude<keyof Giving, 'begin'>>;
  readonly taking: Pick<Taking, keyof Taking>;
  /** Another engine under the same limits moves so many bytes a second. */
  share(elsewhere: { readonly down: number; readonly up: number }): void;
  /** There is reason to run while nobody looks. */
  readonly hasWork: boolean;
  /** `listenPort`: 0 where none was to be had, null while that is not known. */
  readonly mapping: { readonly state: PortMappings | null; readonly listenPort: number | null };
  configure(change: Partial<Settings>, saved: (error: Error | null) => void): void;
  ban(of: TorrentId | null, add: readonly string[], remove: readonly string[], saved: (error: Error | null) => void): void;
  rows(): readonly TorrentRow[];
  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  };
  detail(id: TorrentId, part?: DetailPart | null): TorrentDetail | null;
  close(done: () => void): void;
}

/** Does what needs an engine, at once; what it rejects with is for the window that asked. */
export async function perform(
  engine: Engine<unknown>,
  command: Exclude<Command, { do: 'pair' | 'unpair' | 'reconnect' | 'take' | 'configure' | 'ban' | 'host' }>,
): Promise<Added | Told | null> {
  switch (command.do) {
    case 'add':
    case 'restore': {
      const added = command.do === 'add' ? engine.add(command.source) : engine.restoring.take(command.torrent);
      if (added.isBack) await takeBack(engine, [added.id]);
      return added;
    }
    case 'export':
      return { told: 'exported', exported: await exported(engine, command) };
    case 'start':
      engine.start(command.id, command.priorities, command.root);
      return null;
    case 'pause':
      forEach(command.ids, id => engine.pause(id));
      return null;
    case 'recheck':
      forEach(command.ids, id => engine.recheck(id));
      return null;
    case 'resume':
      forEach(command.ids, id => engine.resume(id));
      return null;
    case 'remove':
      forEach(command.ids, id => engine.remove(id, command.withData));
      return null;
    case 'dismiss':
      engine.departures.dismiss(command.ids, command.withData);
      return null;
    case 'takeBack':
      await takeBack(engine, command.ids);
      return null;
    case 'prioritise':
      engine.prioritise(command.id, command.files, command.priority);
      return null;
    case 'trackers':
      engine.editTrackers(command.id, command.tiers);
      return null;
    case 'announce':
      forEach(command.ids, id => engine.announce(id, command.url));
      return null;
    case 'askWebSeed':
      engine.askWebSeed(command.id, command.url);
      return null;
    case 'addPeer':
      engine.addPeer(command.id, command.host, command.port);
      return null;
    case 'label':
      forEach(command.ids, id => engine.label(id, command.add, command.remove));
      return null;
    case 'move':
      engine.move(command.ids, command.to);
      return null;
    case 'relocate':
      forEach(command.ids, id => engine.relocate(id, command.root));
      return null;
    case 'rename':
      engine.rename(command.id, command.path, command.to);
      return null;
    case 'set':
      forEach(command.ids, id => engine.set(id, command.options));
      return null;
    case 'history':
      return { told: 'history', history: engine.activity.history(command.span, command.of) };
    case 'vitals':
      return { told: 'vitals', vitals: engine.activity.vitals() };
    case 'testPort':
      engine.activity.testPort();
      return null;
    default:
      return command satisfies never;
  }
}

/** Settings are in force at once; it waits until they are saved, and throws where they are not. */
export async function configure(engine: Engine<unknown>, settings: Partial<Settings>): Promise<void> {
  const error = await new Promise<Error | null>(saved => engine.configure(settings, saved));
  if (error) throw error;
}

/** Likewise. */
export async function ban(engine: Engine<unknown>, { of, add, remove }: Extract<Command, { do: 'ban' }>): Promise<void> {
  const error = await new Promise<Error | null>(saved => engine.ban(of, add, remove, saved));
  if (error) throw error;
}

async function exported(engine: Engine<unknown>, { ids, withFiles }: Extract<Command, { do: 'export' }>): Promise<Exported> {
  const answer = await new Promise<Exported | Error>(done => engine.exporting.take(ids, withFiles, done));
  if (answer instanceof Error) throw answer;
  return answer;
}

/** Answers when it is on the disk: else the next engine would remove them all the same. */
async function takeBack(engine: Engine<unknown>, ids: readonly TorrentId[]): Promise<void> {
  const problem = await new Promise<Error | null>(kept => engine.departures.takeBack(ids, kept));
  if (problem) throw problem;
}

/** Does it to all of them, and only then says what went wrong with the first that refused. */
function forEach(ids: readonly TorrentId[], act: (id: TorrentId) => void): void {
  const errors: unknown[] = [];
  for (const id of ids) {
    try {
      act(id);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
