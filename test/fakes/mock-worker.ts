import {
  API_VERSION,
  type Added,
  type ApiError,
  type Command,
  type FromWorker,
  type HostAsk,
  type LeftFiles,
  type Source,
} from '../../sw/api.ts';
import type { Connection, DetailPart, News, Settings, TorrentId, TorrentRow, Vitals } from '../../sw/view-model.ts';
import type { ToWorker } from '../../sw/api.ts';
import type { FromSharing, ShareRequest } from '../../sw/share.ts';
import type { Refusal } from '../../sw/engine/errors.ts';
import { readTiers } from '../../sw/engine/tiers.ts';
import { rebar } from '../../sw/engine/choices.ts';
import { relabel } from '../../sw/engine/options.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import { MockFiles } from './mock-files.ts';
import { tested, toldOf, vitalsOf } from './mock-activity.ts';
import { restored } from './mock-backup.ts';
import { MockDepartures } from './mock-departures.ts';
import { MockHost } from './mock-host.ts';
import { newTorrent } from './mock-new.ts';
import { movedIn } from './mock-order.ts';
import { sceneOf, type Pulse, type Scenario } from './mock-scenarios.ts';
import { CONNECTED, detailOf, manyFiles, PLACE, sintelFiles } from './mock-torrents.ts';

