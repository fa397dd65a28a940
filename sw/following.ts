/**
 * What another browser does, shown here: a mirror of its list and settings and the details that are looked at, and a way for
 * commands to reach it. It is asked as the engine is: details are fetched for as long as somebody asks for them.
 */
import { API_VERSION, type Answer, type Command, type FromWorker, type LeftFiles, type ToWorker } from './api.ts';
import { type FromFar, parseFromFar, versionOf } from './far-messages.ts';
import { FarViews } from './far-views.ts';
import type { Heard } from './relayed.ts';
import { Refusal, refusal } from './engine/index.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import type { DetailPart, News, PortMappings, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';

export interface FollowingOptions {
  /** A new channel to the browser at work. */
  readonly open: (events: FarEvents) => FarChannel;
  /** Calls back once after `ms`, unless it is called off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** The list was replaced as a whole. */
  readonly replaced: () => void;
  /** Hands something to a window here; see `hand` of api-server.ts. */
  readonly hand: (message: Extract<FromWorker, { readonly type: 'handoff' }>) => void;
}

/** Torrents in a list; no engine has more. */
const MAX_ROWS = 20_000;
/** What nobody has asked for in this time, in ms, nobody looks at. */
const UNASKED = 3_000;
/** A channel that was closed is opened again after this time, in ms. */
const REOPEN = 1_000;
/** Likewise where the app at work is of another version. */
const REOPEN_OTHER = 60_000;
/** What is told once, and waits for a window to show it. */
const MAX_TOLD = 100;
/** Commands that wait for their answer; one more is refused. */
const MAX_COMMANDS = 1_000;

interface Pending {
  resolve(answer: Answer | null): void;
  reject(error: Refusal): void;
}

export class Following {
  private readonly options: FollowingOptions;
  private isOn = false;
  /** The one for the list and for commands. */
  private main: FarChannel | null = null;
  private callOff = (): void => undefined;
  private isOther = false;
  private isShown = true;
  private list: Map<TorrentId, TorrentRow> | null = null;
  /** What of the next list has come. */
  private coming: TorrentRow[] = [];
  private known: Settings | null = null;
  private portMappings: PortMappings | null = null;
  private readonly changed = new Set<TorrentId>();
  private readonly removed = new Set<TorrentId>();
  private left: readonly LeftFiles[] = [];
  private news: readonly News[] = [];
  private readonly views: FarViews;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(options: FollowingOptions) {
    this.options = options;
    this.views = new FarViews({
      open: options.open,
      hear: (...message) => this.take(...message),
      watch: (id, part) => {
        if (this.main !== null) say(this.main, { type: 'watch', visible: id !== null || this.isShown, detail: id, part });
      },
    });
  }

  /** Null until it is known. */
  get settings(): Settings | null {
    return this.known;
  }

  get ports(): PortMappings | null {
    return this.portMappings;
  }

  /** The app at work is of another version: nothing of it can be shown. */
  get isOtherVersion(): boolean {
    return this.isOther;
  }

  /** Another browser is at work. */
  begin(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.open();
  }

  /** None is any more. */
  end(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.isOther = false;
    this.callOff();
    this.main?.close();
    this.forget();
  }

  /** A window here has got the focus. */
  focused(): void {
    if (this.main !== null) say(this.main, { type: 'focus' });
  }

  /** A window here shows what it was handed; false where nobody is followed. */
  shown(handoff: number): boolean {
    if (this.main !== null) say(this.main, { type: 'shown', handoff });
    return this.main !== null;
  }

  /** Null until the list has come. */
  rows(): readonly TorrentRow[] | null {
    return this.list === null ? null : [...this.list.values()];
  }

  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
  } {
    this.look();
    const rows = [...this.changed].flatMap(id => this.list?.get(id) ?? []);
    const changes = { rows, removed: [...this.removed], left: this.left };
    this.changed.clear();
    this.removed.clear();
    this.left = [];
    return changes;
  }

  takeNews(): readonly News[] {
    const { news } = this;
    this.news = [];
    return news;
  }

  /** Null until it has come. */
  detail(id: TorrentId, part: DetailPart | null = null): TorrentDetail | null {
    return this.main === null || this.list === null ? null : this.views.detail(id, part);
  }

  /** @throws {Refusal} */
  run(command: Command): Promise<Answer | null> {
    const { main } = this;
    if (this.isOther) return Promise.reject(refusal('far-other'));
    if (main === null) return Promise.reject(refusal('far-away'));
    if (this.pending.size >= MAX_COMMANDS) return Promise.reject(refusal('too-many-commands'));
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      say(main, { type: 'command', id, command });
    });
  }

  private open(): void {
    const channel = this.options.open({
      message: message => {
        if (this.main === channel) this.take(channel, message, said => this.hear(said));
      },
      closed: () => {
        if (this.main === channel) this.lost();
      },
    });
    this.main = channel;
    this.isShown = true;
    channel.send({ type: 'connect', version: API_VERSION });
    this.hideLater();
  }

  private lost(): void {
    this.forget();
    this.callOff();
    if (this.isOn) this.callOff = this.options.after(this.isOther ? REOPEN_OTHER : REOPEN, () => this.open());
  }

  private forget(): void {
    this.main = null;
    this.list = null;
    this.coming = [];
    this.known = null;
    this.portMappings = null;
    this.changed.clear();
    this.removed.clear();
    this.views.leave();
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of waiting) reject(refusal('far-unanswered'));
  }

  /** What comes over a channel, once it is known to be what it should. */
  private take(channel: FarChannel, message: unknown, hear: (message: FromFar) => boolean): void {
    const version = versionOf(message);
    const said = version === null || version === API_VERSION ? parseFromFar(message) : null;
    if (said !== null && hear(said)) {
      channel.send({ type: 'heard' } satisfies Heard);
      return;
    }
    // Another version, whatever it calls itself.
    this.isOther = true;
    this.main?.close();
    this.lost();
  }

  /** False for what does not fit to what was said before. */
  private hear(message: FromFar): boolean {
    switch (message.type) {
      case 'rows':
        if (this.coming.length < MAX_ROWS) this.coming.push(...message.torrents);
        return true;
      case 'snapshot':
        this.isOther = false;
        this.list = new Map([...this.coming, ...message.torrents].slice(0, MAX_ROWS).map(row => [row.id, row]));
        this.coming = [];
        this.known = message.settings;
        this.portMappings = message.connection.ports;
        this.changed.clear();
        this.removed.clear();
        this.options.replaced();
        return true;
      case 'delta':
        this.apply(message);
        return true;
      case 'files':
      case 'filesChanged':
        return this.views.hearFiles(message);
      case 'left':
        this.left = [...this.left, message.left].slice(-MAX_TOLD);
        return true;
      case 'reply':
        if (message.error === null) this.answered(message.id)?.resolve(message.added);
        else this.answered(message.id)?.reject(new Refusal(message.error));
        return true;
      case 'folder':
        this.answered(message.id)?.resolve(message.page);
        return true;
      case 'told':
        this.answered(message.id)?.resolve(message.told);
        return true;
      case 'news':
        this.news = [...this.news, ...message.news].slice(-MAX_TOLD);
        return true;
      case 'handoff':
        this.options.hand(message);
        return true;
      default:
        return message satisfies never;
    }
  }

  private apply({ torrents, removed, settings, connection, detail }: Extract<FromFar, { type: 'delta' }>): void {
    for (const row of this.list === null ? [] : torrents) {
      if (this.list !== null && this.list.size >= MAX_ROWS && !this.list.has(row.id)) continue;
      this.list?.set(row.id, row);
      this.changed.add(row.id);
      this.removed.delete(row.id);
    }
    for (const id of removed) {
      if (this.list?.delete(id) !== true) continue;
      this.changed.delete(id);
      this.removed.add(id);
    }
    if (settings !== null) this.known = settings;
    if (connection !== null) this.portMappings = connection.ports;
    if (detail !== null) this.views.hearDetail(detail);
  }

  private answered(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  /** Somebody looks: as long as nobody does, nothing need be sent. */
  private look(): void {
    this.views.leave(performance.now() - UNASKED);
    if (this.main === null) return;
    if (!this.isShown) say(this.main, { type: 'watch', visible: true, detail: null, part: null });
    this.isShown = true;
    this.hideLater();
  }

  private hideLater(): void {
    this.callOff();
    this.callOff = this.options.after(UNASKED, () => {
      this.isShown = false;
      this.views.leave();
      if (this.main !== null) say(this.main, { type: 'watch', visible: false, detail: null, part: null });
    });
  }
}

function say(channel: FarChannel, message: ToWorker): void {
  channel.send(message);
}