/** The worker's side of the contract without an engine, so that the interface can be seen and driven in any state. */
export class MockWorker {
  readonly commands: Command[] = [];
  /** Hand-offs that the window said it shows. */
  readonly shown: number[] = [];
  readonly torrents = new Map<TorrentId, TorrentRow>();
  connection: Connection;
  settings: Settings = DEFAULT_SETTINGS;
  readonly host = new MockHost();
  /** How its ways to the network are. */
  vitals: Vitals;
  /** It ends before it does the next command of this kind. */
  endsAt: Command['do'] | null = null;
  /** Why it refuses to add anything, where it does. */
  refusesAdd: string | null = null;
  /** What it was asked to share. */
  readonly shares: ShareRequest[] = [];
  /** Tells how that goes. */
  tellShare: (message: FromSharing) => void = () => undefined;
  #port: MessagePort | null = null;
  #visible = true;
  #watched: TorrentId | null = null;
  #part: DetailPart | null = null;
  readonly #departures = new MockDepartures(
    rows => this.#set(rows),
    ids => this.#gone(ids),
  );
  readonly #tiers = new Map<TorrentId, string[][]>();
  readonly #files = new MockFiles();
  readonly #hasMetadata = new Set<TorrentId>();
  readonly #scenario: Scenario;
  #end: () => void = () => undefined;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.vitals = vitalsOf(scenario);
    const scene = sceneOf(scenario);
    this.connection = scene.connection;
    for (const torrent of scene.torrents) {
      this.torrents.set(torrent.id, torrent);
      if (torrent.state !== 'metadata') this.#hasMetadata.add(torrent.id);
    }
    for (const [id, files] of scene.files) this.#files.set(id, files);
    const { pulse } = scene;
    if (pulse !== null) setInterval(() => this.#pulse(pulse), pulse.ms);
  }

  /** Opens a way in, as a fresh worker does. */
  open(): { port: MessagePort; ended: Promise<void>; close(): void } {
    const { port1, port2 } = new MessageChannel();
    this.#port = port2;
    port2.onmessage = (event: MessageEvent<ToWorker>) => this.#hear(event.data);
    const ended = new Promise<void>(resolve => {
      this.#end = resolve;
    });
    this.#snapshot();
    return { port: port1, ended, close: () => this.#end() };
  }

  openShare(): { port: MessagePort; ended: Promise<void>; close(): void } {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data }: MessageEvent<ShareRequest>) => this.shares.push(data);
    this.tellShare = message => port2.postMessage(message);
    return { port: port1, ended: new Promise(() => undefined), close: () => port1.close() };
  }

  /** Ends as the browser would end it, and forgets what was not started. */
  stop(): void {
    for (const { id, state } of [...this.torrents.values()]) if (state === 'adding') this.forget(id);
    this.#port?.close();
    this.#port = null;
    this.#end();
  }

  /** Reads its records anew, in the same life: sends a whole list without what was not started. */
  reload(): void {
    for (const { id, state } of [...this.torrents.values()]) if (state === 'adding') this.forget(id);
    this.#snapshot();
  }

  forget(id: TorrentId): void {
    this.torrents.delete(id);
    this.#hasMetadata.delete(id);
  }

  /** Removes it as another window would have it. */
  remove(id: TorrentId): void {
    this.#gone([id]);
  }

  /** Files of a torrent that it has removed could not be deleted. */
  leave(left: LeftFiles): void {
    this.#say({ type: 'left', left });
  }

  /** The helper has something to say to the person. */
  notice(text: string): void {
    this.#say({ type: 'notice', said: { code: 'told', values: { text } } });
  }

  /** Has the window ask about what was opened with a program of this computer. */
  handOver(handoff: number, uri: string): void {
    const source: Source = { kind: 'magnet', uri };
    const { added } = this.#add({ do: 'add', source });
    if (added !== null) this.#say({ type: 'handoff', handoff, added, source });
  }

  /** That happened while no window was open. */
  tell(news: readonly News[]): void {
    this.#say({ type: 'news', news });
  }

  setConnection(connection: Connection): void {
    this.connection = connection;
    this.#say({ type: 'delta', torrents: [], removed: [], connection, roots: null, settings: null, detail: null });
  }

  /** Puts a torrent as it is now. */
  put(torrent: TorrentRow): void {
    this.#set([torrent]);
  }

  /** Has some of them move on, as those at work do. */
  #pulse(pulse: Pulse): void {
    if (!this.#visible || this.#port === null) return;
    this.#set(pulse.next(this.torrents));
  }

  #snapshot(): void {
    this.#say({
      type: 'snapshot',
      version: this.#scenario === 'outdated' ? API_VERSION + 1 : API_VERSION,
      torrents: [...this.torrents.values()],
      connection: this.connection,
      roots: this.#scenario === 'unpaired' ? [PLACE] : [...this.host.roots, PLACE],
      settings: this.settings,
    });
  }

  #hear(message: ToWorker): void {
    if (message.type === 'watch') {
      this.#visible = message.visible;
      this.#watched = message.detail;
      this.#part = message.part;
      this.#delta([], []);
      return;
    }
    if (message.type === 'shown') this.shown.push(message.handoff);
    if (message.type !== 'command') return;
    this.commands.push(message.command);
    if (this.endsAt === message.command.do) {
      this.endsAt = null;
      return this.stop();
    }
    if (message.command.do === 'host') return this.#ask(message.id, message.command.ask);
    if (message.command.do === 'history' || message.command.do === 'vitals' || message.command.do === 'export') {
      return this.#say({ type: 'told', id: message.id, told: toldOf(this.#scenario, message.command, this.vitals) });
    }
    const { error, added } = this.#run(message.command);
    this.#say({ type: 'reply', id: message.id, error, added });
  }

  #ask(id: number, ask: HostAsk): void {
    const answer = this.host.ask(ask, [...this.torrents.values()]);
    const { host } = this.connection;
    if (host !== null) this.connection = { ...this.connection, host: { ...host, settings: this.host.settings } };
    const { connection } = this;
    const roots = [...this.host.roots, PLACE];
    this.#say({ type: 'delta', torrents: [], removed: [], connection, roots, settings: null, detail: null });
    if ('folders' in answer) this.#say({ type: 'folder', id, page: answer });
    else this.#say({ type: 'reply', id, error: answer.error, added: null });
  }

  #run(command: Exclude<Command, { do: 'host' | 'history' | 'vitals' | 'export' }>): {
    error: ApiError | null;
    added: Added | null;
  } {
    switch (command.do) {
      case 'add':
        return this.#add(command);
      case 'restore': {
        const answer = this.#add({ do: 'add', source: { kind: 'magnet', uri: command.torrent.magnet } });
        if (answer.added?.already === false) this.#change([answer.added.id], restored(command.torrent));
        return answer;
      }
      case 'start':
        if (!this.torrents.has(command.id)) return { error: { code: 'no-such-torrent', values: {} }, added: null };
        if (command.priorities !== null && this.#hasMetadata.has(command.id)) {
          const { priorities } = command;
          this.#files.prioritise(command.id, index => priorities[index]);
        }
        this.#change([command.id], { state: 'downloading', root: command.root, addedAt: Date.UTC(2026, 10, 20, 15) });
        break;
      case 'pause':
        this.#change(command.ids, { state: 'paused', down: 0, up: 0, eta: -1 });
        break;
      case 'recheck':
        this.#change(command.ids, { state: 'checking', problem: null });
        break;
      case 'resume':
        this.#change(command.ids, { state: 'downloading', problem: null });
        break;
      case 'remove':
        this.#gone(command.ids);
        break;
      case 'prioritise': {
        const files = new Set(command.files);
        this.#files.prioritise(command.id, index => (files.has(index) ? command.priority : undefined));
        this.#delta([], []);
        break;
      }
      case 'set':
        for (const id of command.ids) {
          const row = this.torrents.get(id);
          if (row) this.put({ ...row, options: { ...row.options, ...command.options } });
        }
        break;
      case 'dismiss':
        this.#departures.dismiss(
          command.ids.flatMap(id => this.torrents.get(id) ?? []),
          command.withData,
        );
        break;
      case 'takeBack':
        this.#departures.takeBack(command.ids);
        break;
      case 'move':
        this.#set(movedIn(this.torrents, command));
        break;
      case 'relocate':
        this.#change(command.ids, {
          state: 'moving',
          problem: { code: 'moving', moved: 1, of: 4 },
          root: command.root,
          down: 0,
          up: 0,
        });
        break;
      case 'rename':
        if (command.to === 'taken') {
          return { error: { code: 'name-taken', values: {} }, added: null };
        }
        this.#files.rename(command);
        this.#delta([], []);
        break;
      case 'announce':
      case 'askWebSeed':
      case 'addPeer':
      case 'unpair':
        break;
      case 'trackers': {
        try {
          this.#tiers.set(command.id, readTiers(command.tiers));
        } catch (error) {
          return { error: (error as Refusal).said, added: null };
        }
        this.#delta([], []);
        break;
      }
      case 'label':
        for (const id of command.ids) {
          const row = this.torrents.get(id);
          const labels = row && relabel(row.options.labels, command.add, command.remove);
          if (row && labels) this.put({ ...row, options: { ...row.options, labels } });
        }
        break;
      case 'ban':
        this.ban(command);
        break;
      case 'configure':
        this.settings = { ...this.settings, ...command.settings };
        this.#delta([], []);
        break;
      case 'testPort':
        this.vitals = tested(this.vitals);
        break;
      case 'pair':
      case 'reconnect':
      case 'take':
        this.setConnection(CONNECTED);
        break;
    }
    return { error: null, added: null };
  }

  ban({ of, add, remove }: Omit<Extract<Command, { do: 'ban' }>, 'do'>): void {
    const row = of === null ? undefined : this.torrents.get(of);
    if (row) this.put({ ...row, options: { ...row.options, banned: rebar(row.options.banned, add, remove, 100) } });
    if (of !== null) return;
    this.settings = { ...this.settings, banned: rebar(this.settings.banned, add, remove, 1_000) };
    this.#delta([], []);
  }

  #add({ source }: Extract<Command, { do: 'add' }>): { error: ApiError | null; added: Added | null } {
    if (this.refusesAdd !== null) return { error: { code: 'told', values: { text: this.refusesAdd } }, added: null };
    const hash = source.kind === 'magnet' ? /btih:([0-9a-f]{40})/i.exec(source.uri)?.[1]?.toLowerCase() : 'f'.repeat(40);
    if (hash === undefined || (source.kind === 'file' && source.bytes[0] !== 0x64)) {
      return {
        error: {
          code: 'told',
          values: { text: 'This is not a torrent file: it does not begin like one. Download the file again.' },
        },
        added: null,
      };
    }
    if (this.torrents.has(hash)) {
      const brought = source.kind === 'magnet' && source.uri.includes('&tr=');
      const isBack = this.#departures.takeBack([hash]);
      return { error: null, added: { id: hash, already: true, brought, isBack } };
    }
    const name = source.kind === 'magnet' ? (new URLSearchParams(source.uri.slice(8)).get('dn') ?? hash) : 'From a file';
    this.torrents.set(hash, newTorrent(hash, name, this.connection.state === 'unpaired'));
    this.#files.set(hash, name.includes('many') ? manyFiles(100_000) : sintelFiles());
    if (source.kind === 'file') this.#hasMetadata.add(hash);
    // A link named so never gets any further.
    if (!name.includes('slow')) {
      setTimeout(() => this.#change([hash], { peers: 14 }), 40);
      setTimeout(() => {
        this.#hasMetadata.add(hash);
        this.#change([hash], { size: this.#files.sizeOf(hash) });
      }, 80);
    }
    this.#change([hash], {});
    return { error: null, added: { id: hash, already: false, brought: false, isBack: false } };
  }

  #change(ids: readonly TorrentId[], part: Partial<TorrentRow>): void {
    this.#set(
      ids.flatMap(id => {
        const before = this.torrents.get(id);
        return before === undefined ? [] : { ...before, ...part };
      }),
    );
  }

  #set(rows: readonly TorrentRow[]): void {
    for (const row of rows) this.torrents.set(row.id, row);
    this.#delta(rows, []);
  }

  #gone(ids: readonly TorrentId[]): void {
    for (const id of ids) this.forget(id);
    this.#delta([], ids);
  }

  #delta(torrents: readonly TorrentRow[], removed: readonly TorrentId[]): void {
    if (!this.#visible) return;
    const watched = this.#watched === null ? undefined : this.torrents.get(this.#watched);
    const detail =
      watched === undefined
        ? null
        : detailOf(
            watched,
            this.#hasMetadata.has(watched.id) ? this.#files.of(watched.id) : [],
            this.#hasMetadata.has(watched.id),
            watched.peers > 0,
            this.#tiers.get(watched.id),
            this.#part,
          );
    this.#say({ type: 'delta', torrents, removed, connection: null, roots: null, settings: this.settings, detail });
  }

  #say(message: FromWorker): void {
    this.#port?.postMessage(message);
  }
}
